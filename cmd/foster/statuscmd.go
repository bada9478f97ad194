package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"foster/cmd/foster/status"
	"foster/report"
	"foster/spec"
)

const statusLong = `Show a project: its children with their phase, health, attachments, restarts and
last recovery, what is wrong and why, and the latest faults.

It asks the foster that runs in this container, or outside of containers on this
host. Where there is none it asks the engine: fosters in containers are asked
inside theirs, and of projects whose foster gives no answer the labels of the
children tell what they can: neither restarts nor recoveries.`

const statusExample = `  docker exec CONTAINER /foster status

  # on a host: one project, all of them, all of them as they change
  foster status --project ci_runner
  foster status --all
  foster status --all --watch

  # for a script
  foster status --format json | jq -r '.children[] | select(.whole | not) | .name'`

const statusCodes = `
  0    shown, whatever it is that is shown; a watch was stopped
  1    there is nothing to show: no such project, no foster
  69   the engine does not answer
  78   wrong flags, or one project has to be named
`

// errNothing: there is nothing to show.
var errNothing = errors.New("nothing here carries foster's labels, and no foster runs here")

// statusFlags are status's own.
type statusFlags struct {
	project, format      string
	all, watch, noEngine bool

	asker status.Asker // of fosters in containers
}

func statusCommand(out outside) *cobra.Command {
	var f statusFlags
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show the children, what is wrong with them and how they were recovered",
		Long:    statusLong,
		Example: statusExample,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), out) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.project, "project", "", "`PROJECT` to show (default: the only one)")
	flags.BoolVar(&f.all, "all", false, "every project on this engine, a line for each child")
	flags.BoolVar(&f.watch, "watch", false, "go on until Ctrl-C: drawn anew on a terminal, appended elsewhere")
	flags.StringVar(&f.format, "format", "table", "table or json; json with --watch is one document a line")
	flags.BoolVar(&f.noEngine, "no-engine", false, "ask a foster that runs here, never the engine")
	// The flags were defined above.
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("project", completeProjects(out))
	endsWith(cmd, statusCodes)
	return cmd
}

func (f *statusFlags) check() error {
	var problems spec.Problems
	if f.format != "table" && f.format != "json" {
		problems = append(problems, spec.Problem{Variable: "--format", Value: f.format, What: "is not one of the choices", Mend: "use one of table, json"})
	}
	if f.all && f.project != "" {
		problems = append(problems, spec.Problem{Variable: "--all", Value: "true", What: "does not go with --project", Mend: "leave one of them out"})
	}
	if f.all && f.noEngine {
		problems = append(problems, spec.Problem{Variable: "--all", Value: "true", What: "does not go with --no-engine", Mend: "leave one of them out"})
	}
	if len(problems) > 0 {
		return problems.Sorted()
	}
	return nil
}

func (f *statusFlags) run(ctx context.Context, out outside) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.watch {
		return f.follow(ctx, out)
	}
	found, err := f.look(ctx, out)
	if err != nil {
		return err
	}
	return f.write(out.stdout, found, status.Style{Columns: columns(out.stdout)(), Colour: coloured(out)})
}

// look takes one look: one Status, or with --all those of all projects.
func (f *statusFlags) look(ctx context.Context, out outside) ([]report.Status, error) {
	asked, err := f.askHere(ctx, out)
	if err != nil || !f.all && len(asked) == 1 {
		return asked, err
	}
	engine, err := newEngine(out)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	if err := reach(ctx, engine, 0, zerolog.Nop()); err != nil {
		return nil, err
	}
	found, err := status.Survey(ctx, engine)
	if err != nil {
		return nil, &exitError{Code: exitUnavailable, Err: err}
	}
	if f.all {
		return f.everything(ctx, engine, found, asked), nil
	}
	return f.one(ctx, engine, found)
}

// askHere asks the fosters that run here, without the engine: the one that is
// meant, or all of this engine. One that gives no answer is told only when
// nothing else can be shown.
func (f *statusFlags) askHere(ctx context.Context, out outside) ([]report.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	if f.all {
		answers, _ := out.find(ctx, "", "/status")
		var found []report.Status
		for _, a := range out.ofEngine(answers) {
			if s, err := status.Decode(a.body); err == nil {
				found = append(found, s)
			}
		}
		return found, nil
	}
	_, s, err := f.meant(ctx, out)
	var wrong spec.Problems
	switch {
	case err == nil:
		return []report.Status{s}, nil
	case f.noEngine, errors.As(err, &wrong):
		return nil, err
	}
	return nil, nil
}

// meant is the foster that runs here and is meant, and what it says.
func (f *statusFlags) meant(ctx context.Context, out outside) (*asker, report.Status, error) {
	a, err := out.findOne(ctx, f.project, "/status")
	if err != nil {
		return nil, report.Status{}, err
	}
	s, err := status.Decode(a.body)
	if err == nil && f.project != "" && s.Project != f.project {
		err = errNoFoster // the one of this container has another
	}
	return a.asker, s, err
}

// write shows what was found.
func (f *statusFlags) write(w io.Writer, found []report.Status, style status.Style) error {
	switch {
	case f.format == "json":
		e := json.NewEncoder(w)
		if !f.watch {
			e.SetIndent("", "  ")
		}
		var document any = found
		if !f.all {
			document = found[0]
		}
		if err := e.Encode(document); err != nil {
			return err
		}
	case f.all && len(found) > 0:
		status.List(w, found, style)
	case len(found) > 0:
		status.Table(w, found[0], style)
	case f.watch:
		fmt.Fprintln(w, errNothing)
	}
	if len(found) == 0 && !f.watch {
		return errNothing
	}
	return nil
}

func coloured(out outside) bool {
	return isTerminal(out.stdout) && !set(out.environ, "NO_COLOR") && value(out.environ, "TERM") != "dumb"
}

// completeProjects offers the projects on the engine, and those of fosters here.
func completeProjects(out outside) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
		defer cancel()
		names, _ := completeHostProjects(out)(cmd, nil, "")
		if engine, err := newEngine(out); err == nil {
			defer engine.Close()
			engine.NegotiateAPIVersion(ctx)
			if found, err := status.Survey(ctx, engine); err == nil {
				names = append(names, found.Projects()...)
			}
		}
		slices.Sort(names)
		return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"foster/cmd/foster/reap"
	"foster/spec"
)

const reapLong = `Remove what fosters that are gone have left on this engine, and only that.

An orphan is a child whose parent container does not run any more, and whose
project no foster that runs on this engine has; its anonymous volumes, and the
networks of its project that nothing else needs, go with it. Named volumes,
external networks and everything without foster's labels are never touched.

It waits until something has been an orphan for --grace: the next task of a
service takes a running child over. --dry-run only says what would go, and why
the rest is kept. --watch goes on until SIGTERM: the way to run it as a global
service, see docs/reap.md.`

const reapCodes = `
  0    done; a watch was stopped
  1    something could not be removed
  69   the engine could not be reached, or did not finish an answer
  78   wrong flags
  128+ the number of the signal that stopped a single run
`

const reapExample = `  # what would go, and why
  foster reap --dry-run

  # what one project has left, now
  foster reap --project ci_runner --grace 0s

  # for a script
  foster reap --dry-run --format json | jq -r '.[] | select(.verdict == "orphan") | .name'

  # in a container
  docker run --rm -v /var/run/docker.sock:/var/run/docker.sock foster reap

  # on and on, as a service on every node
  foster reap --watch --grace 2m`

// reapSettings are those of FOSTER_* that mean something to reap.
var reapSettings = []string{"FOSTER_ENGINE_TIMEOUT", "FOSTER_LOG_FORMAT", "FOSTER_LOG_LEVEL"}

// reapFlags are reap's own.
type reapFlags struct {
	dryRun, watch bool
	grace, format string
	projects      []string
}

func reapCommand(out outside) *cobra.Command {
	var f reapFlags
	cmd := &cobra.Command{
		Use:     "reap",
		Short:   "Remove what fosters that are gone have left",
		Long:    reapLong,
		Example: reapExample,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd, out) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would go and why, and change nothing")
	flags.BoolVar(&f.watch, "watch", false, "go on until SIGTERM")
	flags.StringVar(&f.grace, "grace", reap.DefaultGrace.String(), "`DURATION` for which something must have been an orphan before it goes")
	flags.StringArrayVar(&f.projects, "project", nil, "look at this `PROJECT` only; can be given many times")
	flags.StringVar(&f.format, "format", "table", "table or json")
	// The flag was defined a line above.
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	for _, name := range []string{"grace", "project"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	addSomeSettings(cmd, reapSettings)
	flags.Lookup("engine-timeout").Usage = "How long a watch tries to reach the engine at start; a single run tries once unless this is set. [FOSTER_ENGINE_TIMEOUT]"
	endsWith(cmd, reapCodes)
	return cmd
}

// check is what is wrong with the flags, all of it.
func (f *reapFlags) check(cmd *cobra.Command) (grace time.Duration, problems spec.Problems) {
	add := func(flag, value, what, mend string) {
		problems = append(problems, spec.Problem{Variable: flag, Value: value, What: what, Mend: mend})
	}
	grace, err := spec.ParseDuration(f.grace)
	if err != nil {
		add("--grace", f.grace, "is "+err.Error(), "write it like 0s, 30s or 5m")
	}
	if f.format != "table" && f.format != "json" {
		add("--format", f.format, "is not one of the choices", "use one of table, json")
	}
	if slices.Contains(f.projects, "") {
		add("--project", "", "names no project", "leave it out for all projects")
	}
	if f.watch && f.dryRun {
		add("--watch", "true", "does not go with --dry-run", "leave one of them out")
	}
	if f.watch && cmd.Flags().Changed("format") {
		add("--format", f.format, "is for a single run", "with --watch choose a --log-format")
	}
	return grace, problems
}

func (f *reapFlags) run(cmd *cobra.Command, out outside) error {
	grace, problems := f.check(cmd)
	env, more := spec.ReadEnv(withFlags(onlyNamed(out.environ, reapSettings), cmd.Flags()), allVariables())
	settings, wrong := readSettings(env)
	problems = append(append(problems, more...), wrong...)
	engine, err := newEngine(out)
	if err != nil {
		problems = appendProblems(problems, err)
	} else {
		defer engine.Close()
	}
	if len(problems) > 0 {
		return problems.Sorted()
	}
	ctx, cancel := context.WithCancelCause(cmd.Context())
	defer cancel(nil)
	signals, watched := out.signals(), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case s := <-signals:
			if f.watch {
				cancel(errSignalled) // its end in order
			} else {
				cancel(&exitError{Code: exitSignal + signalCode(s)})
			}
		case <-ctx.Done():
		}
	}()
	defer func() { cancel(nil); <-watched }()

	log, _ := newLogger(out.stderr, nil, settings.LogFormat, settings.LogLevel)
	timeout := settings.EngineTimeout
	if !f.watch && env.Get("FOSTER_ENGINE_TIMEOUT") == "" {
		timeout = 0 // one try: somebody waits for the answer
	}
	if f.watch {
		var end func()
		log, end = newLogger(out.stdout, out.journal, settings.LogFormat, settings.LogLevel)
		defer end()
		log.Info().Str("version", version()).Dur("grace", grace).Strs("projects", f.projects).Msg("foster reap watches")
		defer controlIdle(out, "reaping", log).close()
	}
	if err := reach(ctx, engine, timeout, log); err != nil {
		return f.ended(ctx, err)
	}
	var self spec.Identity
	err = patiently(ctx, timeout, log, func(ctx context.Context) (err error) {
		self, _, err = identify(ctx, engine, out.procMountinfo)
		return err
	})
	if err != nil {
		return f.ended(ctx, err)
	}
	file, isFile := out.stderr.(*os.File)
	r := reap.New(reap.Config{
		Engine: engine, Projects: f.projects, Grace: grace, DryRun: f.dryRun, Self: self.ContainerID,
		OtherCommands: launchNothing(cmd.Root()), HostFosters: hostFosters(out, engine), Log: log,
		Progress: out.stderr, Terminal: isFile && isatty.IsTerminal(file.Fd()),
	})
	if f.watch {
		if self.ContainerID != "" {
			kept := make(chan struct{})
			go func() {
				defer close(kept)
				cancel(keepSocket(ctx, socketPath(engine), out.procMountinfo))
			}()
			defer func() { cancel(nil); <-kept }()
		}
		err := r.Watch(ctx)
		log.Info().Msg("foster reap ends")
		return f.ended(ctx, errors.Join(err, context.Cause(ctx)))
	}
	found, err := r.Once(ctx)
	if len(found) > 0 || err == nil {
		reap.Sort(found)
		write := reap.WriteTable
		if f.format == "json" {
			write = reap.WriteJSON
		}
		err = errors.Join(err, write(out.stdout, found))
	}
	return f.ended(ctx, err)
}

// ended is the end of a run as an exit code.
func (f *reapFlags) ended(ctx context.Context, err error) error {
	var silence *reap.LookError
	switch {
	case err == nil, errors.Is(context.Cause(ctx), errSignalled):
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &silence):
		return &exitError{Code: exitUnavailable, Err: err}
	}
	return err
}

// launchNothing are the commands that a container with foster in it may run
// without being a parent.
func launchNothing(root *cobra.Command) []string {
	names := []string{"help", "completion"}
	for _, c := range root.Commands() {
		if c.Name() != "run" {
			names = append(names, c.Name())
		}
	}
	return names
}

// onlyNamed leaves these variables, given as themselves or as files.
func onlyNamed(environ, names []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return !slices.Contains(names, strings.TrimSuffix(name, "_FILE"))
	})
}

// addSomeSettings gives a command the flags of some FOSTER_* variables.
func addSomeSettings(cmd *cobra.Command, names []string) {
	for _, v := range variables {
		if !slices.Contains(names, v.Name) {
			continue
		}
		flag := flagName(v.Name)
		cmd.Flags().String(flag, "", strings.ReplaceAll(fmt.Sprintf("%s [%s]", v.Doc, v.Name), "`", "'"))
		cmd.Flags().Lookup(flag).DefValue = v.Default // shown, not set
		if c := choices[v.Name]; c != nil {
			// The flag was defined a line above.
			_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(c, cobra.ShellCompDirectiveNoFileComp))
		}
	}
}

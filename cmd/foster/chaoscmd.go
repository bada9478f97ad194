package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"foster/cmd/foster/chaos"
	"foster/spec"
)

const chaosLong = `Break children of a running foster on purpose, on a schedule, and measure by the
engine's own clock how long each takes to be whole again: running, with every
attachment that it had, healthy where it has a healthcheck.

Only children of a foster that is alive are broken: one whose container runs, or
one outside of containers that holds its project's lock. Anything else is
refused. No child is broken before all are whole again. Several faults may be
given: each round draws a child and one of them. Without any it is --kill.

Ctrl-C ends after the present round, a second one at once; nothing stays paused
or cut.`

const chaosCodes = `
  0    everything recovered
  1    something did not, or a fault could not be made
  69   the engine does not answer
  78   wrong flags, a refused child, or a no to the question
  128+ the number of the second signal
`

const chaosExample = `  # the only project on this engine, 20 kills
  foster chaos

  # what a client of the child sees, at a pace that foster answers at once
  foster chaos --project ci --kill --cut front --every 12s --probe http://127.0.0.1:8080/

  # from inside foster's own task, where the child's name resolves
  docker exec -it TASK /foster chaos --rm --stop --probe tcp://web:8080

  # the same sequence again, for a script
  foster chaos --child ci/runner --kill --pause --jitter 30% --seed 42 --json | jq 'select(.type == "summary").recovery_ms'`

// chaosFlags are the flags as they were given.
type chaosFlags struct {
	options              chaos.Options
	kill, stop, rm, held bool
	jitter               string
	probe                string
	probeTimeout         time.Duration
	probeFresh           bool
	json, yes            bool
}

func chaosCommand(out outside) *cobra.Command {
	var f chaosFlags
	cmd := &cobra.Command{
		Use:     "chaos",
		Short:   "Break children on purpose and measure each recovery",
		Long:    chaosLong,
		Example: chaosExample,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd, out) },
	}
	o, flags := &f.options, cmd.Flags()
	flags.SortFlags = false
	flags.StringSliceVar(&o.Projects, "project", nil, "`NAME` of a project whose children to break; repeatable (default: the only one on the engine)")
	flags.StringSliceVar(&o.Children, "child", nil, "`NAME` of a child, or PROJECT/NAME, or its container; repeatable (default: all of the project)")
	flags.BoolVar(&f.kill, "kill", false, "send SIGKILL (the default fault)")
	flags.BoolVar(&f.stop, "stop", false, "docker stop")
	flags.BoolVar(&f.rm, "rm", false, "docker rm -f")
	flags.StringSliceVar(&o.Cuts, "cut", nil, "disconnect from `NET`, named as in the engine or as in the project; repeatable")
	flags.BoolVar(&f.held, "pause", false, "docker pause, and unpause after --pause-for; foster leaves it alone")
	flags.DurationVar(&o.PauseFor, "pause-for", chaos.DefaultPauseFor, "how long --pause holds")
	flags.DurationVar(&o.Every, "every", chaos.DefaultEvery, "time from a recovery to the next fault")
	flags.StringVar(&f.jitter, "jitter", chaos.DefaultJitter, "how much chance adds to or takes from --every: a share (0.3, 30%) or a duration")
	flags.BoolVar(&o.Stable, "stable", false, "end only runs that lasted FOSTER_STABLE_AFTER, so that no recovery contains foster's pause")
	flags.IntVar(&o.Rounds, "rounds", chaos.DefaultRounds, "how many faults; 0 goes on until Ctrl-C")
	flags.DurationVar(&o.Timeout, "timeout", chaos.DefaultTimeout, "a child that is not whole after this counts as never")
	flags.Uint64Var(&o.Seed, "seed", 0, "same seed, same children and flags: same sequence (default: by chance; it is printed)")
	flags.StringVar(&f.probe, "probe", "", "`URL` that a client asks every millisecond, for the downtime it sees: http://… or tcp://host:port")
	flags.DurationVar(&f.probeTimeout, "probe-timeout", chaos.DefaultProbeTimeout, "how long one question of --probe waits")
	flags.BoolVar(&f.probeFresh, "probe-fresh", false, "a new connection for each question, instead of kept ones")
	flags.BoolVar(&f.json, "json", false, "one JSON object a line: each round, then the summary")
	flags.BoolVar(&o.OnHost, "on-host", false, "also break children whose foster is not seen from here, such as one outside of containers on another machine")
	flags.BoolVarP(&f.yes, "yes", "y", false, "do not ask before breaking children of several projects; needed for that without a terminal")
	completeChaos(out, cmd)
	endsWith(cmd, chaosCodes)
	return cmd
}

// resolve makes options of flags; every problem is told at once.
func (f *chaosFlags) resolve(cmd *cobra.Command) (*chaos.Probe, error) {
	o := &f.options
	for kind, on := range map[chaos.Kind]bool{chaos.Kill: f.kill, chaos.Stop: f.stop, chaos.Remove: f.rm, chaos.Pause: f.held} {
		if on {
			o.Kinds = append(o.Kinds, kind)
		}
	}
	chaos.SortKinds(o.Kinds)
	if !cmd.Flags().Changed("seed") {
		o.Seed = uint64(rand.Uint32()) // short enough to be typed again
	}
	var problems spec.Problems
	var err error
	if o.Jitter, err = chaos.ParseJitter(f.jitter, o.Every); err != nil {
		problems = append(problems, spec.Problem{Variable: "--jitter", What: err.Error(), Mend: "write 0.3, 30% or 500ms"})
	}
	var probe *chaos.Probe
	if f.probe != "" {
		if probe, err = chaos.NewProbe(f.probe, f.probeTimeout, f.probeFresh); err != nil {
			problems = append(problems, spec.Problem{Variable: "--probe", What: err.Error(), Mend: "write http://host:port/path or tcp://host:port"})
		}
	}
	if problems = append(problems, o.Check()...); len(problems) > 0 {
		return nil, problems
	}
	return probe, nil
}

func (f *chaosFlags) run(cmd *cobra.Command, out outside) error {
	probe, err := f.resolve(cmd)
	if err != nil {
		return err
	}
	engine, err := newEngine(out)
	if err != nil {
		return err
	}
	defer engine.Close()
	ctx := cmd.Context()
	if err := reach(ctx, engine, 0, zerolog.Nop()); err != nil {
		return err
	}
	f.options.Hosted = hostedHere(out, engine)
	found, err := chaos.Survey(ctx, engine, f.options)
	if err != nil {
		return unreachable(err)
	}
	if err := f.confirm(out, found.Projects()); err != nil {
		return err
	}
	report := &chaos.Report{Out: out.stdout, Err: out.stderr, Style: chaos.Style{
		JSON: f.json, UTF8: speaksUTF8(out.environ), Bar: isTerminal(out.stderr), Columns: columns(out.stderr),
		Colour: coloured(out),
	}}
	report.Head(f.options, found, probe)
	defer controlIdle(out, "breaking children on purpose", zerolog.Nop()).close()
	// Only now: until here Ctrl-C just ends the program.
	ctx, stop, release := stopping(ctx, out.signals())
	defer release()
	summary, err := chaos.Run(ctx, chaos.Config{
		Engine: engine, Options: f.options, Targets: found.Targets, Probe: probe, Tell: report, Stop: stop,
	})
	report.Summary(summary)
	if code := (*exitError)(nil); errors.As(context.Cause(ctx), &code) {
		return code
	}
	if err != nil {
		return unreachable(err)
	}
	return summary.Err()
}

// unreachable gives an engine that was lost its exit code.
func unreachable(err error) error {
	if lost := (*chaos.LostError)(nil); errors.As(err, &lost) {
		return &exitError{Code: exitUnavailable, Err: err}
	}
	return err
}

// stopping makes of the first signal the end of stop, and of the second that of
// the context, with the signal's exit code as its cause.
func stopping(ctx context.Context, signals <-chan os.Signal) (context.Context, <-chan struct{}, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := make(chan struct{})
	var listener sync.WaitGroup
	listener.Go(func() {
		for heard := false; ; heard = true {
			select {
			case s := <-signals:
				if !heard {
					close(stop)
					continue
				}
				code := exitSignal
				if n, ok := s.(syscall.Signal); ok {
					code += int(n)
				}
				cancel(&exitError{Code: code})
				return
			case <-ctx.Done():
				return
			}
		}
	})
	return ctx, stop, func() {
		cancel(nil)
		listener.Wait()
	}
}

// confirm asks before several projects are hit.
func (f *chaosFlags) confirm(out outside, projects []string) error {
	if f.yes || len(projects) < 2 {
		return nil
	}
	list := strings.Join(projects, ", ")
	if !isTerminal(out.stderr) || !isatty.IsTerminal(os.Stdin.Fd()) {
		return spec.Problems{{Variable: "--project", What: "children of several projects would be broken: " + list, Mend: "say --yes if that is meant"}}
	}
	fmt.Fprintf(out.stderr, "Break children of %d projects (%s)? [y/N] ", len(projects), list)
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n') // the end of input is a no
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return &exitError{Code: exitConfig, Err: errors.New("nothing was broken")}
	}
	return nil
}

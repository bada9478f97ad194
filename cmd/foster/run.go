package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/oklog/run"
	"github.com/spf13/cobra"

	"foster/actions"
	"foster/output"
	"foster/report"
	"foster/report/metrics"
	"foster/report/web"
	"foster/report/web/page"
	"foster/report/webhook"
	"foster/spec"
	"foster/state"
	"foster/watcher"
)

const runLong = `Launch the child and watch over it until the first SIGTERM or SIGINT; then stop
and remove it with everything that was created for it. A second signal skips the
child's grace.`

func runCommand(out outside) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "run",
		Short:   "Launch the child and watch over it (the default)",
		Long:    runLong,
		Example: "  LAUNCH_IMAGE=busybox LAUNCH_COMMAND='sleep 1000' foster run --restart on-failure",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			signals := out.signals()
			// A reader of the output that goes away is no reason to leave the children.
			signal.Ignore(syscall.SIGPIPE)
			sink := output.NewSink(out.stdout, out.stderr)
			defer sink.Close(lastLines)
			logs := out.logs
			if logs == nil {
				logs = sink.Log()
			}
			c, err := configure(out, cmd, logs)
			if err != nil {
				return err
			}
			defer c.endLog()
			return c.run(cmd.Context(), signals, sink)
		},
	}
	addSettings(cmd)
	endsWith(cmd, runCodes)
	return cmd
}

// run watches over the project until its end.
//
//	signals ──> events ──> loop: state.Step ──> effects ──> runner ──> engine
//	               ^  ^                   └───> looks ────> watcher ──> engine
//	               │  └──── Done, Fired ──────────────────┘ (runner)
//	               └─────── events, Observed ─────────────── (watcher)
//
// Each of the four is one actor of a run group. The signal actor does not
// return on the first signal: it tells the loop, and the loop's return, after
// everything is taken down, ends the group.
func (c *configured) run(ctx context.Context, signals <-chan os.Signal, sink *output.Sink) error {
	log := c.log
	sink.OnLoss(func(lines int) { log.Warn().Int("lines", lines).Msg(lossWords) })
	engine, calls, err := c.connect()
	if err != nil {
		return err
	}
	defer engine.Close()

	log.Info().Str("version", version()).Msg("foster starts")
	began := time.Now()
	control := c.openControl(engine, began)
	defer control.close()
	live, err := c.prepare(ctx, engine, signals)
	if live != nil {
		defer live.held.end()
	}
	if live != nil && live.lock != nil {
		defer func() {
			control.close() // before the next foster has the lock, and its socket there
			c.release(live.lock)
		}()
	}
	if err != nil {
		if errors.Is(err, errSignalled) {
			log.Info().Msg("stopped before anything was launched")
			if control.refused.condemn(time.Now()) {
				log.Warn().Msg(refusedWords)
				return &exitError{Code: exitFailure, Err: errRefused}
			}
			return nil
		}
		return err
	}

	// Actors end with this context, which the caller's end does not end: a
	// program that embeds foster cancels to stop it, and the cleanup still runs.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	events := make(chan state.Event)
	effects := make(chan state.Effect)
	looks := make(chan state.Observe)
	leave := make(chan *exitError, 1)
	severed := make(chan error, 1)

	reported := live.reported(engine, began)
	board := report.NewBoard(reported, state.New(live.core))
	observers := []report.Observer{board}
	c.showBoard(control, engine, live, board)

	end := &condemned{engine: engine, self: live.self.ContainerID, refused: &control.refused, asked: make(chan struct{})}
	var g run.Group
	if c.outside.rest != nil { // quiet: memory
		q := newQuiet(c.outside.rest)
		observers = append(observers, q)
		g.Add(func() error {
			return q.run(work)
		}, func(error) { stop() })
	}
	if c.settings.WebhookURL != "" { // webhook: notifications
		s := webhook.New(webhook.Config{
			URL: c.settings.WebhookURL, Body: c.settings.WebhookBody, Board: board,
			Foster: reported.Foster, Project: reported.Project, Log: log,
		})
		g.Add(func() error {
			return s.Run(work)
		}, func(error) { stop() })
	}
	var drain func(ctx context.Context, containerID string)
	if c.settings.Forward { // output: what the children write
		relay := output.New(c.outputConfig(engine, live, sink))
		observers, drain = append(observers, relay), relay.Drain
		g.Add(func() error {
			return relay.Run(work)
		}, func(error) { stop() })
	}
	{ // signals: the first asks for the end, the second hurries it, the third leaves
		g.Add(func() error {
			return c.signals(ctx, work, signals, events, leave, end.asked)
		}, func(error) { stop() })
	}
	if control.own != "" { // condemned: why the first signal came
		g.Add(func() error {
			return end.run(work, log)
		}, func(error) { stop() })
	}
	w := watcher.New(watcher.Config{
		Engine: engine, Project: live.project.Name, Networks: live.networks(), Names: live.names(),
		Owners: live.owners(), Parent: c.settings.Parent, Self: live.self.ContainerID, Resync: c.settings.Resync,
		Claims: claims(live.project.Name, live.self, live.environ), Began: began,
		Genuine: spec.Genuine, Log: log, Whole: wholeness(live.project), Hooks: live.hooks(),
	})
	{ // watcher: the engine's events, and looks
		g.Add(func() error {
			return w.Run(work, looks, events)
		}, func(error) { stop() })
	}
	{ // runner: everything that changes the engine, and timers
		r := actions.New(actions.Config{
			Engine: engine, Project: live.project, Parent: live.parent.ID, Labels: live.labels(work), Self: live.self.ContainerID,
			Auth: actions.Credentials(c.lookup), Await: w.Await, Begins: w.Begins, Retries: board.Retries, Drain: drain, Log: log, Backoff: actions.Backoff{
				Initial: actions.DefaultBackoffInitial, Max: c.settings.BackoffMax, Jitter: actions.DefaultBackoffJitter,
			},
		})
		g.Add(func() error {
			return r.Run(work, effects, events)
		}, func(error) { stop() })
	}
	if live.self.ContainerID != "" { // socket: it may become another one, which only a new container gets
		g.Add(func() error {
			err := keepSocket(work, socketPath(engine), c.outside.procMountinfo)
			if work.Err() == nil {
				severed <- err
				<-work.Done()
			}
			return err
		}, func(error) { stop() })
	}
	if c.settings.Listen != (endpoint{}) { // http: whoever asks
		numbers := metrics.New(metrics.Config{Board: board, Calls: calls, Version: version(), Commit: commit()})
		observers = append(observers, numbers)
		server := web.New(board, web.Options{Metrics: numbers.Handler(), Page: page.Handler(), Log: log})
		g.Add(func() error {
			return serve(work, c.settings.Listen, server, log)
		}, func(error) { stop() })
	}
	{ // loop: the State
		l := &loop{
			cfg: live.core, observers: observers, events: events, actions: effects, observe: looks, leave: leave, severed: severed, log: log,
			farewell: live.farewell, project: live.project.Name, containers: live.containers(), ping: engine.Ping,
		}
		g.Add(func() error {
			return l.run(work)
		}, func(error) { stop() })
	}
	return end.end(g.Run())
}

// errSignalled: a signal came before there was anything to take down.
var errSignalled = errors.New("signalled")

// signals turns signals, and the end of the caller's context, into events. It
// returns when work ends. The third signal, and the time after the second, ask
// the loop to leave everything as it is.
func (c *configured) signals(ctx, work context.Context, signals <-chan os.Signal, events chan<- state.Event, leave chan<- *exitError, asked chan<- struct{}) error {
	done := ctx.Done()
	var hurry <-chan time.Time
	for count := 0; ; {
		var ev state.Event
		select {
		case <-work.Done():
			return work.Err()
		case <-hurry:
			leave <- &exitError{Code: exitUnavailable, Err: errHurried}
			<-work.Done()
			return work.Err()
		case <-done:
			done = nil
			count++
			ev = state.StopRequested{Reason: "the caller ended"}
		case s := <-signals:
			count++
			code := exitSignal + signalCode(s)
			switch {
			case count == 1:
				close(asked)
				c.log.Info().Str("signal", s.String()).Msg("stopping: taking everything down (a second signal skips the grace)")
				ev = state.StopRequested{Reason: "signal: " + s.String()}
			case count == 2:
				c.log.Warn().Str("signal", s.String()).Msg("second signal: killing and removing at once")
				timer := time.NewTimer(killTimeout)
				defer timer.Stop()
				hurry = timer.C
				ev = state.KillRequested{Reason: "second signal: " + s.String(), Code: code}
			default:
				leave <- &exitError{Code: code, Err: errThirdSignal}
				<-work.Done()
				return work.Err()
			}
		}
		select {
		case events <- ev:
		case <-work.Done():
			return work.Err()
		}
	}
}

func signalCode(s os.Signal) int {
	if n, ok := s.(syscall.Signal); ok {
		return int(n)
	}
	return int(syscall.SIGTERM)
}

// lookup is how credentials are read: anew each time, so that a secret may be
// replaced while foster runs.
func (c *configured) lookup(name string) (string, bool) {
	if v, ok := c.env.Lookup(name); ok {
		return v, true
	}
	return environLookup(c.environ, name)
}

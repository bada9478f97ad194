package watcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"foster/state"

	"github.com/cenkalti/backoff/v4"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
)

const (
	reconnectMin = 100 * time.Millisecond
	// reconnectMax is also how late an engine that is back is met. Asking one
	// that is not there costs next to nothing.
	reconnectMax = time.Second
	// healthyAfter is how long a stream must have lasted for its end to begin
	// a new series of attempts.
	healthyAfter = 10 * time.Second
	// noticeable is the gap from which on the return of the stream is told.
	noticeable = 500 * time.Millisecond
	// setBack is how much older than the last event one must be for the engine's
	// clock to have been set back: then a subscription that begins at the former
	// stamps would begin in the future, and replay nothing.
	setBack = time.Minute
	// refusalTime is how long a refused subscription may take to say so after
	// Events has returned: the client opens the gate just before it reports.
	refusalTime = 5 * time.Millisecond
)

// errNotSaid ends a stream whose error channel was closed without an error.
var errNotSaid = errors.New("the event stream ended without a reason")

// subscribe keeps one subscription open until ctx ends. It announces each
// opening with StreamBack and each end, once, with StreamLost; a first attempt
// that fails counts as an end.
func (w *Watcher) subscribe(ctx context.Context) {
	defer w.sick.asking.Wait()
	reader := w.newReader()
	wait := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(reconnectMin),
		backoff.WithMaxInterval(reconnectMax),
		backoff.WithMaxElapsedTime(0),
	)
	for ctx.Err() == nil {
		begin := time.Now()
		opened, err := w.stream(ctx, reader)
		if ctx.Err() != nil {
			return
		}
		if opened && time.Since(begin) >= healthyAfter {
			wait.Reset()
		}
		pause := wait.NextBackOff()
		w.cfg.Log.Debug().Err(err).Dur(state.KeyWait, pause.Round(time.Millisecond)).Msg("event stream lost")
		switch reader.missed++; reader.missed {
		case 1:
			reader.lost = time.Now()
			w.queue.put(state.StreamLost{Detail: lostDetail(err)})
		case 2: // a stream that is back at once is nothing to tell of
			w.cfg.Log.Warn().Err(err).Msg("the engine gives no event stream, trying again: containers that run are not watched until it is back")
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

func lostDetail(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the engine closed the event stream"
	}
	return err.Error()
}

// stream is one subscription from its request to its end. A long silence is no
// end: an idle engine sends nothing, and on a unix socket its death is heard.
func (w *Watcher) stream(ctx context.Context, r *reader) (opened bool, err error) {
	subscribed, cancel := context.WithCancel(ctx)
	defer cancel()
	messages, errs := w.cfg.Engine.Events(subscribed, events.ListOptions{Since: r.since(), Filters: wantedEvents()})

	refusal := time.NewTimer(refusalTime)
	defer refusal.Stop()
	open := func() {
		if !opened {
			opened = true
			if r.missed > 1 || r.missed > 0 && time.Since(r.lost) > noticeable { // one request may have waited for the engine's boot
				w.cfg.Log.Info().Int(state.KeyAttempt, r.missed).Dur(state.KeyDown, time.Since(r.lost).Round(time.Millisecond)).Msg("the engine's event stream is back")
			} else {
				w.cfg.Log.Debug().Msg("event stream open")
			}
			r.missed = 0
			w.queue.put(state.StreamBack{})
		}
	}
	for {
		select {
		case m := <-messages:
			open()
			r.take(ctx, m)
		case err := <-errs:
			if err == nil {
				err = errNotSaid
			}
			return opened, err
		case <-refusal.C:
			open()
		}
	}
}

// wantedEvents asks by type and action only: a filter for containers or labels
// would silently leave out all network events.
func wantedEvents() filters.Args {
	f := filters.NewArgs(
		filters.Arg("type", string(events.ContainerEventType)),
		filters.Arg("type", string(events.NetworkEventType)),
	)
	for _, action := range wantedActions {
		f.Add("event", string(action))
	}
	return f
}

// reader takes messages off the stream. It never waits for anything.
type reader struct {
	w       *Watcher
	decoder decoder
	window  *window
	last    int64 // newest timeNano seen; before that, a moment before the first request

	missed int       // subscriptions in a row that ended, or never began
	lost   time.Time // since when, with missed
}

func (w *Watcher) newReader() *reader {
	return &reader{
		w: w,
		decoder: decoder{
			project: w.cfg.Project, networks: w.cfg.Networks, names: w.cfg.Names,
			parent: w.cfg.Parent, parentID: w.known.parentID, ours: w.known.has,
			owners: w.cfg.Owners, ownerID: w.known.ownerID, launcher: w.known.isLauncher,
			awaited: w.known.isAwaited, genuine: w.cfg.Genuine,
		},
		window: newWindow(),
		last:   time.Now().UnixNano(),
	}
}

// since is where the next subscription begins, as "seconds.nanoseconds". The
// engine sends the event of that very moment again.
func (r *reader) since() string {
	return fmt.Sprintf("%d.%09d", r.last/1e9, r.last%1e9)
}

// take decodes one message and queues what it means. ctx is that of what it
// sets going, which may outlive the stream.
func (r *reader) take(ctx context.Context, m events.Message) {
	// A swarm's events carry a manager's stamps, which may be of any time.
	if back := r.last - m.TimeNano; back < 0 || back > int64(setBack) && m.Scope != "swarm" {
		r.last = m.TimeNano
	}
	ours := r.decoder.isOurs(m)
	meant := r.decoder.decode(m)
	if !ours && len(meant) == 0 || !r.window.fresh(m) {
		return
	}
	if m.Type == events.ContainerEventType && m.Action == events.ActionDestroy {
		r.w.known.noLonger(m.Actor.ID)
	}
	if ours {
		r.w.known.follow(m)
		r.w.follow(m)
	}
	for _, ev := range meant {
		if overtakes(ev) {
			r.w.sick.overtaken(m.Actor.ID)
		}
		switch ev := ev.(type) {
		case state.ResyncDue:
			r.w.queue.resyncDue()
			continue
		case state.ParentStarted:
			r.w.known.setParent(m.Actor.ID)
		case state.ChildHealth:
			if !ev.Healthy {
				r.w.diagnose(ctx, ev)
				continue
			}
		}
		r.w.hint(ev)
	}
}

// hint queues an event of the stream.
func (w *Watcher) hint(ev state.Event) {
	if !w.queue.hint(ev) {
		w.cfg.Log.Debug().Str(state.KeyEvent, fmt.Sprintf("%T", ev)).Msg("queue full, event lost, looking at everything instead")
	}
}

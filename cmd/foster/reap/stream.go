package reap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"

	"foster/spec"
	"foster/state"
)

const (
	reconnectMin = 100 * time.Millisecond
	reconnectMax = 10 * time.Second
	// refusalTime is how long a refused subscription may take to say so.
	refusalTime = 5 * time.Millisecond
	// healthyAfter is how long a stream must have lasted for its end to begin a
	// new series of pauses.
	healthyAfter = 10 * time.Second
)

var errNotSaid = errors.New("the event stream ended without a reason")

// subscribe keeps one subscription open until ctx ends. Each opening asks for
// a look, since events may have been missed.
func (w *watch) subscribe(ctx context.Context) {
	wait := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(reconnectMin), backoff.WithMaxInterval(reconnectMax), backoff.WithMaxElapsedTime(0),
	)
	refused, last := 0, time.Now()
	for ctx.Err() == nil {
		began := time.Now()
		opened, err := w.stream(ctx, &last, func() {
			if refused > 0 {
				w.cfg.Log.Info().Int(state.KeyAttempt, refused).Msg("the engine is back, the grace begins anew")
				w.mu.Lock()
				w.away, w.returned = false, true
				w.mu.Unlock()
			}
			refused = 0
			w.lookAgain()
		})
		if ctx.Err() != nil {
			return
		}
		if !opened {
			// A stream that ends is no news; an engine that refuses the next
			// one is away.
			if refused++; refused == 1 {
				w.cfg.Log.Warn().Err(err).Msg("the engine is away, trying again")
				w.mu.Lock()
				w.away = true
				w.mu.Unlock()
			}
		}
		if time.Since(began) >= healthyAfter {
			wait.Reset()
		}
		timer := time.NewTimer(wait.NextBackOff())
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// stream is one subscription from its request to its end, with what happened
// since the last one.
func (w *watch) stream(ctx context.Context, last *time.Time, onOpen func()) (opened bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages, errs := w.cfg.Engine.Events(ctx, events.ListOptions{
		Since: fmt.Sprintf("%d.%09d", last.Unix(), last.Nanosecond()),
		Filters: filters.NewArgs(
			filters.Arg("type", string(events.ContainerEventType)),
			filters.Arg("event", string(events.ActionCreate)), filters.Arg("event", string(events.ActionDie)), filters.Arg("event", string(events.ActionDestroy)),
		),
	})
	refusal := time.NewTimer(refusalTime)
	defer refusal.Stop()
	open := func() {
		if !opened {
			opened = true
			onOpen()
		}
	}
	for {
		select {
		case m := <-messages:
			open()
			*last = time.Unix(0, m.TimeNano)
			w.event(m)
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

// event asks for a look when a parent has ended, and learns of new ones.
func (w *watch) event(m events.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m.Action == events.ActionCreate {
		if parent := m.Actor.Attributes[spec.LabelParent]; parent != "" && m.Actor.Attributes[spec.LabelProject] != "" {
			w.parents[parent] = true
		}
		return
	}
	_, launcher := m.Actor.Attributes[spec.LabelLauncher]
	if launcher || w.parents[m.Actor.ID] {
		if m.Action == events.ActionDie {
			w.deaths[m.Actor.ID]++
		}
		w.lookAgain()
	}
	if m.Action == events.ActionDestroy {
		delete(w.parents, m.Actor.ID)
	}
}

func (w *watch) lookAgain() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

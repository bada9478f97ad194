package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/client"
)

// timeline keeps the engine's events. Times are differences of the stamps that the engine gives: its clock may not be
// this machine's.
type timeline struct {
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	all     []events.Message
	changed chan struct{} // closed and replaced at every event
}

// record starts to keep events; none after the call is missed.
func record(ctx context.Context, api *client.Client) (*timeline, error) {
	info, err := api.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the engine for its time: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	t := &timeline{stop: stop, done: make(chan struct{}), changed: make(chan struct{})}
	messages, errs := api.Events(ctx, events.ListOptions{Since: info.SystemTime})
	go func() {
		defer close(t.done)
		for {
			select {
			case m := <-messages:
				t.mu.Lock()
				t.all = append(t.all, m)
				close(t.changed)
				t.changed = make(chan struct{})
				t.mu.Unlock()
			case <-errs:
				return
			}
		}
	}()
	return t, nil
}

func (t *timeline) close() {
	t.stop()
	<-t.done
}

// now is the place in the timeline after everything that has come.
func (t *timeline) now() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.all)
}

// match says whether an event is meant.
type match func(events.Message) bool

func about(kind events.Type, action events.Action, name string) match {
	return func(m events.Message) bool {
		return m.Type == kind && m.Action == action && m.Actor.Attributes["name"] == name
	}
}

// joins matches connect or disconnect of a container.
func joins(action events.Action, network, container string) match {
	return func(m events.Message) bool {
		return m.Type == events.NetworkEventType && m.Action == action && m.Actor.Attributes["name"] == network && m.Actor.Attributes["container"] == container
	}
}

// next is the first event from a place on that matches, and the place after it.
func (t *timeline) next(ctx context.Context, from int, what string, ok match) (events.Message, int, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		t.mu.Lock()
		changed := t.changed
		for i := from; i < len(t.all); i++ {
			if ok(t.all[i]) {
				m := t.all[i]
				t.mu.Unlock()
				return m, i + 1, nil
			}
		}
		t.mu.Unlock()
		select {
		case <-changed:
		case <-t.done:
			return events.Message{}, from, errors.New("the engine ended its event stream")
		case <-ctx.Done():
			return events.Message{}, from, fmt.Errorf("the engine never told of %s: %w", what, context.Cause(ctx))
		}
	}
}

// between is the time from one event to another.
func between(a, b events.Message) time.Duration { return time.Duration(b.TimeNano - a.TimeNano) }

package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/events"
)

// Recorder keeps every event of one engine, from the call of RecordEvents on. Time between two faults and their repair
// is the difference of the TimeNano stamps, which the engine gives.
type Recorder struct {
	node *Node
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	all     []events.Message
	lost    int           // how often the stream has ended
	changed chan struct{} // closed and replaced at every event
}

// Match says whether an event is meant.
type Match func(events.Message) bool

// RecordEvents starts to record, until ctx or the lab ends. Nothing that happens after the call is missed, nothing
// before it is recorded; an engine that goes away is asked again until it is back, and then from its start.
func (n *Node) RecordEvents(ctx context.Context) *Recorder {
	since := time.Now()
	ctx, stop := context.WithCancel(ctx)
	r := &Recorder{node: n, stop: stop, done: make(chan struct{}), changed: make(chan struct{})}
	n.lab.mu.Lock()
	n.lab.recorders = append(n.lab.recorders, r)
	n.lab.mu.Unlock()
	go r.run(ctx, since.UnixNano())
	return r
}

// Close ends the recording. What has been recorded stays.
func (r *Recorder) Close() {
	r.stop()
	<-r.done
}

func (r *Recorder) run(ctx context.Context, since int64) {
	defer close(r.done)
	tick := time.NewTicker(awaitFirst)
	defer tick.Stop()
	for ctx.Err() == nil {
		since = r.follow(ctx, since)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// follow records one stream to its end, and returns the time to ask the next one from: a nanosecond after the last
// event, for "since" takes in the moment it names.
func (r *Recorder) follow(ctx context.Context, since int64) int64 {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages, errs := r.node.Client().Events(ctx, events.ListOptions{Since: fmt.Sprintf("%d.%09d", since/1e9, since%1e9)})
	opened := false
	for {
		select {
		case m := <-messages:
			opened = true
			r.record(m)
			since = max(since, m.TimeNano+1)
		case <-errs:
			if opened && ctx.Err() == nil {
				r.mu.Lock()
				r.lost++
				r.mu.Unlock()
			}
			return since
		}
	}
}

func (r *Recorder) record(m events.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, m)
	close(r.changed)
	r.changed = make(chan struct{})
}

// All returns the events that match, in the order in which they came; without a Match, all of them.
func (r *Recorder) All(match ...Match) []events.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []events.Message
	for _, m := range r.all {
		if matches(m, match) {
			found = append(found, m)
		}
	}
	return found
}

// Wait returns the first event that matches, whether it has come already or is still to come. With After, earlier ones
// do not count. When ctx ends first, the error lists the last events that were seen.
func (r *Recorder) Wait(ctx context.Context, match ...Match) (events.Message, error) {
	for {
		r.mu.Lock()
		changed := r.changed
		i := slices.IndexFunc(r.all, func(m events.Message) bool { return matches(m, match) })
		if i >= 0 {
			m := r.all[i]
			r.mu.Unlock()
			return m, nil
		}
		r.mu.Unlock()
		select {
		case <-changed:
		case <-r.done:
			return events.Message{}, errors.New("wait for an event: the recording has ended; last seen:\n" + r.tail())
		case <-ctx.Done():
			return events.Message{}, fmt.Errorf("wait for an event: %w; last seen:\n%s", context.Cause(ctx), r.tail())
		}
	}
}

// tail is the last events in words.
func (r *Recorder) tail() string {
	all := r.All()
	var b strings.Builder
	for _, m := range all[max(0, len(all)-12):] {
		fmt.Fprintf(&b, "  %d %s %s %.12s %s%s\n", m.TimeNano, m.Type, m.Action, m.Actor.ID, m.Actor.Attributes["name"], exitCode(m))
	}
	return b.String()
}

func exitCode(m events.Message) string {
	if code, ok := m.Actor.Attributes["exitCode"]; ok {
		return " exit " + code
	}
	return ""
}

func matches(m events.Message, match []Match) bool {
	for _, ok := range match {
		if !ok(m) {
			return false
		}
	}
	return true
}

// Action matches events by action. Actions that carry a value match by their name alone: "health_status" and
// "exec_start" match "health_status: unhealthy" and "exec_start: ls".
func Action(actions ...string) Match {
	return func(m events.Message) bool {
		name, _, _ := strings.Cut(string(m.Action), ":")
		return slices.Contains(actions, string(m.Action)) || slices.Contains(actions, name)
	}
}

// Type matches events by the kind of their object: "container", "network", "image", …
func Type(kind string) Match {
	return func(m events.Message) bool { return string(m.Type) == kind }
}

// Container matches events of a container, by name, ID or the ID's beginning, and the network events about it when
// given by ID: those carry no name.
func Container(ref string) Match {
	return func(m events.Message) bool {
		switch m.Type {
		case events.ContainerEventType:
			return m.Actor.Attributes["name"] == ref || strings.HasPrefix(m.Actor.ID, ref)
		case events.NetworkEventType:
			id := m.Actor.Attributes["container"]
			return id != "" && strings.HasPrefix(id, ref)
		}
		return false
	}
}

// Network matches events of a network, by name, ID or the ID's beginning.
func Network(ref string) Match {
	return func(m events.Message) bool {
		return m.Type == events.NetworkEventType && (m.Actor.Attributes["name"] == ref || strings.HasPrefix(m.Actor.ID, ref))
	}
}

// Label matches events of objects with a label.
func Label(key, value string) Match {
	return func(m events.Message) bool { return m.Actor.Attributes[key] == value }
}

// After matches events later than the given TimeNano.
func After(timeNano int64) Match {
	return func(m events.Message) bool { return m.TimeNano > timeNano }
}

// Losses says how often the stream of events has ended since the start: once for each end of the engine.
func (r *Recorder) Losses() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost
}

package chaos

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"

	"foster/spec"
)

const (
	reconnectMin = 100 * time.Millisecond
	reconnectMax = 2 * time.Second
)

// recorder keeps the events of children, and of what joins and leaves networks.
// Its goroutine does nothing but take them off the stream.
type recorder struct {
	engine Engine
	ahead  time.Duration // of the engine's clock before this machine's

	mu      sync.Mutex
	kept    []events.Message
	dropped int           // how many were kept before kept[0]
	changed chan struct{} // closed at the next event
	last    int64         // stamp of the latest event, for a stream that has to be opened again
	seen    []moment      // the latest events: a stream that is opened again repeats some
}

// moment tells one event from every other. Stamps alone do not: clocks are set back.
type moment struct {
	stamp             int64
	action            events.Action
	actor, attachment string
}

// remembered is twice what an engine keeps to repeat.
const remembered = 512

// newRecorder begins at the engine's own present: its clock counts.
func newRecorder(ctx context.Context, engine Engine) (*recorder, error) {
	asked := time.Now()
	info, err := ask(ctx, lookTimeout, engine.Info)
	if err != nil {
		return nil, fmt.Errorf("ask the engine for its time: %w", err)
	}
	r := &recorder{engine: engine, changed: make(chan struct{}), last: time.Now().UnixNano()}
	if t, err := time.Parse(time.RFC3339Nano, info.SystemTime); err == nil {
		r.last = t.UnixNano()
		r.ahead = t.Sub(asked.Add(time.Since(asked) / 2))
	}
	return r, nil
}

// now is the engine's time, as far as it can be known from here.
func (r *recorder) now() time.Time { return time.Now().Add(r.ahead) }

// run reads until ctx ends. A stream that ends is opened again where it ended.
func (r *recorder) run(ctx context.Context) {
	wait := reconnectMin
	for ctx.Err() == nil {
		if r.stream(ctx) {
			wait = reconnectMin
		}
		if !pause(ctx, wait) {
			return
		}
		wait = min(2*wait, reconnectMax)
	}
}

// stream is one subscription; it says whether anything came.
func (r *recorder) stream(ctx context.Context) (lived bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages, errs := r.engine.Events(ctx, events.ListOptions{Since: r.since(), Filters: wantedEvents()})
	for {
		select {
		case m := <-messages:
			lived = true
			r.take(m)
		case <-errs:
			return lived
		}
	}
}

// wantedEvents names no container and no label: such filters leave out the events of networks.
func wantedEvents() filters.Args {
	f := filters.NewArgs(filters.Arg("type", string(events.ContainerEventType)), filters.Arg("type", string(events.NetworkEventType)))
	for _, a := range []events.Action{
		events.ActionStart, events.ActionDie, events.ActionDestroy, events.ActionPause, events.ActionUnPause,
		events.ActionHealthStatus, events.ActionConnect, events.ActionDisconnect,
	} {
		f.Add("event", string(a))
	}
	return f
}

func (r *recorder) since() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprintf("%d.%09d", r.last/1e9, r.last%1e9)
}

func (r *recorder) take(m events.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := moment{m.TimeNano, m.Action, m.Actor.ID, m.Actor.Attributes["container"]}
	if slices.Contains(r.seen, at) {
		return
	}
	r.last, r.seen = m.TimeNano, append(r.seen[max(0, len(r.seen)+1-remembered):], at)
	if m.Type == events.ContainerEventType && m.Actor.Attributes[spec.LabelProject] == "" {
		return
	}
	r.kept = append(r.kept, m)
	close(r.changed)
	r.changed = make(chan struct{})
}

// mark is the place of the next event; what is before it is forgotten.
func (r *recorder) mark() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropped += len(r.kept)
	r.kept = nil
	return r.dropped
}

// after are the events from a mark on, and a channel that is closed when there is another.
func (r *recorder) after(mark int) ([]events.Message, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	from := max(0, mark-r.dropped)
	return r.kept[min(from, len(r.kept)):len(r.kept):len(r.kept)], r.changed
}

// pause lets time pass and says false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

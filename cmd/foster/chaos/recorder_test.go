package chaos

import (
	"testing"

	"github.com/docker/docker/api/types/events"

	"foster/spec"
)

// TestRecorderForgets: what an opened-again stream repeats of the time before a
// mark is no event of the round.
func TestRecorderForgets(t *testing.T) {
	event := func(at int64, labels map[string]string) events.Message {
		return events.Message{Type: events.ContainerEventType, Action: events.ActionDie, TimeNano: at, Actor: events.Actor{ID: "c", Attributes: labels}}
	}
	ours := map[string]string{spec.LabelProject: "p"}
	r := &recorder{changed: make(chan struct{}), last: 5_000_000_001}
	if got := r.since(); got != "5.000000001" {
		t.Errorf("since %s", got)
	}
	first := r.mark()
	r.take(event(6e9, ours))
	r.take(event(7e9, nil)) // a stranger's
	if seen, _ := r.after(first); len(seen) != 1 || r.since() != "7.000000000" {
		t.Errorf("%d events, since %s", len(seen), r.since())
	}
	second := r.mark()
	r.take(event(6e9, ours))
	_, changed := r.after(second)
	r.take(event(4e9, ours)) // the clock was set back
	select {
	case <-changed:
	default:
		t.Error("nobody was told of an event")
	}
	for _, mark := range []int{first, second} {
		if seen, _ := r.after(mark); len(seen) != 1 || seen[0].TimeNano != 4e9 {
			t.Errorf("after mark %d: %v", mark, seen)
		}
	}
	for at := range int64(3 * remembered) {
		r.take(event(at+10e9, ours))
	}
	if len(r.seen) != remembered {
		t.Errorf("%d events are remembered", len(r.seen))
	}
}

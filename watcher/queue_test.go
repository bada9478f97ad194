package watcher

import (
	"reflect"
	"testing"

	"foster/state"

	"github.com/docker/docker/api/types/events"
)

func drained(q *queue) (out []state.Event) {
	for {
		ev, ok := q.pop()
		if !ok {
			return out
		}
		out = append(out, ev)
	}
}

func TestAFullQueueSaysSoOnceAndKeepsAnswers(t *testing.T) {
	q := newQueue(2)
	oom := func(id string) state.Event { return state.ChildOOM{ID: id} }
	q.put(state.StreamBack{})
	for i, id := range []string{"a", "b", "c", "d"} {
		if kept := q.hint(oom(id)); kept != (i < 2) {
			t.Errorf("%s kept: %v", id, kept)
		}
	}
	q.put(state.Observed{Op: 1})
	q.resyncDue()
	want := []state.Event{state.StreamBack{}, oom("a"), oom("b"), state.ResyncDue{}, state.Observed{Op: 1}}
	if got := drained(q); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !q.hint(oom("e")) || !q.hint(oom("f")) || q.hint(oom("g")) {
		t.Error("the emptied queue does not have its room again")
	}
	want = []state.Event{oom("e"), oom("f"), state.ResyncDue{}}
	if got := drained(q); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestALossBehindATakenResyncAsksAgain(t *testing.T) {
	q := newQueue(1)
	q.resyncDue()
	q.hint(state.ChildOOM{ID: "a"})
	q.pop() // the ResyncDue is on its way to the loop
	q.hint(state.ChildOOM{ID: "b"})
	want := []state.Event{state.ChildOOM{ID: "a"}, state.ResyncDue{}}
	if got := drained(q); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWindow(t *testing.T) {
	w := newWindow()
	m := message("network", "disconnect", "n", "container", "c", "name", "net")
	if !w.fresh(m) || w.fresh(m) {
		t.Error("the same event twice is not dropped once")
	}
	for name, change := range map[string]func(*events.Message){
		"time":       func(m *events.Message) { m.TimeNano++ },
		"action":     func(m *events.Message) { m.Action = "connect" },
		"type":       func(m *events.Message) { m.Type = "container" },
		"actor":      func(m *events.Message) { m.Actor.ID = "n2" },
		"attributes": func(m *events.Message) { m.Actor.Attributes = map[string]string{"container": "c2", "name": "net"} },
	} {
		other := m
		change(&other)
		if !w.fresh(other) {
			t.Errorf("another %s counts as the same event", name)
		}
	}
	for i := range windowSize {
		other := m
		other.TimeNano = int64(i) + 100
		w.fresh(other)
	}
	if len(w.seen) != windowSize || len(w.order) != windowSize {
		t.Errorf("window has grown to %d, %d", len(w.seen), len(w.order))
	}
	if !w.fresh(m) {
		t.Error("an event out of the window is still remembered")
	}
}

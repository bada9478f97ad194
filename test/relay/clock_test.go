package relay

import (
	"testing"
	"time"
)

func TestStepClock(t *testing.T) {
	t.Parallel()
	for _, offset := range []time.Duration{time.Hour, -time.Hour} {
		e := newEngine(t)
		r := New(t, e.socket)
		c := connect(t, r)
		before := time.Now()
		r.StepClock(offset)
		after := time.Now()
		b := subscribe(t, r, "0")
		e.events <- eventLine("start", before)
		e.events <- eventLine("die", after)
		if _, got := next(t, b); got != before.UnixNano() {
			t.Errorf("an event of before is stamped %s", time.Unix(0, got))
		}
		if _, got := next(t, b); got != after.Add(offset).UnixNano() {
			t.Errorf("an event of after is stamped %s", time.Unix(0, got))
		}
		got, err := c.ContainerInspect(t.Context(), "c1")
		if err != nil {
			t.Fatal(err)
		}
		if got.Created != e.begun.UTC().Format(time.RFC3339Nano) || got.State.FinishedAt != "0001-01-01T00:00:00Z" {
			t.Errorf("old times changed: %s, %s", got.Created, got.State.FinishedAt)
		}
		started, err := time.Parse(time.RFC3339Nano, got.State.StartedAt)
		if d := started.Sub(after.Add(offset)); err != nil || d < 0 || d > time.Minute {
			t.Errorf("a new time is %s off (%v)", d, err)
		}
		// And back: both steps together are none.
		r.StepClock(-offset)
		again := time.Now()
		e.events <- eventLine("start", again)
		if _, got := next(t, b); got != again.UnixNano() {
			t.Errorf("after the second step an event is stamped %s", time.Unix(0, got))
		}
	}
}

func TestSince(t *testing.T) {
	t.Parallel()
	zero := time.Unix(1_000_000, 0)
	at := func(minutes int) time.Time { return zero.Add(time.Duration(minutes) * time.Minute) }
	ahead := []step{{at(0), time.Hour}}
	back := []step{{at(0), -time.Hour}}
	for _, x := range []struct {
		name  string
		steps []step
		asked int // minutes, as the stepped clock shows them
		want  int // minutes of the true one
	}{
		{"no step", nil, 5, 5},
		{"ahead, asked in the new time", ahead, 65, 5},
		{"ahead, asked in the gap: all since the step", ahead, 30, 0},
		{"ahead, asked before", ahead, -5, -5},
		// The walk back meets the new, lower stamps first.
		{"back, asked in the new time", back, -55, 5},
		{"back, asked with a stamp of before: nothing yet", back, -1, 59},
		{"back, asked long before", back, -90, -90},
	} {
		if got := since(x.steps, at(x.asked)); !got.Equal(at(x.want)) {
			t.Errorf("%s: %s, want %s", x.name, got.Sub(zero), at(x.want).Sub(zero))
		}
	}
}

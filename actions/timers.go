package actions

import (
	"cmp"
	"time"

	"foster/state"
)

// timers holds the delays that are running. It is not safe for concurrent use:
// Run's goroutine alone owns it, and takes a timer out in the moment in which
// its Fired is handed over. Whatever stops or restarts it before that wins.
type timers struct {
	due map[state.Timer]time.Time
}

func newTimers() *timers { return &timers{due: map[state.Timer]time.Time{}} }

// set starts t, or starts it anew with another end.
func (ts *timers) set(t state.Timer, at time.Time) { ts.due[t] = at }

// stop forgets t; one that is not set is fine.
func (ts *timers) stop(t state.Timer) { delete(ts.due, t) }

// next is the timer that ends first. Of timers that end together the order is
// fixed: kind, child, network.
func (ts *timers) next() (state.Timer, time.Time, bool) {
	var first state.Timer
	var at time.Time
	found := false
	for t, due := range ts.due {
		if !found || due.Before(at) || due.Equal(at) && before(t, first) {
			first, at, found = t, due, true
		}
	}
	return first, at, found
}

func before(a, b state.Timer) bool {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Child, b.Child), cmp.Compare(a.Network, b.Network)) < 0
}

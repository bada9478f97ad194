package report

import (
	"time"

	"foster/state"
)

// Step is one step of the loop, told before its effects are handed on. From and
// To are values that nobody changes any more.
type Step struct {
	At       time.Time
	From, To state.State
	Event    state.Event
	Effects  []state.Effect
}

// Observer is told every step, in order, by the loop's own goroutine. It must
// return at once: it waits for no lock that a reader may hold for long, and
// for no I/O.
type Observer interface {
	Stepped(Step)
}

package chaos

import (
	"sync"
	"time"
)

// outage is a time without answers: from the moment of the first question that
// failed to the next answer.
type outage struct{ from, to time.Time }

// answer is one question of the probe and what became of it.
type answer struct {
	asked time.Time
	ended time.Time // zero while it is on its way
	err   error
}

// outages makes outages of answers. Questions overlap, so they are judged in
// the order in which they were asked, each when all before it have ended.
type outages struct {
	mu      sync.Mutex
	pending []*answer
	open    *outage // the present one, without its end
	closed  []outage
	until   time.Time // end of the last outage
	good    time.Time // when the newest question was asked that was answered and judged
	lastErr error
	asked   int
	widest  time.Duration // between two questions
	lastAsk time.Time
	changed chan struct{} // closed when something was judged
}

func newOutages() *outages { return &outages{changed: make(chan struct{})} }

// ask enters a question.
func (o *outages) ask(at time.Time) *answer {
	o.mu.Lock()
	defer o.mu.Unlock()
	a := &answer{asked: at}
	o.pending = append(o.pending, a)
	if o.asked++; !o.lastAsk.IsZero() {
		o.widest = max(o.widest, at.Sub(o.lastAsk))
	}
	o.lastAsk = at
	return a
}

// end says what became of a question.
func (o *outages) end(a *answer, at time.Time, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a.ended, a.err = at, err
	if o.pending[0] != a {
		return
	}
	for len(o.pending) > 0 && !o.pending[0].ended.IsZero() {
		a, o.pending = o.pending[0], o.pending[1:]
		o.judge(a)
	}
	close(o.changed)
	o.changed = make(chan struct{})
}

func (o *outages) judge(a *answer) {
	switch {
	case a.err != nil:
		o.lastErr = a.err
		// One that was asked before the end of an outage belongs to it.
		if o.open == nil && !a.asked.Before(o.until) {
			o.open = &outage{from: a.asked}
		}
	case o.open != nil:
		// A later question may have been answered sooner.
		o.open.to = a.ended
		for _, p := range o.pending {
			if !p.ended.IsZero() && p.err == nil && p.ended.Before(o.open.to) {
				o.open.to = p.ended
			}
		}
		o.closed, o.until, o.open = append(o.closed, *o.open), o.open.to, nil
		o.good = a.asked
	default:
		o.good = a.asked
	}
}

// drain takes the outages that are over.
func (o *outages) drain() []outage {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.closed
	o.closed = nil
	return out
}

// answered says whether a question of at or later has been answered, and
// returns a channel that is closed when there is more to know.
func (o *outages) answered(at time.Time) (bool, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.open == nil && !o.good.Before(at), o.changed
}

// last is the latest failure, in words.
func (o *outages) last() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lastErr == nil {
		return "no answer yet"
	}
	return o.lastErr.Error()
}

// inFlight is how many questions are on their way.
func (o *outages) inFlight() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.pending)
}

// pace is how many questions were asked, and the longest time between two.
func (o *outages) pace() (asked int, widest time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked, o.widest
}

package watcher

import (
	"sync"

	"foster/state"
)

// queueSize bounds the hints that wait for the loop.
const queueSize = 4096

// queue stands between the reader and the loop, so that neither waits for the
// other. Hints (what the stream says) are bounded: one that does not fit is
// lost, and a ResyncDue takes its place. Answers and news of the stream itself
// always fit; there are few.
type queue struct {
	bound int

	mu    sync.Mutex
	items []state.Event
	hints int           // of items
	due   bool          // a ResyncDue is among items
	wake  chan struct{} // of one: items is not empty
}

func newQueue(bound int) *queue { return &queue{bound: bound, wake: make(chan struct{}, 1)} }

// hint queues an event of the stream; false means that it was lost.
func (q *queue) hint(ev state.Event) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.hints >= q.bound {
		q.resync()
		return false
	}
	q.hints++
	q.append(ev)
	return true
}

// put queues what must not be lost.
func (q *queue) put(ev state.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.append(ev)
}

// resyncDue asks for a look at everything. One that is still waiting is
// enough: the look comes after whatever was lost before it.
func (q *queue) resyncDue() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.resync()
}

func (q *queue) resync() {
	if !q.due {
		q.due = true
		q.append(state.ResyncDue{})
	}
}

func (q *queue) append(ev state.Event) {
	q.items = append(q.items, ev)
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// pop takes the oldest item; false means that there is none. A ResyncDue counts
// as gone from here on: what is lost while it is handed over asks for another.
func (q *queue) pop() (state.Event, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return nil, false
	}
	ev := q.items[0]
	switch ev.(type) {
	case state.ResyncDue:
		q.due = false
	case state.Observed, state.ObserveFailed, state.StreamLost, state.StreamBack:
	default:
		q.hints--
	}
	q.items[0] = nil
	if q.items = q.items[1:]; len(q.items) == 0 {
		q.items = nil // do not keep the memory of a burst
	}
	return ev, true
}

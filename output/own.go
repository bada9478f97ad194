package output

import (
	"bytes"
	"context"
	"sync"
)

// ownKept is how much of foster's own log waits for a slow reader, in bytes.
const ownKept = 1 << 20

// queue is the lines of one who must not wait: each Write is one or more whole
// lines.
type queue struct {
	voice voice
	wake  chan struct{}
	quit  chan struct{} // closed by end
	ended chan struct{}

	mu      sync.Mutex
	lines   []byte
	going   int // bytes that were taken and are not on their way yet
	dropped int
	lost    func(lines int) // may be nil
	over    bool            // nothing is taken any more
}

func newQueue(l *lane) *queue {
	return &queue{voice: voice{lane: l}, wake: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{})}
}

// Write takes lines and returns at once. There is no error: lines that have no
// room are counted.
func (q *queue) Write(p []byte) (int, error) {
	q.mu.Lock()
	switch {
	case q.over:
	case q.going+len(q.lines)+len(p) > ownKept:
		q.dropped += bytes.Count(p, lineEnd)
	default:
		q.lines = append(q.lines, p...)
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default: // it is awake
	}
	return len(p), nil
}

// run puts the lines on their way, until end was called and nothing is left, or
// ctx ends.
func (q *queue) run(ctx context.Context) {
	defer close(q.ended)
	for {
		quit := false
		select {
		case <-q.wake:
		case <-q.quit:
			quit = true
		case <-ctx.Done():
		}
		if err := q.drain(ctx, quit); err != nil || quit {
			return
		}
	}
}

// drain writes until the queue is empty; last closes it then.
func (q *queue) drain(ctx context.Context, last bool) error {
	var spare []byte
	for {
		q.mu.Lock()
		lines, dropped, lost := q.lines, q.dropped, q.lost
		q.lines, q.going, q.dropped = spare[:0], len(lines), 0
		if len(lines) == 0 && dropped == 0 {
			if cap(spare) > chunk {
				q.lines = nil // a flood is no reason to keep room for another
			}
			q.over = q.over || last
			q.mu.Unlock()
			return nil
		}
		q.mu.Unlock()
		if err := q.say(ctx, lines); err != nil {
			return err
		}
		spare = lines
		if dropped > 0 && lost != nil {
			lost(dropped)
		}
	}
}

func (q *queue) say(ctx context.Context, lines []byte) error {
	if err := q.voice.lane.acquire(ctx, &q.voice); err != nil {
		return err
	}
	defer q.voice.lane.release(&q.voice)
	_, err := q.voice.write(ctx, lines)
	return err
}

// end writes what is there, and waits for that.
func (q *queue) end() {
	close(q.quit)
	<-q.ended
}

package output

import (
	"context"
	"io"
	"time"
)

const (
	// chunk is the size of a lane's buffers: what is written at once.
	chunk = 32 << 10
	// chunks are a lane's buffers: one is filled while the other is written.
	chunks = 2
	// lineStill is how long a line that has begun holds a lane without growing.
	lineStill = time.Second
)

// lane is the way to one of foster's outputs. Who has the turn fills buffers;
// its own goroutine writes them, so that a reader who is slow holds up that
// goroutine and those who wait for a buffer, and they can be called off.
type lane struct {
	to   io.Writer
	turn chan struct{} // holds one token while nobody has the turn
	free chan []byte
	full chan []byte // closed by the Sink

	// Of who has the turn:
	buf   []byte        // being filled; nil: none
	line  *voice        // whose line has begun and not ended
	moved time.Time     // when it last grew
	over  chan struct{} // closed when it ends

	failed func(error) // told of the first error of a series; may be nil
	ended  chan struct{}
}

func newLane(to io.Writer) *lane {
	l := &lane{
		to: to, turn: make(chan struct{}, 1), free: make(chan []byte, chunks), full: make(chan []byte, chunks),
		over: make(chan struct{}), ended: make(chan struct{}),
	}
	l.turn <- struct{}{}
	for range chunks {
		l.free <- nil // made when it is first needed
	}
	return l
}

// run writes what is full. After an error it takes and forgets: a pipe that
// nobody reads any more must not stop anything, a full disk may have room again.
func (l *lane) run() {
	defer close(l.ended)
	broken := false
	for b := range l.full {
		_, err := l.to.Write(b)
		if err != nil && !broken && l.failed != nil {
			l.failed(err)
		}
		broken = err != nil
		l.free <- b[:0]
	}
}

// acquire takes the turn for a voice: when nobody has it, and nobody else's
// line is in progress or that has not grown for lineStill.
func (l *lane) acquire(ctx context.Context, v *voice) error {
	for {
		select {
		case <-l.turn:
		case <-ctx.Done():
			return ctx.Err()
		}
		if l.line == nil || l.line == v {
			return nil
		}
		left := lineStill - time.Since(l.moved)
		if left <= 0 {
			if err := l.append(ctx, lineEnd); err != nil {
				l.release(v)
				return err
			}
			l.line.open = false // what comes of it is a line of its own
			l.finish()
			return nil
		}
		over := l.over
		l.turn <- struct{}{}
		timer := time.NewTimer(left)
		select {
		case <-over:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

var lineEnd = []byte{'\n'}

// append puts bytes on their way. It waits for a free buffer, at most until
// ctx ends; bytes before those that had no room are on their way all the same.
func (l *lane) append(ctx context.Context, p []byte) error {
	_, err := l.add(ctx, p)
	return err
}

// add is append, and says how many bytes are on their way.
func (l *lane) add(ctx context.Context, p []byte) (n int, err error) {
	for n < len(p) {
		if l.buf == nil {
			select {
			case l.buf = <-l.free:
			case <-ctx.Done():
				return n, ctx.Err()
			}
			if l.buf == nil {
				l.buf = make([]byte, 0, chunk)
			}
		}
		m := min(chunk-len(l.buf), len(p)-n)
		l.buf = append(l.buf, p[n:n+m]...)
		n += m
		if len(l.buf) == chunk {
			l.flush()
		}
	}
	return n, nil
}

// flush hands the buffer over. There are as many places as buffers: it does not wait.
func (l *lane) flush() {
	if l.buf != nil {
		l.full <- l.buf
		l.buf = nil
	}
}

// release gives the turn back; all that was appended is on its way.
func (l *lane) release(v *voice) {
	l.flush()
	switch {
	case v.open:
		l.line, l.moved = v, time.Now()
	case l.line == v:
		l.finish()
	}
	l.turn <- struct{}{}
}

// finish ends the line in progress, and tells who waits for that.
func (l *lane) finish() {
	l.line = nil
	close(l.over)
	l.over = make(chan struct{})
}

package output

import (
	"context"
	"io"
	"sync"
	"time"
)

const (
	// chunk is the size of a lane's two buffers: one is filled while the other is
	// written, so that what comes in small pieces is written in larger ones.
	chunk = 32 << 10
	// lineStill is how long a line that has begun holds a lane without growing.
	lineStill = time.Second
	// lineWhole is how long others wait for a line in progress, however it grows.
	lineWhole = 5 * time.Second
)

// lane is the way to one of foster's outputs. Who has the turn fills a buffer;
// its own goroutine writes the other, so that a reader who is slow holds up that
// goroutine and those who wait for room, and they can be called off.
type lane struct {
	to   io.Writer
	turn chan struct{} // holds one token while nobody has the turn

	// Of who has the turn:
	line  *voice        // whose line has begun and not ended
	moved time.Time     // when it last grew
	over  chan struct{} // closed when it ends

	mu   sync.Mutex
	buf  []byte        // being filled
	work chan struct{} // holds a token when there may be something to write; closed by the Sink
	room chan struct{} // holds a token when there may be room again

	failed func(error) // told of the first error of a series; may be nil
	ended  chan struct{}
}

func newLane(to io.Writer) *lane {
	l := &lane{
		to: to, turn: make(chan struct{}, 1), work: make(chan struct{}, 1), room: make(chan struct{}, 1),
		over: make(chan struct{}), ended: make(chan struct{}),
	}
	l.turn <- struct{}{}
	return l
}

// run writes what there is. After an error it takes and forgets: a pipe that
// nobody reads any more must not stop anything, a full disk may have room again.
func (l *lane) run() {
	defer close(l.ended)
	broken := false
	var spare []byte
	for open := true; open; {
		_, open = <-l.work
		l.mu.Lock()
		full := l.buf
		l.buf = spare[:0]
		l.mu.Unlock()
		signal(l.room)
		if len(full) > 0 {
			_, err := l.to.Write(full)
			if err != nil && !broken && l.failed != nil {
				l.failed(err)
			}
			broken = err != nil
		}
		spare = full
	}
}

// signal leaves a token, unless there is one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// acquire takes the turn for a voice: when nobody has it, and nobody else's
// line is in progress, or that has not grown for lineStill, or was waited for
// for lineWhole. The time in which nothing can be written does not count.
func (l *lane) acquire(ctx context.Context, v *voice) error {
	var waited time.Duration // for one line
	for {
		select {
		case <-l.turn:
		case <-ctx.Done():
			return ctx.Err()
		}
		if l.line == nil || l.line == v {
			return nil
		}
		left := min(lineStill-time.Since(l.moved), lineWhole-waited)
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
		timer, began := time.NewTimer(left), time.Now()
		select {
		case <-over:
			waited = 0
		case <-timer.C:
			waited += time.Since(began)
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

var lineEnd = []byte{'\n'}

// append puts bytes on their way. It waits for room, at most until
// ctx ends; bytes before those that had no room are on their way all the same.
func (l *lane) append(ctx context.Context, p []byte) error {
	_, err := l.add(ctx, p)
	return err
}

// add is append, and says how many bytes are on their way.
func (l *lane) add(ctx context.Context, p []byte) (n int, err error) {
	for n < len(p) {
		l.mu.Lock()
		if l.buf == nil {
			l.buf = make([]byte, 0, chunk) // when it is first needed
		}
		m := min(chunk-len(l.buf), len(p)-n)
		l.buf = append(l.buf, p[n:n+m]...)
		l.mu.Unlock()
		if n += m; n == len(p) {
			break
		}
		signal(l.work)
		select {
		case <-l.room:
		case <-ctx.Done():
			return n, ctx.Err()
		}
	}
	return n, nil
}

// release gives the turn back; all that was appended is on its way.
func (l *lane) release(v *voice) {
	signal(l.work)
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

package engine

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/docker/docker/api/types/events"
	timetypes "github.com/docker/docker/api/types/time"
)

// stream is one subscriber. The engine offers events, its own goroutine hands
// them to the reader one by one.
type stream struct {
	options events.ListOptions
	until   int64 // 0: for ever
	bound   int

	mu    sync.Mutex
	queue []event
	lost  int
	end   error         // why the stream ends once the queue is empty
	wake  chan struct{} // of one: something has changed
}

func (s *stream) offer(ev event) {
	if !wanted(s.options.Filters, ev) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.end != nil:
	case len(s.queue) >= s.bound:
		s.lost++
	default:
		s.queue = append(s.queue, ev)
		s.poke()
	}
}

func (s *stream) finish(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end == nil {
		s.end = err
		s.poke()
	}
}

func (s *stream) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// next takes the oldest event; without one it returns why the stream ended.
func (s *stream) next() (ev event, ok bool, end error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return event{}, false, s.end
	}
	ev, s.queue = s.queue[0], s.queue[1:]
	return ev, true, nil
}

// Events subscribes as the client does: the messages channel is not buffered,
// the error channel gives exactly one error, io.EOF at a clean end. With an until
// that is to come the stream is open until then; with one that has been it gives
// what there was from since to until, and ends.
func (e *Engine) Events(ctx context.Context, options events.ListOptions) (<-chan events.Message, <-chan error) {
	messages := make(chan events.Message)
	errs := make(chan error, 1)
	s := &stream{options: options, bound: e.opts.Queue, wake: make(chan struct{}, 1)}
	since, err := nano(options.Since)
	if err == nil {
		s.until, err = nano(options.Until)
	}
	if err == nil && s.until != 0 && s.until < since {
		err = invalid("`since` time (%s) cannot be after `until` time (%s)", options.Since, options.Until)
	}
	if err == nil {
		_, err = serve(ctx, e, Events, "", func() (struct{}, error) { return struct{}{}, nil })
	}
	if err != nil {
		errs <- err
		close(errs)
		return messages, errs
	}
	lag := e.opts.SubscribeLag
	if s.past() {
		s.bound, lag = max(s.bound, ringSize), 0 // nothing is listened to
	}
	if lag == 0 {
		e.subscribe(s, since)
	}
	begun := e.spawn(func() {
		defer close(errs)
		if lag > 0 {
			if !e.pause(lag) {
				errs <- io.EOF
				return
			}
			e.subscribe(s, since)
		}
		defer e.unsubscribe(s)
		errs <- e.feed(ctx, s, messages)
	})
	if !begun {
		errs <- io.EOF
		close(errs)
	}
	return messages, errs
}

// past says whether the stream ends before the present moment.
func (s *stream) past() bool { return s.until != 0 && s.until < time.Now().UnixNano() }

// feed hands events to the reader until the stream or the context ends.
func (e *Engine) feed(ctx context.Context, s *stream, messages chan<- events.Message) error {
	var until <-chan time.Time
	if s.until != 0 {
		timer := time.NewTimer(time.Until(time.Unix(0, s.until)))
		defer timer.Stop()
		until = timer.C
	}
	for {
		ev, ok, end := s.next()
		switch {
		case ok:
			select {
			case messages <- ev:
			case <-ctx.Done():
				return ctx.Err()
			case <-e.closed:
				return io.EOF
			}
		case end != nil:
			return end
		default:
			select {
			case <-s.wake:
			case <-until:
				s.finish(io.EOF)
			case <-ctx.Done():
				return ctx.Err()
			case <-e.closed:
				return io.EOF
			}
		}
	}
}

// subscribe replays from the ring and joins the stream to the live events. The
// replay goes back to the first event older than since, since included. An until
// that is not past bounds nothing: in a bubble the stamps of one instant run
// ahead of its clock.
func (e *Engine) subscribe(s *stream, since int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	past := s.past()
	if since != 0 || s.until != 0 {
		first := len(e.ring)
		for first > 0 && e.ring[first-1].TimeNano >= since {
			first--
		}
		for _, ev := range e.ring[first:] {
			if !past || ev.TimeNano <= s.until {
				s.offer(ev)
			}
		}
	}
	if e.down || past {
		s.finish(io.EOF)
		return
	}
	e.streams[s] = struct{}{}
}

func (e *Engine) unsubscribe(s *stream) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.streams, s)
}

// CutStreams ends every open stream with err, io.EOF when it is nil. What a
// stream has not handed over yet still arrives before its end.
func (e *Engine) CutStreams(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cutStreams(err)
}

func (e *Engine) cutStreams(err error) {
	if err == nil {
		err = io.EOF
	}
	for s := range e.streams {
		s.finish(err)
		delete(e.streams, s)
	}
}

// Streams is the number of open event streams.
func (e *Engine) Streams() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.streams)
}

// LostEvents is how many events the open streams lost to their slow readers.
func (e *Engine) LostEvents() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	lost := 0
	for s := range e.streams {
		s.mu.Lock()
		lost += s.lost
		s.mu.Unlock()
	}
	return lost
}

// nano reads a time of the options as the client and the engine do together; 0
// without one.
func nano(option string) (int64, error) {
	if option == "" {
		return 0, nil
	}
	text, err := timetypes.GetTimestamp(option, time.Now())
	if err != nil {
		return 0, err
	}
	seconds, nanoseconds, err := timetypes.ParseTimestamps(text, 0)
	if err != nil {
		return 0, invalid("%v", err)
	}
	return time.Unix(seconds, nanoseconds).UnixNano(), nil
}

// ForgetEvents empties the replay ring.
func (e *Engine) ForgetEvents() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ring = nil
}

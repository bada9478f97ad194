package relay

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/docker/docker/api/types/events"
)

// Event is one that a client of the event stream was given.
type Event struct {
	Index   int // of the events passed on by this relay, from 0; foreign and repeated ones do not count
	Request int // whose answer it is in
	events.Message
}

// kept is how many events are there to be repeated: as many as the engine keeps.
const kept = 256

// stream is one open subscription.
type stream struct {
	end context.CancelFunc // ends the engine's side

	mu   sync.Mutex
	w    http.ResponseWriter
	over bool // nothing may be written any more
}

// OnEvent calls f after each event of the engine that was passed on to a client;
// nil stops that. It is called from the stream's own goroutine: the next event
// waits for it.
func (r *Relay) OnEvent(f func(Event)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onEvent = f
}

// Streams is the number of open event streams.
func (r *Relay) Streams() int { return len(r.openStreams()) }

func (r *Relay) openStreams() []*stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*stream
	for s := range r.streams {
		all = append(all, s)
	}
	return all
}

// CutStreams ends all open event streams in the middle, and says how many.
func (r *Relay) CutStreams() int {
	all := r.openStreams()
	for _, s := range all {
		s.end()
		// A client that does not read is cut too.
		_ = http.NewResponseController(s.w).SetWriteDeadline(time.Unix(1, 0))
	}
	return len(all)
}

// RepeatEvents sends the last n events (256 at most) once more to all open
// streams, as they were, and says how many there were.
func (r *Relay) RepeatEvents(n int) int {
	r.mu.Lock()
	lines := append([][]byte(nil), r.last[max(0, len(r.last)-n):]...)
	r.mu.Unlock()
	r.InjectEvents(lines...)
	return len(lines)
}

// InjectEvents sends lines to all open streams, between the engine's own. It
// returns how many streams there were.
func (r *Relay) InjectEvents(lines ...[]byte) int {
	all := r.openStreams()
	for _, s := range all {
		for _, line := range lines {
			s.write(line)
		}
	}
	return len(all)
}

// write sends one line, at once, as the engine does.
func (s *stream) write(line []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	// A client that has left misses nothing.
	_, _ = s.w.Write(line)
	_ = http.NewResponseController(s.w).Flush()
}

// stream is a subscription, from its request to its end.
func (r *Relay) stream(w http.ResponseWriter, in *http.Request, q *Request, out *http.Request, before Action) {
	ctx, cancel := r.following(in, before)
	defer cancel()
	out = out.WithContext(ctx)
	r.unstep(out.URL)
	resp := r.send(q, out)
	defer resp.Body.Close()
	limit, ok := r.open(w, in, q, resp, before)
	if !ok {
		return
	}
	if limit >= 0 {
		line, _ := bufio.NewReader(resp.Body).ReadBytes('\n')
		_, _ = w.Write(line[:min(limit, len(line))])
		abort(w)
	}
	s := &stream{end: cancel, w: w}
	r.note(func() { r.streams[s] = struct{}{} })
	defer func() {
		r.note(func() { delete(r.streams, s) })
		s.mu.Lock()
		s.over = true
		s.mu.Unlock()
	}()
	lines := bufio.NewReader(resp.Body)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 && ctx.Err() == nil {
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.event(s, q, r.restampEvent(line))
	}
}

// event passes an event on and tells of it.
func (r *Relay) event(s *stream, q *Request, line []byte) {
	s.write(line)
	r.mu.Lock()
	f, e := r.onEvent, Event{Index: r.events, Request: q.Index}
	r.events++
	if r.last = append(r.last, line); len(r.last) > kept {
		r.last = r.last[1:]
	}
	r.mu.Unlock()
	if f == nil || json.Unmarshal(line, &e.Message) != nil {
		return
	}
	f(e)
}

package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"foster/report"
)

const (
	maxStreams   = 32                     // at once; each has a goroutine and a connection
	streamPause  = 200 * time.Millisecond // between two writes: at most 5 a second
	keepAlive    = 15 * time.Second       // an event, so that proxies leave a quiet stream open and a reader knows a dead one
	streamRetry  = time.Second            // when a browser shall come back
	retryStreams = 5 * time.Second        // when one that was too many shall
)

// events streams the Status and the entries of the history as they come.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		w.Header().Set("Retry-After", strconv.Itoa(int(retryStreams.Seconds())))
		line(w, http.StatusServiceUnavailable, fmt.Sprintf("%d streams are open, which is the limit", maxStreams))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would keep events back
	if r.Method == http.MethodHead {
		return
	}
	st := &stream{board: s.board, w: w, rc: http.NewResponseController(w)}
	st.resume(r.Header.Get("Last-Event-ID"))
	if err := st.run(r.Context()); err != nil && r.Context().Err() == nil {
		s.opts.Log.Debug().Err(err).Str("client", r.RemoteAddr).Msg("a stream of events was cut: its reader is gone, or too slow")
	}
}

// stream is one client of /events.
type stream struct {
	board    *report.Board
	w        http.ResponseWriter
	rc       *http.ResponseController
	instance string
	seen     uint64         // the newest entry that was sent
	told     report.Verdict // the last one
}

// resume takes up behind the event that a client has seen last. A number of
// another instance, or one that this instance has not come to, says nothing.
func (st *stream) resume(last string) {
	now := st.board.Status(false)
	st.instance = now.Foster.Instance
	number, ok := strings.CutPrefix(last, st.instance+"-")
	if seq, err := strconv.ParseUint(number, 10, 64); ok && err == nil && seq <= now.Seq {
		st.seen = seq
	}
}

// run writes until the context ends, or the client does not take it any more.
// At the end the client gets what the pause has kept back: foster's last words.
func (st *stream) run(ctx context.Context) error {
	reader := st.board.Subscribe()
	defer reader.Close()
	first := fmt.Sprintf("retry: %d\n\n", streamRetry.Milliseconds())
	for {
		if err := st.send(first, st.news); err != nil {
			return err
		}
		first = ""
		select {
		case <-ctx.Done():
			return st.send("", st.news)
		case <-time.After(streamPause):
		}
		for moved := false; !moved; {
			select {
			case <-ctx.Done():
				return st.send("", st.news)
			case <-reader.Moved():
				moved = true
			case <-time.After(keepAlive):
				if moved = st.board.Health() != st.told; moved { // by time alone, which wakes nobody
					continue
				}
				if err := st.send("event: alive\ndata:\n\n", nil); err != nil {
					return err
				}
			}
		}
	}
}

// news writes the Status of this moment, and every entry that was not sent yet.
// The Status's id is the newest entry's that was sent, so that a client that
// loses the stream between the two misses nothing.
func (st *stream) news() {
	now := st.board.Status(false)
	st.told = now.Health
	st.event("status", document(now))
	for _, e := range st.board.Since(st.seen) {
		st.seen = e.Seq
		st.event("entry", document(e))
	}
}

// event writes one event; a client that is gone is found by send.
func (st *stream) event(kind string, data []byte) {
	fmt.Fprintf(st.w, "event: %s\nid: %s-%d\ndata: %s\n\n", kind, st.instance, st.seen, data)
}

// send hands over a text, and what the function writes; the client has
// writeTimeout to take it all.
func (st *stream) send(text string, write func()) error {
	if err := st.rc.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return fmt.Errorf("bound a write to a stream: %w", err)
	}
	_, _ = io.WriteString(st.w, text) // its error is the flush's too
	if write != nil {
		write()
	}
	if err := st.rc.Flush(); err != nil {
		return fmt.Errorf("write to a stream: %w", err)
	}
	return nil
}

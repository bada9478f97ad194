package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// serve is a request from its arrival to its end.
func (r *Relay) serve(w http.ResponseWriter, in *http.Request) {
	if !r.begin() {
		panic(http.ErrAbortHandler)
	}
	defer r.running.Done()
	body, err := io.ReadAll(in.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client left in the middle of its request
	}
	q := r.arrived(in, body)
	before := r.ask(q, Before)
	if !r.obey(w, in, q, before) {
		return
	}
	out := r.outgoing(in, q, body)
	switch {
	case in.Header.Get("Upgrade") != "":
		r.takeOver(w, in, q, out, before)
	case q.Path == "/events":
		r.stream(w, in, q, out, before)
	case endless(q):
		r.passAlong(w, in, q, out, before)
	default:
		r.exchange(w, in, q, out, before)
	}
}

// endless: the answer has no end of its own, or is too long to be held.
func endless(q *Request) bool {
	for _, end := range []string{"/logs", "/attach", "/wait", "/stats", "/archive", "/export", "/get", "/push"} {
		if strings.HasSuffix(q.Path, end) {
			return true
		}
	}
	return q.Path == "/images/create" || q.Path == "/build"
}

// outgoing is the same request for the engine. It ends with the relay, not with
// the client.
func (r *Relay) outgoing(in *http.Request, q *Request, body []byte) *http.Request {
	out := in.Clone(r.ctx)
	out.RequestURI, out.URL.Scheme, out.URL.Host = "", "http", "engine"
	out.Body, out.ContentLength, out.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	if len(body) == 0 {
		out.Body = http.NoBody
	}
	r.note(func() { q.Forwarded = true })
	return out
}

// obey does what an action says as far as that is the same at both points. It
// says whether the request or its answer is to go on.
func (r *Relay) obey(w http.ResponseWriter, in *http.Request, q *Request, a Action) bool {
	switch a.kind {
	case drop:
		panic(http.ErrAbortHandler)
	case late:
		r.await(in.Context().Done(), 0)
	case answer:
		raw, _ := json.Marshal(map[string]string{"message": a.message}) // a string always encodes
		r.given(in, q, a.status)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.status)
		_, _ = w.Write(raw) // a client that has left misses nothing
		return false
	}
	r.await(nil, a.delay)
	return true
}

// given notes the status that the client gets, if it is still there.
func (r *Relay) given(in *http.Request, q *Request, status int) {
	if in.Context().Err() == nil {
		r.note(func() { q.Status = status })
	}
}

// await waits for done, or for a time when there is none; the relay's end ends
// the request.
func (r *Relay) await(done <-chan struct{}, d time.Duration) {
	var after <-chan time.Time
	if done == nil {
		if d <= 0 {
			return
		}
		timer := time.NewTimer(d)
		defer timer.Stop()
		after = timer.C
	}
	select {
	case <-done:
	case <-after:
	case <-r.ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// hopByHop belongs to one connection alone.
var hopByHop = []string{"Connection", "Keep-Alive", "Transfer-Encoding", "Te", "Trailer", "Upgrade"}

// send sends a request on. An engine that does not answer is one that closes the
// connection.
func (r *Relay) send(q *Request, out *http.Request) *http.Response {
	for _, h := range hopByHop {
		out.Header.Del(h)
	}
	resp, err := r.wire.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.note(func() { q.Engine = resp.StatusCode })
	for _, h := range hopByHop {
		resp.Header.Del(h)
	}
	return resp
}

// exchange is a request with an answer that is read whole.
func (r *Relay) exchange(w http.ResponseWriter, in *http.Request, q *Request, out *http.Request, before Action) {
	resp := r.send(q, out)
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if in.Method != http.MethodHead {
		body = r.restamp(body)
	}
	after := r.ask(q, After)
	if !r.obey(w, in, q, after) {
		return
	}
	maps.Copy(w.Header(), resp.Header)
	if in.Method != http.MethodHead && resp.StatusCode != http.StatusNoContent && resp.StatusCode != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	r.given(in, q, resp.StatusCode)
	w.WriteHeader(resp.StatusCode)
	for _, a := range []Action{before, after} {
		if a.kind == cut {
			_, _ = w.Write(body[:min(a.bytes, len(body))])
			abort(w)
		}
	}
	_, _ = w.Write(body) // a client that has left misses nothing
}

// abort ends the connection after what has been written.
func abort(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush() // the connection ends in any case
	panic(http.ErrAbortHandler)
}

// passAlong is a request with an answer that is passed on as it comes, until
// the client leaves.
func (r *Relay) passAlong(w http.ResponseWriter, in *http.Request, q *Request, out *http.Request, before Action) {
	ctx, cancel := r.following(in, before)
	defer cancel()
	resp := r.send(q, out.WithContext(ctx))
	defer resp.Body.Close()
	limit, ok := r.open(w, in, q, resp, before)
	if !ok {
		return
	}
	buf := make([]byte, 32<<10)
	for {
		if limit == 0 {
			abort(w)
		}
		n, err := resp.Body.Read(buf)
		if limit > 0 {
			n = min(n, limit)
			limit -= n
		}
		_, _ = w.Write(buf[:n])
		_ = http.NewResponseController(w).Flush()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// following ends with the client, unless the client was to have left already.
func (r *Relay) following(in *http.Request, before Action) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(r.ctx)
	if before.kind != late {
		context.AfterFunc(in.Context(), cancel)
	}
	return ctx, cancel
}

// open passes on the head of an answer without an end, and says how many bytes
// of the body may follow: -1 for all. It is not ok when that was the answer.
func (r *Relay) open(w http.ResponseWriter, in *http.Request, q *Request, resp *http.Response, before Action) (limit int, ok bool) {
	after := r.ask(q, After)
	if !r.obey(w, in, q, after) {
		return 0, false
	}
	limit = -1
	for _, a := range []Action{before, after} {
		if a.kind == cut {
			limit = a.bytes
		}
	}
	maps.Copy(w.Header(), resp.Header)
	r.given(in, q, resp.StatusCode)
	w.WriteHeader(resp.StatusCode)
	_ = http.NewResponseController(w).Flush()
	return limit, true
}

package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"foster/report"
	"foster/state"
)

const secretURL = "https://user:pa55@hooks.example.org/T0/s3cret?token=t0ken"

// receiver is the server at the other end, in memory.
type receiver struct {
	mu     sync.Mutex
	began  time.Time
	answer func(try int) (*http.Response, error)
	tries  int
	ids    []string // of each try
	got    []string // summaries of what was taken, with their time
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.tries++
	r.ids = append(r.ids, req.Header.Get("Foster-Delivery"))
	resp, err := r.answer(r.tries)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 300 {
		var m struct{ Summary string }
		if err := json.Unmarshal(raw, &m); err != nil {
			return nil, err
		}
		r.got = append(r.got, fmt.Sprintf("%s %s", time.Since(r.began).Round(100*time.Millisecond), m.Summary))
	}
	return resp, nil
}

func answer(code int, header ...string) (*http.Response, error) {
	resp := &http.Response{StatusCode: code, Status: fmt.Sprintf("%d %s", code, http.StatusText(code)), Header: http.Header{}, Body: http.NoBody}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp, nil
}

// world is a Sender with a board to tell things on, in a bubble.
type world struct {
	t     *testing.T
	board *report.Board
	s     state.State
	out   receiver
	log   bytes.Buffer // read after end
	stop  context.CancelFunc
	ended chan error
}

func newWorld(t *testing.T, answer func(try int) (*http.Response, error)) *world {
	w := &world{t: t, s: state.New(state.Config{Children: []state.ChildConfig{{Name: "web"}}}), ended: make(chan error, 1)}
	w.board = report.NewBoard(report.Config{Foster: someFoster, Project: "ci"}, w.s)
	w.out.answer, w.out.began = answer, time.Now()
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	s := New(Config{URL: secretURL, Board: w.board, Foster: someFoster, Project: "ci", Log: zerolog.New(&w.log), Transport: &w.out})
	go func() { w.ended <- s.Run(ctx) }()
	synctest.Wait()
	return w
}

// note lets the loop tell something, which must take no time at all.
func (w *world) note(n state.Note) {
	w.t.Helper()
	before := time.Now()
	w.board.Stepped(report.Step{At: before, From: w.s, To: w.s, Event: state.ResyncDue{}, Effects: []state.Effect{n}})
	if took := time.Since(before); took != 0 {
		w.t.Errorf("the loop was held up for %s", took)
	}
	synctest.Wait()
}

func (w *world) fault(i int) {
	w.t.Helper()
	w.note(state.Note{Kind: state.FaultSeen, Child: "web", Cause: "died", Code: i})
}

func (w *world) end() {
	w.t.Helper()
	w.stop()
	if err := <-w.ended; !errors.Is(err, context.Canceled) {
		w.t.Errorf("Run returned %v", err)
	}
	for _, secret := range []string{"s3cret", "t0ken", "pa55"} {
		if strings.Contains(w.log.String(), secret) {
			w.t.Errorf("the log has %q of the address:\n%s", secret, w.log.String())
		}
	}
}

func (w *world) want(got ...string) {
	w.t.Helper()
	if strings.Join(w.out.got, "\n") != strings.Join(got, "\n") {
		w.t.Errorf("the server got\n\t%s\nwant\n\t%s\nlog:\n%s", strings.Join(w.out.got, "\n\t"), strings.Join(got, "\n\t"), w.log.String())
	}
}

func always(code int) func(int) (*http.Response, error) {
	return func(int) (*http.Response, error) { return answer(code) }
}

package web

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"foster/report"
	"foster/state"
)

// world is a Server on connections that exist in memory only, inside a
// synctest bubble: a connection holds nothing, so that a reader that does not
// read stops the writer at the first byte.
type world struct {
	t      *testing.T
	board  *report.Board
	now    state.State
	conns  chan net.Conn
	closed sync.Once
	end    context.CancelFunc
	served chan error
}

// within runs a test in a bubble with a Server for a project of one child,
// which is not whole yet.
func within(t *testing.T, opts Options, test func(*world)) {
	synctest.Test(t, func(t *testing.T) {
		now := state.New(state.Config{Children: []state.ChildConfig{{Name: "web", Networks: []string{"front"}}}})
		board := report.NewBoard(report.Config{Project: "p", Foster: report.Foster{Instance: "one", Started: time.Now()}, Children: []report.ChildInfo{{ContainerName: "p-web-1", Image: "app:1"}}}, now)
		ctx, end := context.WithCancel(t.Context())
		w := &world{t: t, board: board, now: now, conns: make(chan net.Conn), end: end, served: make(chan error, 1)}
		go func() { w.served <- New(board, opts).Serve(ctx, w) }()
		test(w)
		end()
		if err := <-w.served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

// Accept, Close and Addr make a world its own listener.
func (w *world) Accept() (net.Conn, error) {
	c, open := <-w.conns
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (w *world) Close() error   { w.closed.Do(func() { close(w.conns) }); return nil }
func (w *world) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

// dial is a connection to the Server.
func (w *world) dial() net.Conn {
	here, there := net.Pipe()
	w.conns <- there
	w.t.Cleanup(func() { _ = here.Close() })
	return here
}

// ask sends a request on a connection of its own.
func (w *world) ask(method, path string, header http.Header) *http.Response {
	w.t.Helper()
	conn := w.dial()
	r, err := http.NewRequestWithContext(w.t.Context(), method, "http://foster"+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for k, v := range header {
		r.Header[k] = v
	}
	go func() { _ = r.Write(conn) }()
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	w.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// step makes one step of the loop, with a note in it.
func (w *world) step(change func(*state.State), notes ...state.Note) {
	s := report.Step{At: time.Now(), From: w.now, To: w.now}
	s.To.Children = append([]state.Child(nil), w.now.Children...)
	change(&s.To)
	for _, n := range notes {
		s.Effects = append(s.Effects, n)
	}
	w.now = s.To
	w.board.Stepped(s)
}

// whole makes the child whole.
func whole(s *state.State) {
	s.Stage = state.Up
	s.Children[0].Phase, s.Children[0].Whole, s.Children[0].Seen = state.Alive, true, true
}

// died takes the child down.
func died(s *state.State) {
	s.Stage = state.Up
	s.Children[0].Phase, s.Children[0].Whole, s.Children[0].Launched = state.Dead, false, true
}

// fault is a note that the child died.
var fault = state.Note{Kind: state.FaultSeen, Child: "web", Cause: "died", Code: 1}

// event is one of a stream.
type event struct{ kind, id, data string }

// events reads a stream up to its end.
func (w *world) events(resp *http.Response) <-chan event {
	out := make(chan event, 4096)
	go func() {
		defer close(out)
		var e event
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "event":
				e.kind = value
			case "id":
				e.id = value
			case "data":
				e.data = value
			case "retry":
				e = event{kind: name, data: value}
			case "":
				out <- e
				e = event{}
			}
		}
	}()
	return out
}

// take is what has come by now.
func take(events <-chan event) []event {
	synctest.Wait()
	var out []event
	for {
		select {
		case e, open := <-events:
			if !open {
				return out
			}
			out = append(out, e)
		default:
			return out
		}
	}
}

// said is the kinds and ids of events, in one line.
func said(events []event) string {
	var words []string
	for _, e := range events {
		words = append(words, strings.TrimSpace(e.kind+" "+e.id))
	}
	return strings.Join(words, ", ")
}

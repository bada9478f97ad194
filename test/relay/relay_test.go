package relay

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"foster/test/lab"
)

const patience = 20 * time.Second

// engine answers a few calls as an engine does, and keeps what it carried out.
type engine struct {
	socket string
	events chan string // lines for the one open stream

	mu    sync.Mutex
	calls []string
	since []string
	begun time.Time
}

func newEngine(t *testing.T) *engine {
	t.Helper()
	e := &engine{socket: filepath.Join(t.TempDir(), "s"), events: make(chan string), begun: time.Now()}
	l, err := net.Listen("unix", e.socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: e, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		<-served
	})
	return e
}

func (e *engine) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	e.mu.Lock()
	e.calls = append(e.calls, q.Method+" "+q.URL.Path)
	e.mu.Unlock()
	switch {
	case strings.HasSuffix(q.URL.Path, "/_ping"):
		w.Header().Set("Api-Version", "1.41")
		fmt.Fprint(w, "OK")
	case strings.HasSuffix(q.URL.Path, "/events"):
		e.mu.Lock()
		e.since = append(e.since, q.URL.Query().Get("since"))
		e.mu.Unlock()
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case line := <-e.events:
				if line == "" {
					return
				}
				fmt.Fprintln(w, line)
				_ = http.NewResponseController(w).Flush()
			case <-q.Context().Done():
				return
			}
		}
	case strings.HasSuffix(q.URL.Path, "/start") && q.Header.Get("Upgrade") != "":
		conn, _, _ := http.NewResponseController(w).Hijack()
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
		all, _ := io.ReadAll(conn)
		fmt.Fprintf(conn, "heard %s", all)
	case strings.HasSuffix(q.URL.Path, "/json"):
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"Id":"c1","Created":%q,"State":{"StartedAt":%q,"FinishedAt":"0001-01-01T00:00:00Z"}}`,
			e.begun.UTC().Format(time.RFC3339Nano), time.Now().UTC().Format(time.RFC3339Nano))
	default:
		body, _ := io.ReadAll(q.Body)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"Id":"made of %d bytes"}`, len(body))
	}
}

// done is how often the engine has carried out a call.
func (e *engine) done(call string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, c := range e.calls {
		if strings.Contains(c, call) {
			n++
		}
	}
	return n
}

func (e *engine) awaitDone(t *testing.T, call string, want int) {
	t.Helper()
	lab.Eventually(t, patience, fmt.Sprintf("%d of %s", want, call), func() error {
		if got := e.done(call); got != want {
			return fmt.Errorf("there are %d", got)
		}
		return nil
	})
}

func connect(t *testing.T, r *Relay) *client.Client {
	t.Helper()
	c, err := client.NewClientWithOpts(client.WithHost(r.Host()), client.WithVersion("1.41"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func create(ctx context.Context, c *client.Client) (string, error) {
	made, err := c.ContainerCreate(ctx, &container.Config{Image: "x"}, nil, nil, nil, "")
	return made.ID, err
}

// at does something with a create at a point, and passes everything else.
func at(p Point, a Action) func(Exchange) Action {
	return func(x Exchange) Action {
		if x.Point == p && x.Is("POST", "/containers/create") {
			return a
		}
		return Pass()
	}
}

const theCreate = "POST /v1.41/containers/create"

func TestPass(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	r := New(t, e.socket)
	c := connect(t, r)
	var points []string
	r.Intercept(func(x Exchange) Action {
		points = append(points, fmt.Sprintf("%d %s %s %d", x.Index, x.Point, x.Path, x.Engine))
		return Pass()
	})
	if id, err := create(t.Context(), c); err != nil || !strings.HasPrefix(id, "made of ") || id == "made of 0 bytes" {
		t.Fatalf("%q, %v", id, err)
	}
	if p, err := c.Ping(t.Context()); err != nil || p.APIVersion != "1.41" {
		t.Fatalf("%+v, %v", p, err)
	}
	if got, want := strings.Join(points, ","), "0 before /containers/create 0,0 after /containers/create 201,1 before /_ping 0,1 after /_ping 200"; got != want {
		t.Errorf("points %s, want %s", got, want)
	}
	all := r.Requests()
	if len(all) != 2 || all[0].Status != http.StatusCreated || !strings.Contains(string(all[0].Body), `"Image":"x"`) || all[0].Time.After(all[1].Time) {
		t.Errorf("the record is %v", all)
	}
	if q := r.Requests(Call("HEAD", "/_ping")); len(q) != 1 || q[0].Index != 1 {
		t.Errorf("the ping is %v", q)
	}
}

func TestLost(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name  string
		f     func(Exchange) Action
		done  int // by the engine
		lost  bool
		words string
	}{
		{"request", at(Before, Drop()), 0, true, ""},
		{"answer", at(After, Drop()), 1, true, ""},
		{"answer's body", at(After, Cut(0)), 1, true, ""},
		{"answer's end", at(Before, Cut(5)), 1, true, ""},
		{"refused before", at(Before, Answer(http.StatusConflict, "no such luck")), 0, false, "no such luck"},
		{"refused after", at(After, Answer(http.StatusInternalServerError, "no such luck")), 1, false, "no such luck"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			r := New(t, e.socket)
			r.Intercept(x.f)
			_, err := create(t.Context(), connect(t, r))
			if err == nil || x.lost != (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) || !strings.Contains(err.Error(), x.words) {
				t.Errorf("the client got %v", err)
			}
			if got := e.done(theCreate); got != x.done {
				t.Errorf("the engine carried out %d, want %d", got, x.done)
			}
			if q := r.Requests()[0]; q.Forwarded != (x.done == 1) || (q.Engine != 0) != (x.done == 1) {
				t.Errorf("the record is %+v", q)
			}
			r.Intercept(nil)
			if _, err := create(t.Context(), connect(t, r)); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestSlow(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name  string
		f     func(Exchange) Action
		early int // carried out when the client gives up
	}{
		{"request is carried out late", at(Before, Late(10*time.Millisecond)), 0},
		{"answer comes late", at(After, Late(0)), 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			r := New(t, e.socket)
			gave := make(chan struct{})
			r.Intercept(func(q Exchange) Action {
				if q.Point == After && x.early == 1 {
					close(gave) // now it is carried out
				}
				return x.f(q)
			})
			ctx, cancel := context.WithCancel(t.Context())
			answered := make(chan error, 1)
			go func() {
				_, err := create(ctx, connect(t, r))
				answered <- err
			}()
			if x.early == 1 {
				<-gave
			} else {
				lab.Eventually(t, patience, "the request", func() error {
					if len(r.Requests()) == 0 {
						return errors.New("not yet")
					}
					return nil
				})
			}
			if got := e.done(theCreate); got != x.early {
				t.Errorf("%d are carried out while the client waits, want %d", got, x.early)
			}
			cancel()
			if err := <-answered; !errors.Is(err, context.Canceled) {
				t.Errorf("the client got %v", err)
			}
			e.awaitDone(t, theCreate, 1)
			if q := r.Requests()[0]; q.Status != 0 {
				t.Errorf("the client was given %d", q.Status)
			}
		})
	}
	t.Run("delay", func(t *testing.T) {
		t.Parallel()
		e := newEngine(t)
		r := New(t, e.socket)
		r.Intercept(at(Before, Delay(50*time.Millisecond)))
		begin := time.Now()
		if _, err := create(t.Context(), connect(t, r)); err != nil || time.Since(begin) < 50*time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
	})
}

func TestTakenOver(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	r := New(t, e.socket)
	c := connect(t, r)
	h, err := c.ContainerExecAttach(t.Context(), "x1", container.ExecAttachOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := h.Conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := h.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(h.Reader); err != nil || string(got) != "heard hello" {
		t.Errorf("%q, %v", got, err)
	}
	// The relay's end ends one that nobody else ends.
	open, err := c.ContainerExecAttach(t.Context(), "x2", container.ExecAttachOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(open.Reader); err != nil {
		t.Error(err)
	}
}

// subscribe opens the event stream by hand, so that the test sees each line.
func subscribe(t *testing.T, r *Relay, since string) *bufio.Reader {
	t.Helper()
	dialer := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", r.socket())
	}}}
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x/v1.41/events?since="+since, nil)
	if err != nil {
		t.Fatal(err)
	}
	was := r.Streams()
	resp, err := dialer.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	lab.Eventually(t, patience, "the stream", func() error {
		if r.Streams() != was+1 {
			return errors.New("not open")
		}
		return nil
	})
	return bufio.NewReader(resp.Body)
}

func next(t *testing.T, b *bufio.Reader) (action string, nano int64) {
	t.Helper()
	line, err := b.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var e Event
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	return string(e.Action), e.TimeNano
}

func eventLine(action string, t time.Time) string {
	return fmt.Sprintf(`{"Type":"container","Action":%q,"Actor":{"ID":"c1"},"time":%d,"timeNano":%d}`, action, t.Unix(), t.UnixNano())
}

func TestStream(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	r := New(t, e.socket)
	passed := make(chan Event, 9)
	r.OnEvent(func(x Event) { passed <- x })
	b := subscribe(t, r, "0")
	for i, action := range []string{"start", "die"} {
		e.events <- eventLine(action, time.Now())
		if got, _ := next(t, b); got != action {
			t.Errorf("event %q, want %q", got, action)
		}
		if x := <-passed; string(x.Action) != action || x.Index != i || x.Request != 0 {
			t.Errorf("told of %+v", x)
		}
	}
	if n := r.RepeatEvents(9); n != 2 {
		t.Errorf("%d events are repeated", n)
	}
	for _, action := range []string{"start", "die"} {
		if got, _ := next(t, b); got != action {
			t.Errorf("again %q, want %q", got, action)
		}
	}
	if n := r.InjectEvents([]byte(eventLine("pause", time.Now()) + "\n")); n != 1 {
		t.Errorf("injected into %d streams", n)
	}
	if got, _ := next(t, b); got != "pause" {
		t.Errorf("injected came as %q", got)
	}
	if n := r.CutStreams(); n != 1 {
		t.Errorf("%d streams are cut", n)
	}
	if _, err := b.ReadByte(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the cut came as %v", err)
	}
	// The engine's own end is a clean one.
	b = subscribe(t, r, "0")
	e.events <- ""
	if _, err := b.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the end came as %v", err)
	}
	if n := len(passed); n != 0 {
		t.Errorf("told of %d events that are not the engine's", n)
	}
}

func TestFlood(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	r := New(t, e.socket)
	b := subscribe(t, r, "0")
	const perSecond = 5000
	f := r.Flood(perSecond)
	for i := range 1000 {
		line, err := b.ReadBytes('\n')
		if want := ForeignEvent(i, f.Begin, perSecond); err != nil || string(line) != string(want) {
			t.Fatalf("event %d is %q (%v), want %q", i, line, err, want)
		}
		var x Event
		if err := json.Unmarshal(line, &x); err != nil || len(x.Actor.ID) != 64 {
			t.Fatalf("event %d: %v in %q", i, err, line)
		}
	}
	took := time.Since(f.Begin)
	if took < 150*time.Millisecond {
		t.Errorf("1000 events came within %s", took)
	}
	// The rest is read, so that the flood can end.
	rest := make(chan int64)
	go func() {
		n, _ := io.Copy(io.Discard, b) // until the cut
		rest <- n
	}()
	events, bytes := f.Stop()
	r.CutStreams()
	if <-rest; events < 1000 || bytes < int64(events)*400 {
		t.Errorf("%d events of %d bytes were sent", events, bytes)
	}
	t.Logf("%d events of %d bytes, the first 1000 in %s", events, bytes, took)
}

// TestClose: a relay that ends takes along what hangs.
func TestClose(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	r := New(t, e.socket)
	c := connect(t, r)
	r.Intercept(at(Before, Delay(time.Hour)))
	answered := make(chan error, 1)
	go func() {
		_, err := create(t.Context(), c)
		answered <- err
	}()
	b := subscribe(t, r, "0")
	r.Flood(5000) // nobody reads: it hangs as well
	lab.Eventually(t, patience, "the create", func() error {
		if len(r.Requests(Call("POST", "/containers/create"))) == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-answered; err == nil {
		t.Error("the create has an answer")
	}
	if _, err := io.Copy(io.Discard, b); err == nil {
		t.Error("the stream has an end")
	}
	if e.done(theCreate) != 0 {
		t.Error("the engine got the create")
	}
}

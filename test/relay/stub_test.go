package relay

import (
	"context"
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

// engine answers a few calls as an engine does, and keeps what it carried out.
type engine struct {
	socket string
	events chan string // lines for the one open stream

	mu    sync.Mutex
	calls []string
	since []string
	open  int // streams of events
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
		e.open++
		e.mu.Unlock()
		defer func() {
			e.mu.Lock()
			e.open--
			e.mu.Unlock()
		}()
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

// awaitNoStream waits until the engine has noticed that nobody hears it: until then
// it may say the next thing to the one who has left.
func (e *engine) awaitNoStream(t *testing.T) {
	t.Helper()
	lab.Eventually(t, patience, "the engine's end of the stream", func() error {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.open > 0 {
			return fmt.Errorf("there are %d", e.open)
		}
		return nil
	})
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

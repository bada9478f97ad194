package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// TestShutdown: the end ends every stream, also one that is not read, and is
// not put off by a client that does not take its answer.
func TestShutdown(t *testing.T) {
	within(t, Options{}, func(w *world) {
		read, unread := w.events(w.ask("GET", "/events", nil)), w.ask("GET", "/events", nil)
		take(read)
		asking := w.dial()
		if _, err := fmt.Fprint(asking, "GET /status HTTP/1.1\r\nHost: foster\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		w.step(died, fault) // within the pause between two writes
		began := time.Now()
		w.end()
		var last event
		for last = range read { // up to its end
		}
		if last.kind != "entry" || !strings.Contains(last.data, `"kind":"fault"`) {
			t.Errorf("the last word is %v", last)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("a stream ended after %s", took)
		}
		if err := <-w.served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		w.served <- nil
		if took := time.Since(began); took > endTimeout+100*time.Millisecond {
			t.Errorf("the end took %s", took)
		}
		if _, err := io.ReadAll(unread.Body); err == nil {
			t.Error("the stream that was not read ended as if it were whole")
		}
	})
}

// late is a connection whose writes need a second to end once it is closed.
type late struct {
	net.Conn
	ended *atomic.Bool // a write that was cut off is over
}

func (l late) Write(b []byte) (int, error) {
	n, err := l.Conn.Write(b)
	if err != nil {
		time.Sleep(time.Second)
		l.ended.Store(true)
	}
	return n, err
}

// TestServeWaits: no stream is left behind, neither at the end nor when the
// listener fails.
func TestServeWaits(t *testing.T) {
	for name, end := range map[string]func(*world){"the end": func(w *world) { w.end() }, "a failed listener": func(w *world) { _ = w.Close() }} {
		t.Run(name, func(t *testing.T) {
			within(t, Options{}, func(w *world) {
				here, there := net.Pipe()
				var ended atomic.Bool
				w.conns <- late{there, &ended}
				defer here.Close()
				if _, err := io.WriteString(here, "GET /events HTTP/1.1\r\nHost: foster\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // the stream writes, and nobody reads
				end(w)
				if err := <-w.served; (err != nil) != (name == "a failed listener") {
					t.Errorf("Serve: %v", err)
				}
				w.served <- nil
				if !ended.Load() {
					t.Error("Serve is over, and a stream is not")
				}
			})
		})
	}
}

// TestTimeouts: a client that does not finish its request, sends too much of
// it, does not take the answer, or keeps a connection for nothing, is cut off.
func TestTimeouts(t *testing.T) {
	const request = "GET /status HTTP/1.1\r\nHost: foster\r\n\r\n"
	for _, c := range []struct {
		name    string
		request string
		reads   bool
		within  time.Duration
	}{
		{"no request", "", true, headerTimeout},
		{"half a header", "GET /status HTTP/1.1\r\nHost:", true, headerTimeout},
		{"idle", request, true, idleTimeout},
		{"no reader", request, false, writeTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			within(t, Options{}, func(w *world) {
				conn := w.dial()
				began := time.Now()
				if _, err := io.WriteString(conn, c.request); err != nil {
					t.Fatal(err)
				}
				if !c.reads {
					time.Sleep(c.within + time.Second)
				}
				_, _ = io.ReadAll(conn) // up to its end
				if took := time.Since(began); took < c.within || took > c.within+time.Second {
					t.Errorf("it was cut off after %s, want %s", took, c.within)
				}
			})
		})
	}
	within(t, Options{}, func(w *world) {
		resp := w.ask("GET", "/status", http.Header{"X-Long": {strings.Repeat("x", 2*maxHeader)}})
		if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("a header of %d bytes: %d", 2*maxHeader, resp.StatusCode)
		}
	})
}

// TestConnections: there are no more than so many; the next one waits until one
// of them ends.
func TestConnections(t *testing.T) {
	within(t, Options{}, func(w *world) {
		for range maxConns {
			w.dial()
		}
		began := time.Now()
		w.dial()
		if took := time.Since(began); took != headerTimeout {
			t.Errorf("one too many waited for %s, the others are cut off after %s", took, headerTimeout)
		}
	})
}

// TestBody: whoever reads a request's body gets a bounded one.
func TestBody(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprint(w, n, " ", err)
	})
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/", strings.NewReader(strings.Repeat("x", 1<<20)))
	w := httptest.NewRecorder()
	New(nil, Options{Page: page}).Handler().ServeHTTP(w, r)
	if got := w.Body.String(); got != "1024 http: request body too large" {
		t.Errorf("of a megabyte came %q", got)
	}
}

// TestPanic: a bug in an answer ends the answer, is told, and nothing else.
func TestPanic(t *testing.T) {
	var log bytes.Buffer
	page := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a bug") })
	within(t, Options{Page: page, Log: zerolog.New(&log)}, func(w *world) {
		conn := w.dial()
		if _, err := fmt.Fprint(conn, "GET /x HTTP/1.1\r\nHost: foster\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(conn); len(b) > 0 || err != nil {
			t.Errorf("the answer is %q, %v", b, err)
		}
		if resp := w.ask("GET", "/healthz", nil); !strings.HasPrefix(body(t, resp), "starting") {
			t.Error("nothing is answered any more")
		}
	})
	if got := log.String(); !strings.Contains(got, `"level":"error","path":"/x","panic":"a bug"`) || strings.Count(got, "\n") != 1 {
		t.Errorf("the log says %s", got)
	}
}

// TestCut: an answer that its handler cuts is cut, which is no bug.
func TestCut(t *testing.T) {
	var log bytes.Buffer
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half of it")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	within(t, Options{Page: page, Log: zerolog.New(&log)}, func(w *world) {
		b, err := io.ReadAll(w.ask("GET", "/x", nil).Body)
		if string(b) != "half of it" || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the answer is %q, %v", b, err)
		}
	})
	if log.Len() > 0 {
		t.Errorf("the log says %s", log.String())
	}
}

// TestLoopback: what is served to this host alone is not told to web pages of
// other names that resolve to it.
func TestLoopback(t *testing.T) {
	for address, names := range map[string]map[string]int{
		"127.0.0.1": {"localhost:9180": 200, "127.0.0.1:9180": 200, "[::1]:9180": 200, "foster.localhost": 200, "10.0.0.7": 200, "evil.example.org": 421, "evil.example.org:9180": 421, "localhost.example.org": 421},
		"10.0.0.7":  {"evil.example.org": 200, "node7:9180": 200},
	} {
		for name, want := range names {
			r := httptest.NewRequestWithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, net.Addr(&net.TCPAddr{IP: net.ParseIP(address), Port: 9180})), "GET", "/livez", nil)
			r.Host = name
			w := httptest.NewRecorder()
			New(nil, Options{Page: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}).Handler().ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("%s asked on %s: %d, want %d", name, address, w.Code, want)
			}
		}
	}
}

package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Relay passes on what comes to its socket. Its methods may be called at any
// time, from any goroutine, the functions given to it included.
type Relay struct {
	dir    string
	engine string // path of the engine's socket
	server *http.Server
	ctx    context.Context // ends with Close
	stop   context.CancelFunc
	wire   *http.Transport
	served chan error

	mu        sync.Mutex
	closed    bool
	running   sync.WaitGroup // the requests and floods under way
	requests  []*Request
	intercept func(Exchange) Action
	onEvent   func(Event)
	streams   map[*stream]struct{}
	clients   int      // open connections
	events    int      // passed on so far
	last      [][]byte // the event lines passed on last, for RepeatEvents
	steps     []step   // of the engine's clock
}

// Request is one that a client made.
type Request struct {
	Index     int // in the order of arrival, from 0
	Method    string
	Path      string // without the API version
	Query     url.Values
	Body      []byte
	Time      time.Time // of its arrival
	Forwarded bool      // the engine has got it
	Engine    int       // the status of the engine's answer, 0 as long as there is none
	Status    int       // the status that the client was given, 0 as long as it was given none
}

// Is says whether it is this call. A "*" in path stands for one element of it.
func (q Request) Is(method, path string) bool {
	ok, err := filepath.Match(path, q.Path)
	return err == nil && ok && q.Method == method
}

func (q Request) String() string {
	return fmt.Sprintf("%d %s %s %d", q.Index, q.Method, q.Path, q.Status)
}

// New starts a relay that ends with the test.
func New(t testing.TB, engineSocket string) *Relay {
	t.Helper()
	r, err := Start(engineSocket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// Start starts a relay, which lives until Close.
func Start(engineSocket string) (*Relay, error) {
	// A path of a unix socket has at most 107 bytes, which a test's directory may exceed.
	dir, err := os.MkdirTemp("", "relay-")
	if err != nil {
		return nil, fmt.Errorf("start a relay: %w", err)
	}
	r := &Relay{dir: dir, engine: engineSocket, served: make(chan error, 1), streams: map[*stream]struct{}{}}
	listener, err := net.Listen("unix", r.socket())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a relay: %w", err), os.RemoveAll(dir))
	}
	r.ctx, r.stop = context.WithCancel(context.Background())
	// One connection for each request: a kept one would be tried again by itself.
	r.wire = &http.Transport{DisableKeepAlives: true, DisableCompression: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", r.engine)
	}}
	r.server = &http.Server{Handler: http.HandlerFunc(r.serve), ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute, ConnState: r.connected}
	go func() { r.served <- r.server.Serve(listener) }()
	return r, nil
}

func (r *Relay) socket() string { return filepath.Join(r.dir, "relay.sock") }

// Host is the relay's address, as DOCKER_HOST takes it.
func (r *Relay) Host() string { return "unix://" + r.socket() }

// Close ends all connections and floods, and waits for their end. A second
// Close does nothing.
func (r *Relay) Close() error {
	r.mu.Lock()
	closed := r.closed
	r.closed = true
	r.mu.Unlock()
	if closed {
		return nil
	}
	r.stop()
	err := r.server.Close()
	if served := <-r.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	r.running.Wait()
	r.wire.CloseIdleConnections()
	return errors.Join(err, os.RemoveAll(r.dir))
}

// begin counts something that Close waits for; false after Close.
func (r *Relay) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.running.Add(1)
	}
	return !r.closed
}

// Intercept asks f at both points of each request from now on; nil passes
// everything. f is called from the request's own goroutine and may take its
// time, as for killing the client.
func (r *Relay) Intercept(f func(Exchange) Action) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.intercept = f
}

func (r *Relay) ask(q *Request, p Point) Action {
	r.mu.Lock()
	f, now := r.intercept, *q
	r.mu.Unlock()
	if f == nil {
		return Pass()
	}
	return f(Exchange{Request: now, Point: p})
}

// Requests are those that match all of the conditions so far, in the order of
// their arrival.
func (r *Relay) Requests(match ...func(Request) bool) []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []Request
next:
	for _, q := range r.requests {
		for _, ok := range match {
			if !ok(*q) {
				continue next
			}
		}
		found = append(found, *q)
	}
	return found
}

// Call is a condition for Requests: see Request.Is.
func Call(method, path string) func(Request) bool {
	return func(q Request) bool { return q.Is(method, path) }
}

var version = regexp.MustCompile(`^/v\d+\.\d+/`)

// arrived records a request.
func (r *Relay) arrived(in *http.Request, body []byte) *Request {
	path := in.URL.Path
	if v := version.FindString(path); v != "" {
		path = "/" + strings.TrimPrefix(path, v)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	q := &Request{Index: len(r.requests), Method: in.Method, Path: path, Query: in.URL.Query(), Body: body, Time: time.Now()}
	r.requests = append(r.requests, q)
	return q
}

// note changes the record of a request.
func (r *Relay) note(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

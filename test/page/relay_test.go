package page

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// relay is a way to a project that can go silent: then it takes everything,
// says nothing, and ends no connection.
type relay struct {
	net.Listener
	silent atomic.Bool
	asked  chan struct{} // has an element when a browser's words were taken in silence
}

// newRelay leads to an address until the end of the test.
func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: listener, asked: make(chan struct{}, 1)}
	var all sync.WaitGroup
	var mu sync.Mutex
	ends := []io.Closer{listener}
	pass := func(from, to net.Conn, missed func()) {
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			switch {
			case err != nil:
			case r.silent.Load():
				missed()
			default:
				_, err = to.Write(buf[:n])
			}
			if err != nil {
				_ = to.Close()
				return
			}
		}
	}
	all.Go(func() {
		for {
			here, err := listener.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", to)
			if err != nil {
				_ = here.Close()
				continue
			}
			mu.Lock()
			ends = append(ends, here, there)
			mu.Unlock()
			all.Go(func() { pass(here, there, r.unanswered) })
			all.Go(func() { pass(there, here, func() {}) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, end := range ends {
			_ = end.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return r
}

func (r *relay) unanswered() {
	select {
	case r.asked <- struct{}{}:
	default:
	}
}

func (r *relay) url() string { return "http://" + r.Addr().String() + "/" }

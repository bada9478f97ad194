package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// askEvery is the resolution of the downtime.
const askEvery = time.Millisecond

// Probe is a client that asks once per millisecond. Questions overlap: while
// nobody answers each waits for its own timeout. There are never more on their
// way than fit into one timeout, so they cannot pile up.
type Probe struct {
	url     string
	timeout time.Duration
	limit   int
	ask     func(ctx context.Context) error
	close   func()
	outages *outages
}

// NewProbe reads an http:// or https:// URL or tcp://host:port. fresh makes
// every HTTP question on a connection of its own; otherwise connections are
// kept, as most clients do. TCP connections are always fresh: to be accepted is
// the answer.
func NewProbe(text string, timeout time.Duration, fresh bool) (*Probe, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("is no URL")
	}
	if timeout < askEvery {
		return nil, fmt.Errorf("cannot be asked with a timeout of %s", timeout)
	}
	p := &Probe{url: u.Redacted(), timeout: timeout, limit: int(timeout / askEvery), outages: newOutages(), close: func() {}}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		// A resolver of its own for each question: one shares a lookup among all
		// who ask, and in it all would wait for what a name server that was asked
		// while the child was gone never answers.
		dialer := net.Dialer{Timeout: timeout, Resolver: &net.Resolver{PreferGo: true}}
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		noLinger(conn)
		return conn, nil
	}
	switch {
	case u.Scheme == "tcp" && u.Port() != "" && (u.Path == "" || u.Path == "/"):
		p.ask = func(ctx context.Context) error {
			conn, err := dial(ctx, "tcp", u.Host)
			if err != nil {
				return err
			}
			return conn.Close()
		}
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
		transport := &http.Transport{
			Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: p.limit, DisableKeepAlives: fresh, TLSHandshakeTimeout: timeout,
			DialContext: dial,
		}
		p.close = transport.CloseIdleConnections
		p.ask = func(ctx context.Context) error { return get(ctx, transport, u.String()) }
	default:
		return nil, errors.New("is neither http://host[:port]/path nor tcp://host:port")
	}
	return p, nil
}

// noLinger closes a connection without the minute of memory that the kernel
// keeps of it: a thousand a second would use up the ports.
func noLinger(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the probe works all the same, for a while
	}
}

// get asks once; redirects are answers. What a proxy says of a dead server is none.
func get(ctx context.Context, transport http.RoundTripper, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "foster-chaos")
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	// All of it, so that the connection can be used again and a server that
	// hangs in mid-answer is found out; not more than a page.
	if _, err := io.CopyN(io.Discard, resp.Body, 256<<10); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	return nil
}

// run asks until ctx ends, and returns when the last question has ended.
func (p *Probe) run(ctx context.Context) {
	var questions sync.WaitGroup
	defer p.close()
	defer questions.Wait()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if p.outages.inFlight() >= p.limit {
			continue
		}
		a := p.outages.ask(time.Now())
		questions.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, p.timeout)
			defer cancel()
			err := p.ask(ctx)
			p.outages.end(a, time.Now(), err)
		})
	}
}

// answers waits until a question that was asked at a time or later is answered.
func (p *Probe) answers(ctx context.Context, at time.Time, timeout time.Duration) bool {
	limit := time.NewTimer(timeout)
	defer limit.Stop()
	for {
		ok, changed := p.outages.answered(at)
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-limit.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

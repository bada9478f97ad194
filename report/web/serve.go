package web

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/net/netutil"

	"foster/state"
)

const (
	headerTimeout = 5 * time.Second  // for a request's header
	readTimeout   = 10 * time.Second // for all of a request
	writeTimeout  = 10 * time.Second // for an answer, and for each write to a stream
	idleTimeout   = time.Minute      // between two requests of one connection
	endTimeout    = time.Second      // for the answers that are on their way at the end
	maxHeader     = 16 << 10         // bytes
	maxBody       = 1 << 10          // bytes; no request needs any
	maxConns      = 256              // at once; further ones wait to be accepted
)

// Serve answers on a listener, which it closes, until the context ends; that is
// no error. It returns when every stream has ended, at most endTimeout later. A
// Server serves one listener at a time.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	streams, end := context.WithCancel(ctx)
	defer end()
	srv := &http.Server{
		Handler: s.Handler(), BaseContext: func(net.Listener) context.Context { return streams },
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: log.New(lines{s.opts.Log}, "", 0),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(netutil.LimitListener(listener, maxConns)) }()
	select {
	case err := <-failed:
		end()
		_ = srv.Close() // its connections; the listener is gone already
		s.wait()
		return fmt.Errorf("serve HTTP on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
		defer cancel()
		if srv.Shutdown(closing) != nil {
			_ = srv.Close() // those who do not take their answer
		}
		<-failed
		s.wait()
		return nil
	}
}

// wait returns when no stream is open: Close ends their connections, but waits
// for none of them. It takes the place of each, and gives it back.
func (s *Server) wait() {
	for range maxStreams {
		s.streams <- struct{}{}
	}
	for range maxStreams {
		<-s.streams
	}
}

// lines takes what net/http says of its clients, one line at a time.
type lines struct{ log zerolog.Logger }

func (l lines) Write(p []byte) (int, error) {
	l.log.Debug().Str(state.KeyDetail, strings.TrimSpace(string(p))).Msg("an HTTP client did something unexpected")
	return len(p), nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/rs/zerolog"

	"foster/report/metrics"
	"foster/report/web"
	"foster/state"
)

// endpoint is where HTTP is served; the zero value is nowhere.
type endpoint struct {
	Network string // tcp or unix
	Address string
}

// socketPathMax is the longest path of a unix socket that a kernel takes.
const socketPathMax = 107

// parseEndpoint reads :port, address:port, localhost:port or unix:///path. An
// error says what is wrong with it, as a Problem does.
func parseEndpoint(s string) (endpoint, error) {
	if path, ok := strings.CutPrefix(s, "unix://"); ok {
		switch {
		case !filepath.IsAbs(path) || filepath.Clean(path) != path || path == "/":
			return endpoint{}, errors.New("does not name a file by its whole path")
		case len(path) > socketPathMax:
			return endpoint{}, fmt.Errorf("is longer than the %d characters that a socket's path may have", socketPathMax)
		}
		return endpoint{"unix", path}, nil
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return endpoint{}, errors.New("is not an address and a port")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return endpoint{}, errors.New("has no port between 1 and 65535")
	}
	if host != "" && host != "localhost" {
		if _, err := netip.ParseAddr(host); err != nil {
			return endpoint{}, errors.New("has a name where an address of this host should be")
		}
	}
	return endpoint{"tcp", s}, nil
}

// listen opens the endpoint. A unix socket that nobody listens on any more is
// replaced; nothing else is.
func (e endpoint) listen(ctx context.Context) (net.Listener, error) {
	if e.Network == "unix" {
		if err := e.clear(ctx); err != nil {
			return nil, err
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, e.Network, e.Address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if e.Network == "unix" { // it is removed when it is closed
		if err := os.Chmod(e.Address, 0o660); err != nil {
			_ = l.Close()
			return nil, fmt.Errorf("keep the socket from others: %w", err)
		}
	}
	return l, nil
}

// clear removes the socket of a foster that was killed.
func (e endpoint) clear(ctx context.Context) error {
	info, err := os.Lstat(e.Address)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look at what is at the socket's path: %w", err)
	case info.Mode().Type() != os.ModeSocket:
		return fmt.Errorf("%s is there and is no socket: remove it, or choose another path", e.Address)
	}
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", e.Address)
	switch {
	case err == nil:
		_ = conn.Close()
		return fmt.Errorf("%s: %w by another program", e.Address, syscall.EADDRINUSE)
	case !errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("ask who listens on the socket: %w", err)
	}
	if err := os.Remove(e.Address); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the socket that nobody listens on: %w", err)
	}
	return nil
}

// connect makes the engine's client, whose calls are measured when somebody can
// ask for that.
func (c *configured) connect() (Engine, *metrics.Calls, error) {
	if c.settings.Listen == (endpoint{}) {
		engine, err := newEngine(c.outside)
		return engine, nil, err
	}
	calls := metrics.NewCalls()
	engine, err := newMeasuredEngine(c.outside, calls)
	return engine, calls, err
}

// The pauses between two tries to listen.
const (
	listenPause    = time.Second
	listenPauseMax = 30 * time.Second
)

// serve answers HTTP until the context ends. A place that cannot be had is
// tried for again and again: a former instance may have it for a while, and no
// child shall go unwatched because nobody can watch foster.
func serve(ctx context.Context, where endpoint, server *web.Server, log zerolog.Logger) error {
	log = log.With().Str("listen", where.Address).Logger()
	pause := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(listenPause), backoff.WithMaxInterval(listenPauseMax), backoff.WithMaxElapsedTime(0),
	)
	for failures := 0; ; {
		listener, err := where.listen(ctx)
		if err == nil {
			log.Info().Int(state.KeyAttempt, failures).Msg("serving HTTP")
			failures = 0
			pause.Reset()
			err = server.Serve(ctx, listener)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		level := zerolog.DebugLevel
		if failures++; failures == 1 {
			level = zerolog.WarnLevel
		}
		wait := pause.NextBackOff()
		log.WithLevel(level).Err(err).Dur(state.KeyWait, wait.Round(time.Millisecond)).Msg("HTTP cannot be served, trying again; the children do not mind")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

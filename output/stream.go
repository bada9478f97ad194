package output

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/docker/docker/api/types/container"
)

const (
	// openTimeout is for the head of the engine's answer: it is sent before the
	// first message, so only an engine that is stuck takes long.
	openTimeout = 10 * time.Second
	// readSize is what is read at once: one message of the most usual size.
	readSize = 16 << 10
)

var errOpenTimeout = fmt.Errorf("the engine does not begin the log within %s: %w", openTimeout, os.ErrDeadlineExceeded)

// read relays what the engine has past the position, and with follow also what
// comes of this run. Without an error the stream has ended as the engine wanted it to.
func (f *follower) read(ctx context.Context, follow bool, run int) error {
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	if follow {
		f.mu.Lock()
		f.cut, f.cutRun = func() { cut(nil) }, run
		f.mu.Unlock()
		defer func() {
			f.mu.Lock()
			f.cut = nil
			f.mu.Unlock()
		}()
	}
	windows := f.pos.windows()
	for i, w := range windows {
		err := f.stream(ctx, cut, w, i < len(windows)-1, follow)
		if !errors.Is(err, errGap) {
			return err
		}
	}
	return errGap // the last window has none
}

func (f *follower) stream(ctx context.Context, cut context.CancelCauseFunc, w window, tailed, follow bool) error {
	options := container.LogsOptions{ShowStdout: true, ShowStderr: true, Timestamps: true, Follow: follow, Tail: "all"}
	if w.tail > 0 {
		options.Tail = strconv.Itoa(w.tail)
	}
	if !w.since.IsZero() {
		options.Since = w.since.UTC().Format(time.RFC3339Nano)
	}
	late := time.AfterFunc(openTimeout, func() { cut(errOpenTimeout) })
	body, err := f.relay.cfg.Engine.ContainerLogs(ctx, f.id, options)
	late.Stop()
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errOpenTimeout) {
			err = cause
		}
		return fmt.Errorf("read the log of container %s: %w", short(f.id), err)
	}
	defer body.Close()
	defer f.mouth.pause()
	d := demux{to: &sieve{pos: &f.pos, mouth: f.mouth, ctx: ctx, tailed: tailed}}
	buf := make([]byte, readSize)
	opened, works := time.Now(), false
	for {
		f.reading.Store(true)
		n, err := body.Read(buf)
		f.reading.Store(false)
		f.moved.Add(1)
		if err := d.feed(buf[:n]); err != nil {
			return fmt.Errorf("read the log of container %s: %w", short(f.id), err)
		}
		f.mouth.pause()
		// A child that is silent has streams as well, which break now and then.
		if !works && (n > 0 || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) || time.Since(opened) > retryMost) {
			f.works()
			works = true
		}
		if err == io.EOF && d.inside() {
			err = io.ErrUnexpectedEOF
		}
		switch {
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the log of container %s: %w", short(f.id), err)
		}
	}
}

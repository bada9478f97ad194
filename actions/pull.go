package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/pkg/jsonmessage"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rs/zerolog"

	"foster/state"
)

// errStalled is why a pull ends that makes no progress.
var errStalled = fmt.Errorf("no progress for %s: %w", pullStall, os.ErrDeadlineExceeded)

// pull fetches an image. Cancelling ctx ends it at once: the engine gives a
// pull up when its client goes.
func (r *Runner) pull(ctx context.Context, want wanted, log zerolog.Logger) error {
	if err := acquire(ctx, r.pulls); err != nil {
		return err
	}
	defer func() { <-r.pulls }()
	auth, from, err := r.auth(ctx, want.ref)
	if err != nil {
		return err
	}
	level := zerolog.InfoLevel
	if r.failures.failing(want.pull()) {
		level = zerolog.DebugLevel
	}
	told := log.WithLevel(level)
	if from != "" {
		told.Str("credentials", from)
	}
	told.Msg("pulling")

	pctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(pullStall, func() { cancel(errStalled) })
	defer watchdog.Stop()

	options := image.PullOptions{RegistryAuth: auth, Platform: platformText(want.platform)}
	progress := newPullProgress(log, level)
	err = retry(pctx, VerbPull, func() error {
		stream, err := r.cfg.Engine.ImagePull(pctx, want.ref, options)
		if err != nil {
			return err
		}
		defer stream.Close()
		return follow(stream, func(m jsonmessage.JSONMessage) {
			watchdog.Reset(pullStall)
			progress.note(m)
		})
	})
	doing := fmt.Sprintf("pull image %q", want.ref)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fail(VerbPull, doing, ctx.Err())
	case errors.Is(context.Cause(pctx), errStalled):
		return &opError{class: state.Transient, doing: doing, err: errStalled}
	}
	return refused(doing, from, err)
}

// refused is the error of a pull, with what only the pull knows: where the
// credentials came from, and how long the registry wants to be left alone.
func refused(doing, from string, err error) error {
	class, hint, _ := judge(VerbPull, err)
	if hint == hintLogin {
		hint = hintNoLogin
		if from != "" {
			hint = "these are the credentials from " + from + "; " + hintLogin
		}
	}
	return &opError{class: class, doing: doing, err: err, hint: hint, pause: pauseAsked(err.Error())}
}

// auth asks for credentials, and says where they came from. Broken ones are a
// matter of configuration; a helper that does not answer may do so later.
func (r *Runner) auth(ctx context.Context, ref string) (encoded, from string, err error) {
	if r.cfg.Auth == nil {
		return "", "", nil
	}
	err = call(ctx, authTimeout, func(ctx context.Context) (err error) {
		encoded, from, err = r.cfg.Auth(ctx, ref)
		return err
	})
	doing := fmt.Sprintf("find credentials for image %q", ref)
	switch {
	case errdefs.IsInvalidArgument(err):
		return "", "", &opError{class: state.Permanent, doing: doing, err: err}
	case errors.Is(err, context.Canceled):
		return "", "", &opError{class: state.Canceled, doing: doing, err: err}
	case err != nil:
		return "", "", &opError{class: state.Transient, doing: doing, err: err}
	}
	return encoded, from, nil
}

// follow reads the stream to its end. An error that the engine reports inside
// of the stream is the pull's.
func follow(stream io.Reader, each func(jsonmessage.JSONMessage)) error {
	dec := json.NewDecoder(stream)
	for {
		var m jsonmessage.JSONMessage
		err := dec.Decode(&m)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the progress: %w", err)
		case m.Error != nil:
			return m.Error
		}
		each(m)
	}
}

func platformText(p *ocispec.Platform) string {
	if p == nil {
		return ""
	}
	return path.Join(p.OS, p.Architecture, p.Variant)
}

// turns lets one at a time do the same thing.
type turns struct {
	mu    sync.Mutex
	slots map[string]chan struct{}
}

// take waits for the turn, or for the end of ctx. waited: somebody else has had
// it meanwhile.
func (t *turns) take(ctx context.Context, what string) (waited bool, release func(), err error) {
	t.mu.Lock()
	slot, ok := t.slots[what]
	if !ok {
		if t.slots == nil {
			t.slots = map[string]chan struct{}{}
		}
		slot = make(chan struct{}, 1)
		t.slots[what] = slot
	}
	t.mu.Unlock()
	release = func() { <-slot }
	select {
	case slot <- struct{}{}:
		return false, release, nil
	default:
	}
	return true, release, acquire(ctx, slot)
}

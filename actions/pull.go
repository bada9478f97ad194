package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/pkg/jsonmessage"
	"github.com/docker/go-units"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rs/zerolog"

	"foster/spec"
	"foster/state"
)

// progressEvery is the least time between two lines on one pull.
const progressEvery = 5 * time.Second

// errStalled is why a pull ends that makes no progress.
var errStalled = fmt.Errorf("no progress for %s", pullStall)

// pull fetches a child's image. Cancelling ctx ends it at once: the engine
// gives a pull up when its client goes.
func (r *Runner) pull(ctx context.Context, c *spec.Child) error {
	if err := acquire(ctx, r.pulls); err != nil {
		return err
	}
	defer func() { <-r.pulls }()
	doing := fmt.Sprintf("pull image %q", c.Image)
	auth, err := r.auth(ctx, c.Image)
	if err != nil {
		return err
	}
	log := r.cfg.Log.With().Str("child", c.Name).Str("image", c.Image).Logger()
	log.Info().Msg("pulling")
	began := time.Now()

	pctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(pullStall, func() { cancel(errStalled) })
	defer watchdog.Stop()

	options := image.PullOptions{RegistryAuth: auth, Platform: platformText(c.Platform)}
	progress := newPullProgress(log)
	err = retry(pctx, VerbPull, func() error {
		stream, err := r.cfg.Engine.ImagePull(pctx, c.Image, options)
		if err != nil {
			return err
		}
		defer stream.Close()
		return follow(stream, func(m jsonmessage.JSONMessage) {
			watchdog.Reset(pullStall)
			progress.note(m)
		})
	})
	switch {
	case err == nil:
		log.Info().Dur("took", time.Since(began)).Msg("pulled")
		return nil
	case ctx.Err() != nil:
		return fail(VerbPull, doing, ctx.Err())
	case errors.Is(context.Cause(pctx), errStalled):
		return &opError{class: state.Transient, doing: doing, err: errStalled}
	}
	return fail(VerbPull, doing, err)
}

// auth asks for credentials. Broken ones are a matter of configuration; a
// helper that does not answer may do so later.
func (r *Runner) auth(ctx context.Context, ref string) (string, error) {
	if r.cfg.Auth == nil {
		return "", nil
	}
	var encoded string
	err := call(ctx, authTimeout, func(ctx context.Context) (err error) {
		encoded, err = r.cfg.Auth(ctx, ref)
		return err
	})
	doing := fmt.Sprintf("find credentials for image %q", ref)
	switch {
	case errdefs.IsInvalidArgument(err):
		return "", &opError{class: state.Permanent, doing: doing, err: err}
	case errors.Is(err, context.Canceled):
		return "", &opError{class: state.Canceled, doing: doing, err: err}
	case err != nil:
		return "", &opError{class: state.Transient, doing: doing, err: err}
	}
	return encoded, nil
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

// pullProgress turns hundreds of messages into a line now and then.
type pullProgress struct {
	log    zerolog.Logger
	last   time.Time
	layers map[string]layer
}

type layer struct {
	done        bool
	bytes, size int64
}

func newPullProgress(log zerolog.Logger) *pullProgress {
	return &pullProgress{log: log, last: time.Now(), layers: map[string]layer{}}
}

func (p *pullProgress) note(m jsonmessage.JSONMessage) {
	l := p.layers[m.ID]
	switch m.Status {
	case "Pulling fs layer", "Waiting", "Download complete", "Verifying Checksum", "Extracting":
	case "Downloading":
		if m.Progress != nil {
			l.bytes, l.size = m.Progress.Current, max(l.size, m.Progress.Total)
		}
	case "Pull complete", "Already exists":
		l.done, l.bytes = true, l.size
	default:
		return // on the image as a whole
	}
	p.layers[m.ID] = l
	if now := time.Now(); now.Sub(p.last) >= progressEvery {
		p.last = now
		p.tell()
	}
}

func (p *pullProgress) tell() {
	done := 0
	var bytes, size int64
	for _, l := range p.layers {
		if l.done {
			done++
		}
		bytes, size = bytes+l.bytes, size+l.size
	}
	p.log.Info().Int("layers", len(p.layers)).Int("layers_done", done).
		Str("fetched", units.HumanSize(float64(bytes))).Str("of", units.HumanSize(float64(size))).Msg("pulling")
}

package output

import (
	"context"
	"errors"

	"github.com/containerd/errdefs"
	"github.com/rs/zerolog"

	"foster/state"
)

// series is how often something failed in a row, of one child: a container that
// dies with it does not end it.
type series struct {
	failures int
	said     bool // as a warning
}

// fails logs that the log cannot be read. The first time is mostly a stream's
// end, and what the engine's absence explains is said by who watches it.
func (f *follower) fails(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return
	}
	if refuses(err) {
		f.refusals++
	}
	r := f.relay
	level := zerolog.DebugLevel
	r.mu.Lock()
	s := r.failing[f.child]
	if s.failures++; s.failures > 1 && !s.said && r.streamUp {
		level, s.said = zerolog.WarnLevel, true
	}
	r.failing[f.child] = s
	r.mu.Unlock()
	r.cfg.Log.WithLevel(level).Str(state.KeyChild, f.child).Str(state.KeyContainer, short(f.id)).Err(err).
		Msg("the child's output cannot be read, trying again")
}

// works ends a series of failures.
func (f *follower) works() {
	f.refusals = 0
	r := f.relay
	r.mu.Lock()
	s := r.failing[f.child]
	delete(r.failing, f.child)
	r.mu.Unlock()
	if s.said {
		r.cfg.Log.Info().Str(state.KeyChild, f.child).Str(state.KeyContainer, short(f.id)).Int(state.KeyAttempt, s.failures).
			Msg("the child's output is read again")
	}
}

// refuses: the engine has answered, and does not give the log. Waiting does not
// help as it does where the way to it is broken.
func refuses(err error) bool {
	_, inside := errors.AsType[*engineError](err)
	return inside || errdefs.IsPermissionDenied(err) || errdefs.IsUnauthorized(err) || errdefs.IsInternal(err) || errdefs.IsInvalidArgument(err)
}

// loses says that a container is removed though its last lines may not have come.
func (r *Relay) loses(f *follower, why string) {
	level := zerolog.DebugLevel
	r.mu.Lock()
	s := r.losing[f.child]
	if s.failures++; !s.said {
		level, s.said = zerolog.WarnLevel, true
	}
	r.losing[f.child] = s
	r.mu.Unlock()
	r.cfg.Log.WithLevel(level).Str(state.KeyChild, f.child).Str(state.KeyContainer, short(f.id)).Str(state.KeyDetail, why).
		Msg("the last lines of the child's output may be lost: its container is removed now")
}

// keeps ends a series of such losses.
func (r *Relay) keeps(f *follower) {
	r.mu.Lock()
	s := r.losing[f.child]
	delete(r.losing, f.child)
	r.mu.Unlock()
	if s.failures > 0 {
		r.cfg.Log.Info().Str(state.KeyChild, f.child).Str(state.KeyContainer, short(f.id)).Int(state.KeyAttempt, s.failures).
			Msg("the last lines of the child's output come again before its container is removed")
	}
}

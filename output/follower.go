package output

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/containerd/errdefs"
	"github.com/rs/zerolog"

	"foster/state"
)

// known is what is known of a container.
type known struct {
	runs   bool
	starts int  // how often that became so
	ending bool // it waits for its last lines, and is removed then
	torn   bool // it is removed while it runs
	gone   bool // it was removed, or another one is in its place
}

// follower relays the log of one container.
type follower struct {
	relay   *Relay
	child   string
	id      string
	adopted bool      // a former foster may have relayed some of it
	before  *follower // the child's container before this one; may be nil
	pos     position
	mouth   *mouth

	failures int  // of reading the log, in a row
	said     bool // that it fails

	poked   chan struct{}
	ended   chan struct{} // nothing more comes
	moved   atomic.Uint64 // changes with everything that is read or written
	reading atomic.Bool   // it waits for the engine

	mu    sync.Mutex
	known known
	cut   context.CancelFunc // ends the stream that is followed
}

func newFollower(r *Relay, child int, id string, adopted bool) *follower {
	prefix := r.prefixes[child]
	return &follower{
		relay: r, child: r.cfg.Children[child].Name, id: id, adopted: adopted, mouth: newMouth(r.cfg.Sink, prefix),
		poked: make(chan struct{}, 1), ended: make(chan struct{}),
	}
}

func (f *follower) know(change func(*known)) {
	f.mu.Lock()
	change(&f.known)
	f.mu.Unlock()
	f.poke()
}

func (f *follower) now() known {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known
}

func (f *follower) poke() {
	select {
	case f.poked <- struct{}{}:
	default:
	}
}

const (
	// retryFirst is short: a stream that ends mostly means a death, of which the
	// event comes at once; else it was cut, and the next is to be had.
	retryFirst = 100 * time.Millisecond
	retryMost  = 5 * time.Second
)

// run relays until the container is gone and everything of it is on its way.
func (f *follower) run(ctx context.Context) {
	defer close(f.ended)
	defer f.fallSilent(ctx)
	if f.before != nil {
		f.before.allow(ctx, recovering.still)
		f.before = nil
	}
	if f.adopted {
		f.pos.from = f.relay.former(ctx, f.id)
	}
	wait := backoff.NewExponentialBackOff(backoff.WithInitialInterval(retryFirst), backoff.WithMaxInterval(retryMost), backoff.WithMaxElapsedTime(0))
	read := -1 // the starts after which the log was read to its end
	for ctx.Err() == nil {
		k := f.now()
		last := k.ending || k.gone
		switch {
		case read == k.starts && last:
			return
		case read == k.starts, !k.runs && k.starts == 0 && !last: // or there is nothing yet
			f.pause(ctx, nil)
			continue
		}
		count, began := f.pos.count, time.Now()
		err := f.read(ctx, k.runs && !last)
		complete := err == nil && (!k.runs || last)
		switch {
		case errdefs.IsNotImplemented(err):
			f.relay.cannotRead(f.child, f.id, err)
			return
		case errdefs.IsNotFound(err), errdefs.IsConflict(err): // it is gone, or about to be
			return
		case complete:
			read = k.starts
			if f.mouth.finish(ctx) != nil {
				return
			}
			continue
		}
		f.fails(ctx, err)
		if f.pos.count != count || time.Since(began) > retryMost {
			wait.Reset()
		}
		if f.now() == k { // else there is something to do at once
			timer := time.NewTimer(wait.NextBackOff())
			f.pause(ctx, timer.C)
			timer.Stop()
		}
	}
}

// allow waits for the last lines of a container that vanished: lines of one child
// are to come in their order, but not at the price of the next.
func (f *follower) allow(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-f.ended:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// fails logs that the log cannot be read. The first time is mostly a stream's
// end, and what the engine's absence explains is said by who watches it.
func (f *follower) fails(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return
	}
	level := zerolog.DebugLevel
	if f.failures++; f.failures > 1 && !f.said && f.relay.up() {
		level, f.said = zerolog.WarnLevel, true
	}
	f.relay.cfg.Log.WithLevel(level).Str(state.KeyChild, f.child).Str(state.KeyContainer, short(f.id)).Err(err).
		Msg("the child's output cannot be read, trying again")
}

// works ends a series of failures.
func (f *follower) works() {
	if f.said {
		f.relay.cfg.Log.Info().Str(state.KeyChild, f.child).Str(state.KeyContainer, short(f.id)).Int(state.KeyAttempt, f.failures).
			Msg("the child's output is read again")
	}
	f.failures, f.said = 0, false
}

// pause waits until something is known anew, a timer ends, or ctx does.
func (f *follower) pause(ctx context.Context, timer <-chan time.Time) {
	select {
	case <-f.poked:
	case <-timer:
	case <-ctx.Done():
	}
}

// fallSilent leaves no line open that others would wait for.
func (f *follower) fallSilent(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), retryFirst)
	defer cancel()
	_ = f.mouth.finish(ctx) // who does not take it keeps what it was
	f.mouth.pause()
}

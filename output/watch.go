package output

import (
	"context"
	"time"
)

// quiet is how long a stream of a run that is over may be silent: the log is
// read without following it then. The end of such a stream may be missed.
const quiet = 250 * time.Millisecond

// watch ends what may have no end of its own: a stream of a run that is over,
// and, once the container is gone, everything that does not move. giveUp calls
// the follower off.
func (f *follower) watch(ctx context.Context, giveUp func()) {
	for {
		select {
		case <-f.turned:
			f.settle(ctx, giveUp)
		case <-ctx.Done():
			return
		}
	}
}

func (f *follower) settle(ctx context.Context, giveUp func()) {
	if !f.stale() {
		return
	}
	tick := time.NewTicker(drainTick)
	defer tick.Stop()
	moved, at := f.moved.Load(), time.Now()
	for f.stale() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if now := f.moved.Load(); now != moved {
			moved, at = now, time.Now()
			continue
		}
		switch still := time.Since(at); {
		case still >= recovering.still && f.now().gone:
			giveUp()
			return
		case still >= quiet && f.reading.Load() && f.stale():
			f.stopFollowing()
		}
	}
}

// stale: the container is gone, or what is followed is a run that is over.
func (f *follower) stale() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known.gone || f.cut != nil && (!f.known.runs && !f.known.torn || f.known.starts != f.cutRun)
}

// stopFollowing ends the stream that is followed, if there is one.
func (f *follower) stopFollowing() {
	f.mu.Lock()
	cut := f.cut
	f.cut = nil
	f.mu.Unlock()
	if cut != nil {
		cut()
	}
}

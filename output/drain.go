package output

import (
	"context"
	"time"

	"foster/state"
)

// patience is how long the removal of a container waits for its last lines.
type patience struct {
	all   time.Duration
	still time.Duration // without anything that moves
}

// The engine is done with the log of a container before it says that it died:
// nothing is waited for but the way. Where a stop has to fit into foster's
// grace it is shorter, and with the second signal nobody wants to wait.
var (
	recovering = patience{all: 10 * time.Second, still: 2 * time.Second}
	stopping   = patience{all: 1500 * time.Millisecond, still: time.Second}
	hurrying   = patience{all: 300 * time.Millisecond, still: 300 * time.Millisecond}
)

const (
	drainTick = 50 * time.Millisecond
	// quiet is how long a stream of a container that has ended may be silent: it
	// is read without following it then. The end of such a stream may be missed.
	quiet = 250 * time.Millisecond
)

// Drain returns when the last lines of a container that has ended are on their
// way, so that it may be removed. It waits for a time at most, and says then
// what may be lost. A container that is not followed is drained.
func (r *Relay) Drain(ctx context.Context, containerID string) {
	r.mu.Lock()
	f := r.followers[containerID]
	p := recovering
	switch {
	case r.killed:
		p = hurrying
	case r.closing:
		p = stopping
	}
	r.mu.Unlock()
	if f == nil || f.now().torn {
		return // what it still has comes while it is removed
	}
	f.know(func(k *known) { k.ending = true })
	all := time.NewTimer(p.all)
	defer all.Stop()
	tick := time.NewTicker(drainTick)
	defer tick.Stop()
	moved, at := f.moved.Load(), time.Now()
	why := ""
	for why == "" {
		select {
		case <-f.ended:
			return
		case <-ctx.Done():
			return
		case <-all.C:
			why = "there was more than could be relayed within " + p.all.String()
		case <-tick.C:
			now := f.moved.Load()
			if now != moved {
				moved, at = now, time.Now()
				continue
			}
			switch still := time.Since(at); {
			case still >= p.still:
				why = "nothing moved for " + p.still.String()
			case still >= quiet && f.reading.Load():
				f.stopFollowing()
			}
		}
	}
	r.cfg.Log.Warn().Str(state.KeyChild, f.child).Str(state.KeyContainer, short(containerID)).Str(state.KeyDetail, why).
		Msg("the last lines of the child's output may be lost: its container is removed now")
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

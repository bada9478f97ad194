package output

import (
	"context"
	"time"
)

// patience is how long the removal of a container waits for its last lines.
type patience struct {
	all   time.Duration
	still time.Duration // without anything that moves
}

// The engine is done with the log of a container before it says that it died:
// nothing is waited for but the way. Where a stop has to fit into foster's
// grace it is shorter, and with the second signal nobody wants to wait. One that
// is torn away is not waited for at all.
var (
	recovering = patience{all: 10 * time.Second, still: 2 * time.Second}
	stopping   = patience{all: 1500 * time.Millisecond, still: time.Second}
	hurrying   = patience{all: 300 * time.Millisecond, still: 300 * time.Millisecond}
)

// drainTick is how often a removal that waits looks how it goes.
const drainTick = 50 * time.Millisecond

// account is for how long removals have waited, all together: children that are
// taken down one after the other have one time between them.
type account struct {
	waiting int           // removals, now
	since   time.Time     // when the first of them began to, or the account
	spent   time.Duration // before that
}

func (a *account) begin(now time.Time) { a.since, a.spent = now, 0 }

func (a *account) enter(now time.Time) {
	if a.waiting++; a.waiting == 1 {
		a.since = now
	}
}

func (a *account) leave(now time.Time) {
	if a.waiting--; a.waiting == 0 {
		a.spent += now.Sub(a.since)
	}
}

// used is for one who waits.
func (a *account) used(now time.Time) time.Duration { return a.spent + now.Sub(a.since) }

// patience is how long a removal that waits may do so as things are now, and how
// long it did.
func (r *Relay) patience(began time.Time) (p patience, used time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	switch {
	case r.killed:
		return hurrying, r.waited.used(now)
	case r.closing:
		return stopping, r.waited.used(now)
	}
	return recovering, now.Sub(began)
}

// Drain returns when the last lines of a container that has ended are on their
// way, so that it may be removed. It waits for a time at most, which a stop
// makes shorter also for those that wait already, and says then what may be
// lost. A container that is not followed is drained, and so is one that may still
// run: its log has no end before it is removed.
func (r *Relay) Drain(ctx context.Context, containerID string) {
	r.mu.Lock()
	f := r.followers[containerID]
	r.mu.Unlock()
	if f == nil || f.now().torn {
		return // what it still has comes while it is removed
	}
	f.know(func(k *known) { k.ending = true })
	began := time.Now()
	r.account(func() { r.waited.enter(began) })
	defer r.account(func() { r.waited.leave(time.Now()) })
	tick := time.NewTicker(drainTick)
	defer tick.Stop()
	moved, at := f.moved.Load(), began
	for {
		select {
		case <-f.ended:
			if f.refused != nil {
				r.loses(f, f.refused.Error())
			} else {
				r.keeps(f)
			}
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now := f.moved.Load(); now != moved {
			moved, at = now, time.Now()
		}
		p, used := r.patience(began)
		switch still := time.Since(at); {
		case used >= p.all:
			r.loses(f, "there was more than could be relayed within "+p.all.String())
			return
		case still >= p.still:
			r.loses(f, "nothing moved for "+p.still.String())
			return
		case still >= quiet && f.reading.Load():
			f.stopFollowing()
		}
	}
}

func (r *Relay) account(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

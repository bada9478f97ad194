package output

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/containerd/errdefs"
)

// known is what is known of a container.
type known struct {
	runs   bool
	starts int  // how often that became so
	ending bool // it waits for its last lines, and is removed then
	over   bool // its follower has seen it end, and reads no more
	torn   bool // it is removed while it may still run
	gone   bool // it was removed, or another one is in its place
}

func (k *known) run(runs bool) {
	if runs && !k.runs {
		k.starts++
	}
	k.runs = runs
}

// follower relays the log of one container.
type follower struct {
	relay   *Relay
	child   string
	id      string
	adopted bool      // a former foster may have relayed some of it
	before  *follower // the child's container before this one; may be nil
	same    *follower // of this very container, which was to be removed and was not; may be nil
	pos     position
	mouth   *mouth

	refusals int   // by the engine to give the log, in a row
	refused  error // why its end is not known; to be read when it has ended

	poked   chan struct{}
	turned  chan struct{} // for watch
	ended   chan struct{} // nothing more comes
	moved   atomic.Uint64 // changes with everything that is read or written
	reading atomic.Bool   // it waits for the engine

	mu     sync.Mutex
	known  known
	cut    context.CancelFunc // ends the stream that is followed
	cutRun int                // the starts after which it began
}

func newFollower(r *Relay, child int, id string, adopted bool) *follower {
	prefix := r.prefixes[child]
	f := &follower{
		relay: r, child: r.cfg.Children[child].Name, id: id, adopted: adopted, mouth: newMouth(r.cfg.Sink, prefix),
		poked: make(chan struct{}, 1), turned: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	f.mouth.moved = &f.moved
	return f
}

func (f *follower) know(change func(*known)) {
	f.mu.Lock()
	change(&f.known)
	f.mu.Unlock()
	f.poke()
	signal(f.turned)
}

// goOn takes back that the container is about to be removed. It is false when
// the follower has ended for that.
func (f *follower) goOn() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known.ending = false
	return !f.known.over
}

// end says whether the container is still to be removed, or is gone: then the
// follower is to end.
func (f *follower) end() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known.over = f.known.over || f.known.ending || f.known.gone
	return f.known.over
}

func (f *follower) now() known {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known
}

func (f *follower) poke() { signal(f.poked) }

const (
	// retryFirst is short: a stream that ends mostly means a death, of which the
	// event comes at once; else it was cut, and the next is to be had.
	retryFirst = 100 * time.Millisecond
	retryMost  = 5 * time.Second
)

// run relays until the container is gone and everything of it is on its way.
func (f *follower) run(ctx context.Context) {
	defer close(f.ended)
	ctx, giveUp := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer giveUp()
	watching.Go(func() { f.watch(ctx, giveUp) })
	defer f.fallSilent(ctx)
	defer f.know(func(k *known) { k.over = true })
	switch {
	case f.same != nil:
		select {
		case <-f.same.ended:
			f.pos = f.same.pos
		case <-ctx.Done():
			return
		}
	case f.before != nil:
		f.before.allow(ctx, recovering.still)
	}
	f.before, f.same = nil, nil
	if f.adopted {
		f.pos.from = f.relay.former(ctx, f.child, f.id)
	}
	wait := backoff.NewExponentialBackOff(backoff.WithInitialInterval(retryFirst), backoff.WithMaxInterval(retryMost), backoff.WithMaxElapsedTime(0))
	read := -1 // the starts after which the log was read to its end
	for ctx.Err() == nil {
		k := f.now()
		last := k.ending || k.gone
		switch {
		case read == k.starts && last:
			if f.end() {
				return
			}
			continue
		case read == k.starts, !k.runs && k.starts == 0 && !last: // or there is nothing yet
			f.pause(ctx, nil)
			continue
		}
		count, began := f.pos.count, time.Now()
		err := f.read(ctx, k.runs && !last, k.starts)
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
		if err != nil && last && (k.gone || f.refusals > 1) && f.end() {
			f.refused = err
			return
		}
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

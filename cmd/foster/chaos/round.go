package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/client"
)

// Round is one fault and what came of it.
type Round struct {
	N         int
	Target    *Target
	Kind      Kind
	Network   string    // of a cut
	Container string    // that the fault hit
	At        time.Time // of the fault's event, by the engine's clock
	// Ran is how long the run had lasted that the fault ended; Early says that
	// this was less than the foster's stable time, so that the recovery contains
	// its pause.
	Ran   time.Duration
	Early bool

	Recovered bool
	Recovery  time.Duration // 0 when the engine's events for it were lost
	Measured  bool          // Recovery counts
	Replaced  bool          // a cut or paused container that did not run on
	Why       string        // not recovered

	Probed  bool          // the client lost its answers in this round
	Down    time.Duration // for so long
	Outages int           // in so many parts
}

// Fault is what was done, in words.
func (r Round) Fault() string { return fault{r.Kind, r.Network}.String() }

// errVanished: the container was not there for the fault; nothing was done.
var errVanished = errors.New("its container was gone before the fault")

// round does one fault and waits until the child is whole again, or for the
// timeout. An error other than errVanished ends the run; the Round counts when
// its At is set.
func (r *runner) round(ctx context.Context, n int, t *Target, f fault, c container.InspectResponse) (Round, error) {
	out := Round{N: n, Target: t, Kind: f.kind, Network: f.network, Container: c.ID}
	mark := r.rec.mark()
	if r.probe != nil {
		r.stray = append(r.stray, r.probe.outages.drain()...)
	}
	callErr := r.carryOut(ctx, f, c)
	begun, err := r.begun(ctx, f, c, mark, callErr)
	if !errors.Is(err, errVanished) {
		defer r.takeBack(ctx, f, c, &out)
	}
	if err != nil {
		return out, err
	}
	out.At = time.Unix(0, begun)
	if started, err := time.Parse(time.RFC3339Nano, c.State.StartedAt); err == nil && f.kind.Ends() {
		out.Ran = max(0, out.At.Sub(started))
		out.Early = out.Ran < t.Stable
	}
	if f.kind == Pause {
		held := pause(ctx, r.options.PauseFor)
		if err := r.unpause(ctx, c); err != nil {
			return out, err
		}
		if !held {
			return out, ctx.Err()
		}
	}
	r.tell.doing("waits for " + t.Name() + " after " + f.String())
	var now container.InspectResponse
	err = r.await(ctx, r.options.Timeout, func(ctx context.Context) (err error) {
		now, err = r.look(ctx, t)
		return err
	})
	switch {
	case errors.Is(err, errNotWhole):
		out.Why = reason(err)
		return out, nil
	case err != nil:
		return out, err
	}
	out.Recovered = true
	out.Replaced = now.ID != c.ID && !f.kind.Ends()
	whole, err := r.madeWhole(ctx, t.mending(f, c, now), now.State.StartedAt, mark)
	if err != nil {
		return out, err
	}
	if whole > begun {
		out.Recovery, out.Measured = time.Duration(whole-begun), true
	}
	return out, r.watchClient(ctx, &out)
}

// watchClient waits until the probe is answered again, and counts what it lost.
func (r *runner) watchClient(ctx context.Context, out *Round) error {
	if r.probe == nil {
		return nil
	}
	r.tell.doing("waits for an answer of " + r.probe.url)
	answered := r.probe.answers(ctx, time.Now(), r.options.Timeout)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, o := range r.probe.outages.drain() {
		out.Probed = true
		out.Down += o.to.Sub(o.from)
		out.Outages++
	}
	if !answered {
		out.Recovered, out.Measured = false, false
		out.Why = "it is whole, but " + r.probe.url + " does not answer: " + r.probe.outages.last()
	}
	return nil
}

// carryOut makes the fault's call.
func (r *runner) carryOut(ctx context.Context, f fault, c container.InspectResponse) error {
	timeout := callTimeout
	if f.kind == Stop {
		timeout += 10 * time.Second // the engine's own grace
		if c.Config.StopTimeout != nil {
			timeout += time.Duration(*c.Config.StopTimeout) * time.Second
		}
	}
	return tell(ctx, timeout, func(ctx context.Context) error {
		switch f.kind {
		case Kill:
			return r.engine.ContainerKill(ctx, c.ID, "KILL")
		case Stop:
			return r.engine.ContainerStop(ctx, c.ID, container.StopOptions{})
		case Remove:
			return r.engine.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		case Cut:
			return r.engine.NetworkDisconnect(ctx, f.network, c.ID, true)
		case Pause:
			return r.engine.ContainerPause(ctx, c.ID)
		}
		return fmt.Errorf("no such fault: %s", f.kind)
	})
}

// begins says whether an event is the one that a fault begins with.
func (f fault) begins(m events.Message, id string) bool {
	switch f.kind {
	case Cut:
		return m.Type == events.NetworkEventType && m.Action == events.ActionDisconnect &&
			m.Actor.Attributes["container"] == id && m.Actor.Attributes["name"] == f.network
	case Pause:
		return m.Type == events.ContainerEventType && m.Action == events.ActionPause && m.Actor.ID == id
	}
	// A container that is removed while it does not run any more dies no second time.
	return m.Type == events.ContainerEventType && (m.Action == events.ActionDie || m.Action == events.ActionDestroy) && m.Actor.ID == id
}

// eventGrace is how long an event may be on its way after the call has answered.
const eventGrace = 5 * time.Second

// begun waits for the fault's event. A call that failed may have had its effect
// all the same: who answers a fault quickly gets in the way of its end.
func (r *runner) begun(ctx context.Context, f fault, c container.InspectResponse, mark int, callErr error) (int64, error) {
	grace := eventGrace
	if callErr != nil {
		grace = time.Second
	}
	limit := time.NewTimer(grace)
	defer limit.Stop()
	for {
		seen, changed := r.rec.after(mark)
		if i := slices.IndexFunc(seen, func(m events.Message) bool { return f.begins(m, c.ID) }); i >= 0 {
			return seen[i].TimeNano, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-limit.C:
			switch {
			case callErr == nil:
				return 0, fmt.Errorf("%s %.12s: the engine did it, and sent no event of it within %s", f, c.ID, grace)
			case errdefs.IsNotFound(callErr), errdefs.IsConflict(callErr):
				return 0, errVanished
			}
			err := fmt.Errorf("%s %.12s: %w", f, c.ID, callErr)
			if client.IsErrConnectionFailed(callErr) || errors.Is(callErr, context.DeadlineExceeded) {
				return 0, &LostError{err}
			}
			return 0, err
		}
	}
}

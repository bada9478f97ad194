package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"
)

// Config is what Run works with.
type Config struct {
	Engine  Engine
	Options Options
	Targets []*Target // of Survey
	Probe   *Probe    // nil for none
	Tell    *Report
	// Stop is closed to end after the present round. The end of Run's context
	// ends the round too, and takes back what chaos did in it.
	Stop <-chan struct{}
}

// runner is the state of one run.
type runner struct {
	engine  Engine
	options Options
	targets []*Target
	probe   *Probe
	tell    *Report
	stop    <-chan struct{}
	rec     *recorder
	lost    map[*Target]bool // not whole after a timeout, and not since
	stray   []outage         // that began outside of any round
	scopes  scopes
}

// errStopped: Stop was closed while nothing was broken.
var errStopped = errors.New("stopped")

// Run breaks and measures until the rounds are done, Stop is closed or nobody
// is left to break. What it measured is in the Summary, also beside an error.
func Run(ctx context.Context, cfg Config) (*Summary, error) {
	r := &runner{
		engine: cfg.Engine, options: cfg.Options, targets: cfg.Targets, probe: cfg.Probe,
		tell: cfg.Tell, stop: cfg.Stop, lost: map[*Target]bool{}, scopes: scopes{engine: cfg.Engine},
	}
	s := newSummary(cfg)
	work, cancel := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer cancel()
	var err error
	if r.rec, err = newRecorder(work, r.engine); err != nil {
		return s, &LostError{err}
	}
	tasks.Go(func() { r.rec.run(work) })
	if r.probe != nil {
		tasks.Go(func() { r.probe.run(work) })
	}
	err = r.rounds(ctx, s)
	if errors.Is(err, errStopped) {
		err = nil
	}
	s.finish(r)
	return s, err
}

func (r *runner) rounds(ctx context.Context, s *Summary) error {
	if err := r.begin(ctx); err != nil {
		return err
	}
	p := newPlan(r.options.Seed, r.targets, r.options.Every, r.options.Jitter)
	last, due := "its own", time.Now()
	for n := 1; r.options.Rounds == 0 || n <= r.options.Rounds; {
		if len(r.lost) == len(r.targets) {
			r.tell.note("no child is left to break: %d of %d rounds were done", n-1, r.options.Rounds)
			return nil
		}
		t, f, gap := p.draw()
		if r.lost[t] && !r.back(ctx, t) {
			continue
		}
		if err := r.sleep(ctx, time.Until(due)); err != nil {
			return err
		}
		c, err := r.ready(ctx, s, t, n-1, last)
		switch {
		case errors.Is(err, errNotWhole):
			continue
		case err != nil:
			return err
		}
		r.tell.doing(f.String() + " " + t.Name())
		round, err := r.round(ctx, n, t, f, c)
		if errors.Is(err, errVanished) {
			continue
		}
		if !round.At.IsZero() && (err == nil || ctx.Err() != nil) {
			s.add(round, err != nil)
		}
		if err != nil {
			return err
		}
		r.tell.round(round)
		if !round.Recovered {
			r.lost[t] = true
		}
		last = round.Fault() + " of " + t.Name()
		if err := r.others(ctx, s, t, n, last); err != nil {
			return err
		}
		due = time.Now().Add(gap)
		n++
	}
	return nil
}

// begin waits until there is something to break and to measure with.
func (r *runner) begin(ctx context.Context) error {
	for _, t := range slices.Clone(r.targets) {
		err := r.awaitWhole(ctx, t)
		if errors.Is(err, errNotWhole) {
			r.tell.note("%s is left out: it is not whole to begin with: %s", t.Name(), reason(err))
			r.targets = slices.DeleteFunc(slices.Clone(r.targets), func(o *Target) bool { return o == t })
			continue
		}
		if err != nil {
			return err
		}
	}
	if len(r.targets) == 0 {
		return errors.New("no child is whole to begin with: nothing was broken")
	}
	if r.probe != nil && !r.probe.answers(ctx, time.Now(), min(r.options.Timeout, firstAnswer)) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%s does not answer to begin with, nothing was broken: %s", r.probe.url, r.probe.outages.last())
	}
	if r.probe != nil {
		r.probe.outages.drain()
	}
	return nil
}

// firstAnswer is how long the probe may take until its first answer.
const firstAnswer = 10 * time.Second

// ready waits until the drawn child may be broken: whole and, if that was asked
// for, stable. One that is not whole in time, though it was after the last
// round, is lost.
func (r *runner) ready(ctx context.Context, s *Summary, t *Target, n int, last string) (container.InspectResponse, error) {
	r.tell.doing("waits for " + t.Name() + " to be whole")
	err := r.awaitWhole(ctx, t)
	if errors.Is(err, errNotWhole) {
		s.gaveUp(r, t, n, "after "+last, reason(err))
		return container.InspectResponse{}, err
	}
	if err != nil {
		return container.InspectResponse{}, err
	}
	c, err := r.look(ctx, t)
	if err != nil {
		return c, err // not whole any more: drawn anew
	}
	if started, parseErr := time.Parse(time.RFC3339Nano, c.State.StartedAt); parseErr == nil && r.options.Stable {
		if wait := t.Stable + stableMargin - r.rec.now().Sub(started); wait > 0 {
			r.tell.doing("waits until " + t.Name() + " has run for " + t.Stable.String())
			if err := r.sleep(ctx, wait); err != nil {
				return c, err
			}
			return r.look(ctx, t)
		}
	}
	return c, nil
}

// stableMargin is for a foster that sees a start a little later.
const stableMargin = 200 * time.Millisecond

// others waits for the children that the fault hit beside its target: those
// that depend on it or share its namespaces.
func (r *runner) others(ctx context.Context, s *Summary, broken *Target, n int, last string) error {
	for _, t := range r.targets {
		if t == broken || r.lost[t] {
			continue
		}
		r.tell.doing("waits for " + t.Name() + " to be whole")
		err := r.await(ctx, r.options.Timeout, func(ctx context.Context) error {
			_, err := r.look(ctx, t)
			return err
		})
		if errors.Is(err, errNotWhole) {
			s.gaveUp(r, t, n, "after "+last, reason(err))
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// back says whether a lost child is whole again by now.
func (r *runner) back(ctx context.Context, t *Target) bool {
	if _, err := r.look(ctx, t); err != nil {
		return false
	}
	delete(r.lost, t)
	r.tell.note("%s is whole again, later than --timeout", t.Name())
	return true
}

// look is one look at a child: nil when it is whole. What it has then beyond
// what was known of it, it must have from now on; one that is made from other
// settings is known anew.
func (r *runner) look(ctx context.Context, t *Target) (container.InspectResponse, error) {
	c, err := find(ctx, r.engine, t.Project, t.Child)
	if err == nil {
		err = runs(ctx, r.engine, c)
	}
	if err != nil {
		return c, err
	}
	swarm, err := r.scopes.of(ctx, c)
	if err != nil {
		return c, err
	}
	now := shapeOf(c, swarm)
	if now.hash != t.shape.hash {
		t.shape = now
	}
	if err := t.shape.lacks(c); err != nil {
		return c, err
	}
	for name, settings := range now.attachments {
		if t.shape.attachments[name] == nil {
			t.shape.attachments = maps.Clone(t.shape.attachments)
			t.shape.attachments[name] = settings
		}
	}
	return c, nil
}

// awaitWhole waits while nothing is broken: Stop ends it.
func (r *runner) awaitWhole(ctx context.Context, t *Target) error {
	return r.await(ctx, r.options.Timeout, func(ctx context.Context) error {
		select {
		case <-r.stop:
			return errStopped
		default:
		}
		_, err := r.look(ctx, t)
		return err
	})
}

// sleep passes the time between rounds.
func (r *runner) sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(max(0, d))
	defer timer.Stop()
	select {
	case <-r.stop:
		return errStopped
	default:
	}
	if d > 0 {
		r.tell.doing("pause until the next fault")
	}
	select {
	case <-timer.C:
		return nil
	case <-r.stop:
		return errStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

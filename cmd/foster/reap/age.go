package reap

import (
	"context"
	"slices"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/system"

	"foster/spec"
)

// date gives each orphan its age. The engine knows when a parent has ended
// while its container is there, and when a later foster of the project has,
// which may have taken the children over. A single run goes by that, and where
// it is not known by its own first look; a watch has always seen for itself.
func (r *Reaper) date(ctx context.Context, s *scene, found []Finding) error {
	clock := &engineClock{reaper: r}
	youngest := map[string]Finding{} // of the orphaned children, by project
	for i := range found {
		f := &found[i]
		if f.Verdict != Orphan {
			r.notOrphan(f.ID)
			continue
		}
		if f.Kind == Container {
			ended, err := r.ended(ctx, s, *f, clock)
			if err != nil {
				return err
			}
			f.due = r.orphanSince(f.ID, ended).Add(r.cfg.Grace)
			if !ended.IsZero() {
				f.Since = &ended
			}
			if y, ok := youngest[f.Project]; !ok || f.due.After(y.due) {
				youngest[f.Project] = *f
			}
			continue
		}
		// A network is as old an orphan as the last of the children, which are
		// judged before it.
		if y, ok := youngest[f.Project]; ok {
			f.Since, f.due = y.Since, y.due
			r.orphanSince(f.ID, y.due.Add(-r.cfg.Grace))
		} else {
			f.due = r.orphanSince(f.ID, time.Time{}).Add(r.cfg.Grace)
		}
	}
	r.forgetAges(found)
	return nil
}

// orphanSince notes that something is an orphan, and says since when it counts
// as one. evidence is zero when there is none.
func (r *Reaper) orphanSince(id string, evidence time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen, ok := r.since[id]
	switch {
	case !ok && (evidence.IsZero() || r.watching):
		seen = time.Now()
	case !ok || !r.watching && evidence.Sub(seen) > sameClock:
		seen = evidence
	}
	r.since[id] = seen
	return seen
}

func (r *Reaper) notOrphan(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.since, id)
}

// forgetAges drops what is gone.
func (r *Reaper) forgetAges(found []Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.since {
		if !slices.ContainsFunc(found, func(f Finding) bool { return f.ID == id }) {
			delete(r.since, id)
		}
	}
}

// ended is when the last foster that may have had an orphaned child ended, as
// far as the engine knows; the zero time when its parent is gone.
func (r *Reaper) ended(ctx context.Context, s *scene, f Finding, clock *engineClock) (time.Time, error) {
	if _, ok := s.byID[f.parent]; !ok {
		return time.Time{}, nil
	}
	ids := []string{f.parent}
	for _, c := range s.containers {
		if _, ok := c.Labels[spec.LabelLauncher]; !ok || runs(c) || c.ID == f.parent {
			continue
		}
		known, err := r.about(ctx, c.ID)
		l := known.launcher
		switch {
		case errdefs.IsNotFound(err):
		case err != nil:
			return time.Time{}, &LookError{err}
		case slices.Contains(l.claims, f.Project), l.opaque, l.service != "" && l.service == f.labels[spec.LabelService]:
			ids = append(ids, c.ID)
		}
	}
	var last time.Time
	for _, id := range ids {
		c, err := r.inspect(ctx, id)
		switch {
		case errdefs.IsNotFound(err):
			return time.Time{}, nil
		case err != nil:
			return time.Time{}, &LookError{err}
		}
		if at := finishedAt(c); at.After(last) {
			last = at
		}
	}
	if last.IsZero() {
		return last, nil
	}
	return clock.here(ctx, last), nil
}

// finishedAt is zero for a container that has never run.
func finishedAt(c container.InspectResponse) time.Time {
	at, err := time.Parse(time.RFC3339Nano, c.State.FinishedAt)
	if err != nil || at.Year() <= 1 {
		return time.Time{}
	}
	return at
}

// engineClock turns the engine's times into this machine's.
type engineClock struct {
	reaper *Reaper
	asked  bool
	ahead  time.Duration
}

// sameClock is what two looks at one clock may differ by.
const sameClock = 2 * time.Second

// here asks the engine for its time at the first call; one that does not tell
// is taken to have ours.
func (e *engineClock) here(ctx context.Context, at time.Time) time.Time {
	if !e.asked {
		e.asked = true
		info, err := ask(ctx, inspectTimeout, func(ctx context.Context) (system.Info, error) { return e.reaper.cfg.Engine.Info(ctx) })
		if now, parseErr := time.Parse(time.RFC3339Nano, info.SystemTime); err == nil && parseErr == nil {
			if ahead := time.Until(now); ahead.Abs() > sameClock {
				e.ahead = ahead
			}
		}
	}
	// Two clocks that count as the same differ a little all the same.
	if at = at.Add(-e.ahead); at.After(time.Now()) {
		return time.Now()
	}
	return at
}

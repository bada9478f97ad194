package reap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Once looks, waits until what is an orphan has been one for the grace, looks
// again and removes what still is. It says what it has found and done; orphans
// that came up while it waited are left to the next run. The error joins those
// of what could not be removed; a *LookError is the engine's silence.
func (r *Reaper) Once(ctx context.Context) ([]Finding, error) {
	found, err := r.look(ctx)
	if err != nil {
		return nil, err
	}
	if r.cfg.DryRun {
		for i, f := range found {
			if wait := time.Until(f.due).Round(time.Second); f.Verdict == Orphan && wait > 0 {
				found[i].Reason += fmt.Sprintf(" (due in %s)", wait)
			}
		}
		return r.withVolumes(ctx, found)
	}
	begun := time.Now()
	marked := map[string]bool{}
	for _, f := range found {
		marked[f.ID] = f.Verdict == Orphan
	}
	account := &account{}
	for {
		due, pending := split(found, marked, begun.Add(r.cfg.Grace))
		account.vanished(found)
		account.add(found)
		account.add(r.remove(ctx, due))
		if ctx.Err() != nil {
			return account.findings(), ctx.Err()
		}
		if len(pending) == 0 {
			return account.findings(), account.err()
		}
		if err := r.wait(ctx, pending); err != nil {
			return account.findings(), err
		}
		if found, err = r.look(ctx); err != nil {
			return account.findings(), err
		}
	}
}

// split tells the orphans of the first look that are due from those that will
// be by a time. Whatever is not among them it marks as kept.
func split(found []Finding, marked map[string]bool, by time.Time) (due, pending []Finding) {
	now := time.Now()
	for i, f := range found {
		switch {
		case f.Verdict != Orphan:
		case !marked[f.ID] || f.due.Sub(by) > sameClock:
			found[i] = f.keep("an orphan for less than the grace: " + f.Reason)
		case f.due.After(now):
			pending = append(pending, f)
		default:
			due = append(due, f)
		}
	}
	return due, pending
}

// account is what a run has to tell in the end, the last word on each object.
type account struct{ last []Finding }

func (a *account) add(found []Finding) {
	for _, f := range found {
		i := slices.IndexFunc(a.last, func(old Finding) bool { return old.Kind == f.Kind && old.ID == f.ID })
		if i < 0 {
			a.last = append(a.last, f)
		} else {
			a.last[i] = f
		}
	}
}

// vanished: orphans that a later look does not find have been removed by
// somebody else.
func (a *account) vanished(found []Finding) {
	for i, f := range a.last {
		if f.Verdict == Orphan && !slices.ContainsFunc(found, func(now Finding) bool { return now.ID == f.ID }) {
			a.last[i] = f.removed()
			a.last[i].Reason = "somebody else has removed it"
		}
	}
}

func (a *account) findings() []Finding { return a.last }

func (a *account) err() error {
	var errs []error
	for _, f := range a.last {
		if f.Verdict == Failed {
			errs = append(errs, errors.New(f.Reason))
		}
	}
	return errors.Join(errs...)
}

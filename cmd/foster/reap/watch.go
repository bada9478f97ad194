package reap

import (
	"context"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/rs/zerolog"

	"foster/state"
)

const (
	// lookPause is the least time between two looks that events ask for.
	lookPause = 500 * time.Millisecond
	// retryFirst and retryMost bound the pauses after a look or a removal that
	// has failed.
	retryFirst = time.Second
	retryMost  = 5 * time.Minute
)

// Watch removes what becomes an orphan, until ctx ends; then it returns nil.
// The end of a parent begins the grace; a look without a reason comes every
// Resync. What happened while the engine was away is not held against anybody:
// the grace begins anew with its return.
func (r *Reaper) Watch(ctx context.Context) error {
	r.watching = true
	w := &watch{
		Reaper: r, wake: make(chan struct{}, 1), parents: map[string]bool{}, known: map[string]Finding{}, tries: map[string]*tries{},
		trouble: newBackOff(), wakeAt: time.Now(),
	}
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { w.subscribe(ctx) })
	w.run(ctx)
	return nil
}

// watch is one Watch at work.
type watch struct {
	*Reaper
	wake chan struct{} // of one: look again

	parents  map[string]bool // whose end matters, under mu
	away     bool            // the engine refuses the stream of events, under mu
	returned bool            // the engine was away, under mu

	// The rest is the loop's own.
	known   map[string]Finding // what was told of last, by ID
	tries   map[string]*tries  // of what could not be removed
	silent  int                // looks in a row that failed
	renewed bool               // it was away, and a look has begun the grace anew
	trouble backoff.BackOff    // after looks that fail
	wakeAt  time.Time          // of the next look without an event
}

// tries are those of one object that resists.
type tries struct {
	failed int
	wait   backoff.BackOff
	next   time.Time
}

func newBackOff() backoff.BackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(retryFirst), backoff.WithMaxInterval(retryMost), backoff.WithMultiplier(2), backoff.WithMaxElapsedTime(0),
	)
}

func (w *watch) run(ctx context.Context) {
	for {
		timer := time.NewTimer(time.Until(w.wakeAt))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-w.wake:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
		began := time.Now()
		w.round(ctx)
		// Events that come close together are looked at together.
		pause := time.NewTimer(time.Until(began.Add(lookPause)))
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

// round looks, removes what is due, and sets the time of the next look.
func (w *watch) round(ctx context.Context) {
	w.begin()
	found, err := w.look(ctx)
	if err == nil && w.answersFirst() {
		found, err = w.look(ctx)
	}
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		pause := w.trouble.NextBackOff()
		w.wakeAt = time.Now().Add(pause)
		level := zerolog.DebugLevel
		if w.silent++; w.silent == 1 {
			level = zerolog.WarnLevel
		}
		w.cfg.Log.WithLevel(level).Err(err).Dur(state.KeyWait, pause.Round(time.Millisecond)).Msg("could not look at the engine, trying again")
		return
	}
	if w.silent > 0 {
		w.cfg.Log.Info().Int(state.KeyAttempt, w.silent).Msg("the engine answers again")
		w.silent = 0
		w.trouble.Reset()
	}
	w.follow(found)
	w.tell(found)
	now := time.Now()
	w.wakeAt = now.Add(w.cfg.Resync)
	var due []Finding
	for _, f := range found {
		if f.Verdict != Orphan {
			delete(w.tries, f.ID)
			continue
		}
		at := f.due
		if t := w.tries[f.ID]; t != nil && t.next.After(at) {
			at = t.next
		}
		if at.After(now) {
			w.sooner(at)
		} else {
			due = append(due, f)
		}
	}
	if len(due) == 0 {
		return
	}
	for _, f := range w.remove(ctx, due) {
		if ctx.Err() == nil {
			w.result(f)
		}
	}
}

// begin begins the grace anew if the engine has returned.
func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.returned {
		w.returned, w.renewed = false, false
		clear(w.since)
	}
}

// answersFirst: a look succeeds, and the stream of an engine that was away is
// not open yet. The grace begins anew all the same, once: for an engine that
// refuses every stream it must end, too.
func (w *watch) answersFirst() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.away || w.renewed && w.silent == 0 {
		return false
	}
	w.renewed = true
	clear(w.since)
	return true
}

func (w *watch) sooner(at time.Time) {
	if at.Before(w.wakeAt) {
		w.wakeAt = at
	}
}

// follow notes whose end matters. It forgets nobody: a child may have been made
// after the look began.
func (w *watch) follow(found []Finding) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range found {
		if f.parent != "" {
			w.parents[f.parent] = true
		}
	}
}

// tell logs what is new since the last look.
func (w *watch) tell(found []Finding) {
	before := w.known
	w.known = map[string]Finding{}
	for _, f := range found {
		w.known[f.ID] = f
		old, seen := before[f.ID]
		switch {
		case f.Verdict == Orphan && (!seen || old.Verdict != Orphan):
			w.about(w.cfg.Log.Info(), f).Dur(state.KeyWait, max(0, time.Until(f.due)).Round(time.Millisecond)).Msg("an orphan: it goes unless a foster takes it over")
		case f.Verdict == Kept && seen && old.Verdict == Orphan:
			w.about(w.cfg.Log.Info(), f).Msg("no longer an orphan")
		case f.Verdict == Kept && f.doubt && (!seen || old.Reason != f.Reason):
			w.about(w.cfg.Log.Info(), f).Msg("kept, although no foster is seen to have it")
		}
	}
}

// result logs what has become of something that was due, and when to try again.
func (w *watch) result(f Finding) {
	switch f.Verdict {
	case Removed:
		e := w.about(w.cfg.Log.Info(), f)
		if t := w.tries[f.ID]; t != nil {
			e.Int(state.KeyAttempt, t.failed)
		}
		delete(w.known, f.ID)
		delete(w.tries, f.ID)
		e.Msg("removed")
	case Failed:
		t := w.tries[f.ID]
		level := zerolog.DebugLevel
		if t == nil {
			t = &tries{wait: newBackOff()}
			w.tries[f.ID] = t
			level = zerolog.WarnLevel
		}
		t.failed++
		pause := t.wait.NextBackOff()
		t.next = time.Now().Add(pause)
		w.sooner(t.next)
		w.about(w.cfg.Log.WithLevel(level), f).Dur(state.KeyWait, pause.Round(time.Millisecond)).Msg("could not be removed, trying again")
	default:
		w.known[f.ID] = f
		w.about(w.cfg.Log.Info(), f).Msg("no longer an orphan")
	}
}

func (w *watch) about(e *zerolog.Event, f Finding) *zerolog.Event {
	key := map[Kind]string{Container: state.KeyContainer, Network: state.KeyNetwork, Volume: "volume"}[f.Kind]
	e.Str("project", f.Project).Str(key, f.Name)
	if f.Parent != "" {
		e.Str("parent", f.Parent)
	}
	return e.Str(state.KeyDetail, f.Reason)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// defaultBound is how long anything may take to be whole once the last fault has ceased. foster itself needs a second or
// two. What it cannot hurry is, one after the other in the worst case:
//
//	15 s  until the manager holds a silent node for down, or 8 s until a node's agent tries to reach the manager again
//	12 s  for the end of an old task: two for its service's endpoint, ten of grace
//	60 s  that a manager waits for an old task's end that it is not told of, before it starts the new one
//	20 s  of an engine's call that attaches to an overlay while the manager is away: a call cannot be taken back
//	 5 s  the longest pause between two tries, and 2 s the restart delay of the services
//
// and each start of a chain of children, a healthcheck's interval among them, on a machine with two cores.
const defaultBound = 2 * time.Minute

// calm is how long everything must be whole, and no container of foster's change, to count.
const calm = 1500 * time.Millisecond

// rounds goes on until the time is over. A round that has begun is finished.
func (s *soak) rounds(ctx context.Context) error {
	p := newPlan(s.o, s.launchers)
	begun := time.Now()
	for number := 1; time.Since(begun) < s.o.minutes; number++ {
		faults := p.round()
		names := make([]string, len(faults))
		for i, f := range faults {
			names[i] = f.String()
		}
		s.tell.round(number, names)
		if err := s.round(ctx, faults); err != nil {
			return err
		}
		s.report.Rounds++
		if err := s.quiet(ctx, strings.Join(names, ", ")); err != nil {
			return err
		}
	}
	return nil
}

// round does its faults at their times, side by side, and returns when the last has ceased.
func (s *soak) round(ctx context.Context, faults []fault) error {
	var work sync.WaitGroup
	errs := make([]error, len(faults))
	blind := slices.ContainsFunc(faults, func(f fault) bool { return f.child == "" })
	for i, f := range faults {
		f.blind = blind
		work.Go(func() {
			pause(ctx, f.at)
			if ctx.Err() != nil {
				return
			}
			s.ledger.note(f)
			errs[i] = s.inflict(ctx, f)
			s.report.count(f.kind, errs[i])
			s.tell.fault(f, errs[i])
		})
	}
	work.Wait()
	for _, err := range errs {
		if errors.Is(err, errLab) && ctx.Err() == nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// quiet waits until everything is whole and stays so, and looks after the strangers.
func (s *soak) quiet(ctx context.Context, after string) error {
	ceased := time.Now()
	var whole time.Time
	for {
		lacks := s.look(ctx)
		if err := context.Cause(ctx); err != nil {
			return err
		}
		now := time.Now()
		switch {
		case len(lacks) > 0:
			whole = time.Time{}
			s.lacking(lacks)
		case whole.IsZero():
			whole = now
		}
		if still := s.ledger.still(); !whole.IsZero() && still >= calm {
			if changed := now.Add(-still); changed.After(whole) {
				whole = changed
			}
			took := max(0, whole.Sub(ceased))
			s.report.recovered(took, after)
			s.tell.whole(took)
			break
		}
		if now.Sub(ceased) > s.o.bound {
			if len(lacks) == 0 {
				lacks = []lack{{what: "all is whole, but it does not come to rest"}}
			}
			return s.ledger.breach(lacks[0].at, "not whole %s after the last fault (%s): %s", s.o.bound, after, told(lacks))
		}
		pause(ctx, 300*time.Millisecond)
	}
	for _, n := range s.nodes {
		if err := s.unharmed(ctx, n); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return cause
			}
			return s.ledger.breach(place{node: n.Name, project: "strangers"}, "%v", err)
		}
	}
	return nil
}

// lacking remembers what was missing last, for the one who waits.
func (s *soak) lacking(lacks []lack) { s.tell.waiting(told(lacks)) }

func told(lacks []lack) string {
	var b strings.Builder
	for i, l := range lacks {
		if i == 6 {
			fmt.Fprintf(&b, "; and %d more", len(lacks)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(l.String())
	}
	return b.String()
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"foster/test/lab"
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
	for i, f := range faults {
		f.round = faults
		work.Go(func() {
			if lab.Pause(ctx, f.at) != nil {
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
	p := period{bound: s.o.bound, ceased: time.Now()}
	for {
		lacks := s.look(ctx)
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if len(lacks) > 0 {
			s.lacking(lacks)
		}
		took, state := p.seen(time.Now(), len(lacks) == 0, s.ledger.still())
		if state == over {
			s.report.recovered(took, after)
			s.tell.whole(took)
			break
		}
		if state == late {
			if len(lacks) == 0 {
				lacks = []lack{{what: fmt.Sprintf("all is whole, but only %s after it, or it does not come to rest", took)}}
			}
			return s.ledger.breach(lacks[0].at, "not whole %s after the last fault (%s): %s", s.o.bound, after, told(lacks))
		}
		if err := lab.Pause(ctx, 300*time.Millisecond); err != nil {
			return context.Cause(ctx)
		}
	}
	s.revivals.Wait()
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

// period is a quiet one, as look after look tells it.
type period struct {
	bound  time.Duration
	ceased time.Time // the last fault
	whole  time.Time // since when all is whole and nothing changes; zero while it is not
}

type state int

const (
	going state = iota
	over        // whole within the bound, and calm since
	late        // not whole at the bound
)

// seen takes one look in: whether it found everything whole, and for how long nothing of foster's has changed. It says
// how long after the last fault all was whole; a change after that is the end of being whole, and so counts as well.
func (p *period) seen(now time.Time, complete bool, still time.Duration) (time.Duration, state) {
	if !complete {
		p.whole = time.Time{}
		if now.Sub(p.ceased) > p.bound {
			return 0, late
		}
		return 0, going
	}
	if p.whole.IsZero() {
		p.whole = now
	}
	if changed := now.Add(-still); changed.After(p.whole) {
		p.whole = changed
	}
	took := p.whole.Sub(p.ceased)
	switch {
	case took > p.bound:
		return took, late
	case now.Sub(p.whole) >= calm:
		return took, over
	}
	return took, going
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

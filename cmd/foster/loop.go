package main

import (
	"context"
	"sync"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/rs/zerolog"

	"foster/report"
	"foster/state"
)

// loop owns the State: the one goroutine that steps it. Events come in, and
// effects go to those who carry them out; it never blocks on a send, because
// whoever is to take an effect may be waiting to hand over an event.
type loop struct {
	cfg     state.Config
	events  <-chan state.Event
	actions chan<- state.Effect
	observe chan<- state.Observe
	log     zerolog.Logger
	// observers are told every step. They must not wait for anybody.
	observers []report.Observer
	leave     <-chan *exitError // asks for the end as it is
	severed   <-chan error      // says that the engine cannot be reached any more from here

	farewell   farewell
	project    string
	containers map[string]string                         // the names of the children's containers
	ping       func(context.Context) (types.Ping, error) // asks the engine for a sign of life
}

// run steps until Quit, whose code it returns as an *exitError (nil for 0).
func (l *loop) run(ctx context.Context) error {
	cur := state.New(l.cfg)
	var acts []state.Effect
	var looks []state.Observe
	clocks := clocks{farewell: l.farewell}
	defer func() { clocks.stop() }()
	var refusals chan bool // of a foster inside that is asked to end
	refused := false
	var knocking sync.WaitGroup
	defer knocking.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	var ev state.Event = state.Started{}
	next, effects := state.Step(cur, ev)
	for {
		if ev != nil {
			l.tell(report.Step{At: time.Now(), From: cur, To: next, Event: ev, Effects: effects})
		}
		for _, e := range effects {
			switch e := e.(type) {
			case state.Observe:
				looks = append(looks, e)
			case state.Note:
				l.note(e)
				continue
			case state.Quit:
				return l.quit(e)
			default:
				acts = append(acts, e)
			}
			l.effect(e)
		}
		cur = next
		clocks.set(cur, ev, refused)
		if refusals == nil && clocks.asked && l.farewell.inside {
			refusals = make(chan bool)
			knocking.Go(func() { l.knock(ctx, refusals) })
		}

		// A nil channel switches its case off.
		var toActions chan<- state.Effect
		var toWatcher chan<- state.Observe
		var act state.Effect
		var look state.Observe
		if len(acts) > 0 {
			toActions, act = l.actions, acts[0]
		}
		if len(looks) > 0 {
			toWatcher, look = l.observe, looks[0]
		}
		effects, ev = nil, nil
		select {
		case asked := <-l.leave: // before anything else is begun
			return l.giveUp(cur, asked.Code, asked.Err)
		default:
		}
		select {
		case ev = <-l.events:
			next, effects = state.Step(cur, ev)
			l.transition(cur, next, ev, len(effects) > 0)
		case toActions <- act:
			acts = acts[1:]
		case toWatcher <- look:
			looks = looks[1:]
		case refused = <-refusals:
		case <-of(clocks.warning):
			if l.farewell.told {
				return l.giveUp(cur, exitUnavailable, errStopTimeout)
			}
			l.linger(cur)
		case <-of(clocks.ending):
			return l.giveUp(cur, exitUnavailable, errStopTimeout)
		case <-of(clocks.leaving):
			return l.giveUp(cur, exitUnavailable, errDeserted)
		case asked := <-l.leave:
			return l.giveUp(cur, asked.Code, asked.Err)
		case err := <-l.severed:
			switch {
			case clocks.asked: // an engine that has asked, and goes: the farewell knows
			case cur.Stage == state.Closing:
				return l.giveUp(cur, exitUnavailable, err)
			default:
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *loop) tell(s report.Step) {
	for _, o := range l.observers {
		o.Stepped(s)
	}
}

func (l *loop) quit(q state.Quit) error {
	l.log.Info().Int(state.KeyExitCode, q.Code).Str("reason", q.Reason).Msg("foster ends")
	if q.Code == exitOK {
		return nil
	}
	return &exitError{Code: q.Code}
}

package main

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

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
	// stopTimeout is how long the end of the project may take altogether.
	stopTimeout time.Duration
}

// errStopTimeout: the engine did not let foster finish.
var errStopTimeout = errors.New("stop the project: the engine did not answer in time; what is left carries the label foster.project and is collected by the next foster of this project")

// run steps until Quit, whose code it returns as an *exitError (nil for 0).
func (l *loop) run(ctx context.Context) error {
	cur := state.New(l.cfg)
	var acts []state.Effect
	var looks []state.Observe
	var giveUp <-chan time.Time

	next, effects := state.Step(cur, state.Started{})
	for {
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
		if giveUp == nil && next.Stage == state.Closing {
			timer := time.NewTimer(l.stopTimeout)
			defer timer.Stop()
			giveUp = timer.C
		}
		cur = next

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
		effects = nil
		select {
		case ev := <-l.events:
			next, effects = state.Step(cur, ev)
			l.transition(cur, next, ev, len(effects) > 0)
		case toActions <- act:
			acts = acts[1:]
		case toWatcher <- look:
			looks = looks[1:]
		case <-giveUp:
			return &exitError{Code: exitUnavailable, Err: errStopTimeout}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *loop) quit(q state.Quit) error {
	l.log.Info().Int(state.KeyExitCode, q.Code).Str("reason", q.Reason).Msg("foster ends")
	if q.Code == exitOK {
		return nil
	}
	return &exitError{Code: q.Code}
}

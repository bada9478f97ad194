package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"foster/report"
	"foster/state"
)

// transition logs what an event moved; one that moved nothing is for debugging.
func (l *loop) transition(from, to state.State, ev state.Event, acted bool) {
	name := eventName(ev)
	changes := state.Changes(from, to)
	if len(changes) == 0 && !acted {
		l.log.Debug().Str(state.KeyEvent, name).Msg("event")
		return
	}
	for _, c := range changes {
		e := l.log.Info()
		switch {
		case c.Child == "" && c.Network == "":
			e.Str(state.KeyStageFrom, c.From).Str(state.KeyStageTo, c.To)
		case c.Child == "":
			e.Str(state.KeyNetwork, c.Network).Str(state.KeyPhaseFrom, c.From).Str(state.KeyPhaseTo, c.To)
		default:
			e.Str(state.KeyChild, c.Child).Str(state.KeyPhaseFrom, c.From).Str(state.KeyPhaseTo, c.To)
			if c.Network != "" {
				e.Str(state.KeyNetwork, c.Network)
			} else if ch, ok := to.Child(c.Child); ok && ch.ID != "" {
				e.Str(state.KeyContainer, short(ch.ID))
			}
		}
		e.Str(state.KeyEvent, name).Msg(c.String())
	}
}

// effect logs an order that is given; looks are for debugging.
func (l *loop) effect(e state.Effect) {
	level := zerolog.InfoLevel
	switch e.(type) {
	case state.Observe, state.SetTimer, state.StopTimer, state.Cancel:
		level = zerolog.DebugLevel
	}
	verb, _, _ := strings.Cut(e.String(), " ")
	entry := l.log.WithLevel(level).Str(state.KeyEffect, verb)
	switch e := e.(type) {
	case state.Prepare:
		entry.Str(state.KeyChild, e.Child).Int(state.KeyOp, e.Op)
	case state.Create:
		entry.Str(state.KeyChild, e.Child).Int(state.KeyOp, e.Op).Str(state.KeyCause, e.Cause)
	case state.Start:
		entry.Str(state.KeyChild, e.Child).Int(state.KeyOp, e.Op).Str(state.KeyContainer, short(e.ID))
	case state.Stop:
		entry.Str(state.KeyChild, e.Child).Int(state.KeyOp, e.Op).Str(state.KeyContainer, short(e.ID)).Str(state.KeyCause, e.Cause)
	case state.Remove:
		entry.Str(state.KeyChild, e.Child).Int(state.KeyOp, e.Op).Str(state.KeyContainer, short(e.ID)).Str(state.KeyCause, e.Cause)
	case state.Attach:
		entry.Str(state.KeyChild, e.Child).Int(state.KeyOp, e.Op).Str(state.KeyNetwork, e.Network)
	case state.Probe:
		entry.Str(state.KeyChild, e.Child).Int(state.KeyOp, e.Op).Str(state.KeyContainer, short(e.ID))
	case state.EnsureNetwork:
		entry.Str(state.KeyNetwork, e.Network).Int(state.KeyOp, e.Op)
	case state.RemoveVolume:
		entry.Str("volume", short(e.Volume)).Int(state.KeyOp, e.Op)
	case state.RemoveNetwork:
		entry.Str(state.KeyNetwork, e.Network).Int(state.KeyOp, e.Op)
	}
	entry.Msg(verb)
}

// note tells a fact in a sentence: what an operator searches the log for.
func (l *loop) note(n state.Note) {
	level, text := report.Words(n)
	e := l.log.WithLevel(level)
	if n.Child != "" {
		e.Str(state.KeyChild, n.Child)
	}
	if n.Network != "" {
		e.Str(state.KeyNetwork, n.Network)
	}
	if n.Cause != "" {
		e.Str(state.KeyCause, n.Cause)
	}
	if n.Attempt != 0 || n.Kind == state.Recovered {
		e.Int(state.KeyAttempt, n.Attempt)
	}
	switch n.Kind {
	case state.FaultSeen, state.Relapse:
		if n.Cause == "died" || n.Cause == "stopped" || n.Cause == "oom" {
			e.Int(state.KeyExitCode, n.Code)
		}
	case state.GaveUp, state.Finished:
		e.Int(state.KeyExitCode, n.Code)
	case state.Recovered:
		e.Str(state.KeyDid, n.Did).Dur(state.KeyDown, n.Down.Round(100*time.Microsecond))
	}
	switch {
	case n.Detail == "" || n.Kind == state.Awaits:
	case n.Kind == state.Held && n.Child == "" && n.Network == "":
		e.Str(state.KeyHolder, n.Detail)
	default:
		e.Str(state.KeyDetail, n.Detail)
	}
	e.Msg(text)
}

func eventName(ev state.Event) string {
	return strings.TrimPrefix(fmt.Sprintf("%T", ev), "state.")
}

// short is an ID as docker prints it.
func short(id string) string {
	if len(id) > 12 {
		return id[:12]
	}
	return id
}

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/rs/zerolog"

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
	level, text := sentence(n)
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
	if n.Attempt != 0 {
		e.Int(state.KeyAttempt, n.Attempt)
	}
	switch n.Kind {
	case state.FaultSeen:
		if n.Cause == "died" || n.Cause == "stopped" || n.Cause == "oom" {
			e.Int(state.KeyExitCode, n.Code)
		}
	case state.GaveUp, state.Finished:
		e.Int(state.KeyExitCode, n.Code)
	case state.Recovered:
		e.Dur(state.KeyDown, n.Down.Round(100*time.Microsecond))
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

// heldWords: another instance of this project came first.
const heldWords = "another foster has this project: waiting for its end"

func sentence(n state.Note) (zerolog.Level, string) {
	switch n.Kind {
	case state.FaultSeen:
		return zerolog.WarnLevel, "fault: " + faultWords(n)
	case state.Recovered:
		return zerolog.InfoLevel, "recovered: the child is whole again"
	case state.Launched:
		return zerolog.InfoLevel, "launched: the child is whole"
	case state.Adopted:
		return zerolog.InfoLevel, "adopted a running child whose foster is gone"
	case state.Degraded:
		return zerolog.WarnLevel, "degraded: " + degradedWords(n)
	case state.Healed:
		return zerolog.InfoLevel, "healed: no longer " + n.Cause
	case state.GaveUp:
		return zerolog.ErrorLevel, "giving up, the rest is for the restart policy of the service"
	case state.Awaits:
		if n.Cause == "owner" {
			return zerolog.WarnLevel, "waiting for " + n.Detail
		}
		return zerolog.InfoLevel, "waiting for " + n.Detail
	case state.Finished:
		if n.Code != 0 {
			return zerolog.WarnLevel, fmt.Sprintf("ended with exit code %d, and is not to be started again", n.Code)
		}
		return zerolog.InfoLevel, "completed: its work is done"
	case state.Held:
		if n.Child == "" && n.Network == "" {
			return zerolog.WarnLevel, heldWords
		}
		return zerolog.WarnLevel, "waiting: its place is held by somebody else"
	case state.Left:
		return zerolog.ErrorLevel, "left behind: " + leftWords(n)
	case state.Trouble:
		if n.Attempt > 1 {
			return zerolog.DebugLevel, "still failing: " + n.Cause
		}
		return zerolog.WarnLevel, "failed, it is tried again: " + n.Cause
	}
	return zerolog.WarnLevel, n.String()
}

func faultWords(n state.Note) string {
	switch n.Cause {
	case "died":
		return fmt.Sprintf("the child died with exit code %d", n.Code)
	case "oom":
		return "the child ran out of memory and was killed"
	case "stopped":
		return fmt.Sprintf("the child was stopped by hand (exit code %d)", n.Code)
	case "removed":
		return "the child was removed"
	case "disconnected":
		return "the child was cut off a network"
	case "unhealthy":
		return "the child's healthcheck gave up"
	case "parent-down":
		return "the child was taken down with the followed container"
	case "owner-recreated":
		return "the container that the child depends on is another one, or another run, now"
	case "owner-down":
		return "the container whose namespace the child shares does not run"
	case "spec-changed":
		return "the child was made from another configuration"
	case "start-given-up":
		return "the start of the child was not finished: its post_start hooks did not run to their end"
	case "parent-recreated":
		return "the followed container whose network the child shares is another one, or another run, now"
	default:
		return "the child is not whole: " + n.Cause
	}
}

func degradedWords(n state.Note) string {
	switch n.Cause {
	case "parent-down":
		return "the followed container does not run, everything is down until it is back"
	case "paused":
		return "somebody paused the child; it is left alone"
	case "renamed":
		return "somebody renamed the child; the next recreate has the old name again"
	case "oom":
		return "the engine reports out of memory in the child"
	case "not-ready":
		return "its port takes no connections; those that wait for it start all the same"
	case "attach":
		return "a network cannot be attached, it is tried again"
	default:
		return n.Cause
	}
}

// leftWords name what could not be removed, as remainders do.
func leftWords(n state.Note) string {
	switch {
	case n.Network != "":
		return "network " + n.Network
	case n.Cause == "remove-volume":
		return "an anonymous volume" // which, the detail says
	}
	return "it could not be removed"
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

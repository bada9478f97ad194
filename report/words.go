package report

import (
	"fmt"

	"github.com/rs/zerolog"

	"foster/state"
)

// HeldWords is told when another instance of this project came first.
const HeldWords = "another foster has this project: waiting for its end"

// Words is the level and the sentence of a note: the log, the timeline and the
// notifications use the same.
func Words(n state.Note) (zerolog.Level, string) {
	switch n.Kind {
	case state.FaultSeen:
		return zerolog.WarnLevel, "fault: " + faultWords(n)
	case state.Relapse:
		if n.Again {
			return zerolog.DebugLevel, "not whole yet, as before: " + faultWords(n)
		}
		return zerolog.WarnLevel, "not whole yet: " + faultWords(n)
	case state.Recovered:
		return zerolog.InfoLevel, "recovered: the child is whole again"
	case state.Launched:
		return zerolog.InfoLevel, "launched: the child is whole"
	case state.Adopted:
		return zerolog.InfoLevel, "adopted a running child whose foster is gone"
	case state.Degraded:
		return zerolog.WarnLevel, "degraded: " + degradedWords(n)
	case state.Healed:
		return zerolog.InfoLevel, "healed: " + healedWords(n)
	case state.Overcome:
		if n.Cause == state.CauseUnstable {
			return zerolog.InfoLevel, fmt.Sprintf("stable again, after %d starts", n.Attempt)
		}
		return zerolog.InfoLevel, fmt.Sprintf("works again, after %s: %s", Plural(n.Attempt, "failure", "failures"), n.Cause)
	case state.GaveUp:
		if n.Detail == state.OwnAttemptsSpent {
			return zerolog.ErrorLevel, "giving up on this child, it is not started again: the others go on"
		}
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
			return zerolog.WarnLevel, HeldWords
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
	case "prepare":
		return "what the child needs, its image or a volume, cannot be had"
	case "create":
		return "the child's container cannot be made"
	case "start":
		return "the child's container cannot be started"
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

func healedWords(n state.Note) string {
	switch n.Cause {
	case "attach":
		return fmt.Sprintf("the network is attached, after %s", Plural(n.Attempt, "failure", "failures"))
	case "parent-down":
		return "the followed container runs again"
	default:
		return "no longer " + n.Cause
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

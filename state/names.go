package state

import (
	"fmt"
	"strings"
	"time"
)

// The keys of the log lines that tell what the core does; one vocabulary for
// the whole program.
const (
	KeyChild     = "child"
	KeyContainer = "container"
	KeyNetwork   = "net"
	KeyPhaseFrom = "phase_from"
	KeyPhaseTo   = "phase_to"
	KeyStageFrom = "stage_from"
	KeyStageTo   = "stage_to"
	KeyEvent     = "event"
	KeyEffect    = "effect"
	KeyOp        = "op"
	KeyCause     = "cause"
	KeyAttempt   = "attempt"
	KeyWait      = "wait"
	KeyExitCode  = "exit_code"
	KeyDown      = "down"
	KeyDid       = "did"
	KeyDetail    = "detail"
	KeyHolder    = "holder"
)

var phaseNames = [...]string{
	Unknown: "unknown", Absent: "absent", Preparing: "preparing", Creating: "creating",
	Made: "created", Starting: "starting", Alive: "running", Settling: "settling",
	Stopping: "stopping", Dead: "dead", Removing: "removing", Waiting: "waiting",
	HeldBack: "held", Completed: "completed", Ended: "gone",
}

func (p Phase) String() string { return name(phaseNames[:], int(p)) }

var stageNames = [...]string{Opening: "opening", Standby: "standby", Up: "up", Away: "away", Closing: "closing", Closed: "closed"}

func (s Stage) String() string { return name(stageNames[:], int(s)) }

var attachNames = [...]string{
	Missing: "missing", Attaching: "attaching", Attached: "attached",
	Suspect: "suspect", Unavailable: "unavailable",
}

func (a AttachState) String() string { return name(attachNames[:], int(a)) }

var netNames = [...]string{
	NetUnknown: "unknown", NetAbsent: "absent", NetEnsuring: "creating",
	NetPresent: "present", NetRemoving: "removing", NetRemoved: "removed",
}

func (n NetState) String() string { return name(netNames[:], int(n)) }

var statusNames = [...]string{Created: "created", Running: "running", Exited: "exited"}

func (s Status) String() string { return name(statusNames[:], int(s)) }

var healthNames = [...]string{HealthNone: "none", HealthStarting: "starting", Healthy: "healthy", Unhealthy: "unhealthy"}

func (h Health) String() string { return name(healthNames[:], int(h)) }

var classNames = [...]string{
	OK: "ok", Transient: "transient", Permanent: "permanent", Gone: "gone", Exists: "exists",
	Foreign: "foreign", NoImage: "no-image", NoNetwork: "no-network", Canceled: "canceled", Unsure: "unsure",
}

func (c Class) String() string { return name(classNames[:], int(c)) }

var conditionWishes = [...]string{IsRunning: "to run", IsHealthy: "to be healthy", IsCompleted: "to complete", IsReady: "to take connections"}

// wish is the condition as the end of "waiting for x …".
func (c Condition) wish() string { return name(conditionWishes[:], int(c)) }

var timerNames = [...]string{
	RetryTimer: "retry", StableTimer: "stable", SettleTimer: "settle",
	AttachTimer: "attach", NetworkTimer: "network", LookTimer: "look", VolumeTimer: "volume",
	HealthTimer: "health",
}

func (k TimerKind) String() string { return name(timerNames[:], int(k)) }

// String is `kind`, `kind:child`, `kind:network` or `kind:child/network`.
func (t Timer) String() string {
	s := t.Kind.String()
	if t.Child != "" {
		s += ":" + t.Child
		if t.Network != "" {
			s += "/" + t.Network
		}
	} else if t.Network != "" {
		s += ":" + t.Network
	}
	return s
}

var noteNames = [...]string{
	FaultSeen: "fault", Relapse: "relapse", Recovered: "recovered", Launched: "launched", Adopted: "adopted",
	Degraded: "degraded", Healed: "healed", GaveUp: "gave-up", Held: "held", Left: "left", Trouble: "trouble",
	Awaits: "awaits", Finished: "finished", Overcome: "overcome",
}

func (k NoteKind) String() string { return name(noteNames[:], int(k)) }

func name(names []string, i int) string {
	if i < 0 || i >= len(names) {
		return fmt.Sprintf("?%d", i)
	}
	return names[i]
}

// words joins what is not empty: the one-line form of every effect.
func words(verb string, pairs ...any) string {
	var b strings.Builder
	b.WriteString(verb)
	for i := 0; i+1 < len(pairs); i += 2 {
		key, v := pairs[i].(string), pairs[i+1]
		switch v {
		case "", 0, false, time.Duration(0):
			continue
		}
		if key == "" {
			fmt.Fprintf(&b, " %v", v)
		} else {
			fmt.Fprintf(&b, " %s=%v", key, v)
		}
	}
	return b.String()
}

// String is the effect in one stable line, without its op number.
func (e Observe) String() string {
	if e.Child == "" {
		return "observe project"
	}
	return words("observe", "", e.Child, "id", e.ID)
}

func (e EnsureNetwork) String() string { return words("ensure-network", "", e.Network) }

func (e RemoveNetwork) String() string { return words("remove-network", "", e.Network) }

func (e Prepare) String() string { return words("prepare", "", e.Child, "fresh", e.Fresh) }

func (e Create) String() string { return words("create", "", e.Child, "cause", e.Cause) }

func (e Start) String() string { return words("start", "", e.Child, "id", e.ID) }

func (e Attach) String() string { return words("attach", "", e.Child, "id", e.ID, "net", e.Network) }

func (e Probe) String() string { return words("probe", "", e.Child, "id", e.ID) }

func (e Stop) String() string {
	return words("stop", "", e.Child, "id", e.ID, "grace", e.Grace, "cause", e.Cause)
}

func (e Remove) String() string {
	return words("remove", "", e.Child, "id", e.ID, "force", e.Force, "cause", e.Cause)
}

func (e RemoveVolume) String() string { return words("remove-volume", "", e.Volume) }

func (e Cancel) String() string { return words("cancel", "op", e.Op) }

func (e SetTimer) String() string {
	return words("timer", "", e.Timer.String(), "delay", e.Delay, "attempt", e.Attempt, "least", e.Least)
}

func (e StopTimer) String() string { return words("stop-timer", "", e.Timer.String()) }

func (e Note) String() string {
	return words("note "+e.Kind.String(), "", e.Child, "net", e.Network, "cause", e.Cause,
		"code", e.Code, "did", e.Did, "again", e.Again, "attempt", e.Attempt, "down", e.Down, "detail", quoted(e.Detail))
}

func (e Quit) String() string { return fmt.Sprintf("quit code=%d reason=%q", e.Code, e.Reason) }

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return fmt.Sprintf("%q", s)
}

package state

import (
	"fmt"
	"time"
)

// Effect is an order to the outside. Effects with an Op are answered by
// exactly one Done (Observe: by Observed or ObserveFailed) with that number.
type Effect interface {
	fmt.Stringer
	effect()
}

type (
	// Observe asks for a look at the engine: at one child's container when ID
	// is known, at all containers of Child when it is not, at the whole
	// project when Child is "".
	Observe struct {
		Op    int
		Child string
		ID    string
	}

	// EnsureNetwork creates a network of the project unless it is there.
	EnsureNetwork struct {
		Op      int
		Network string
	}
	// RemoveNetwork removes a network that the project created.
	RemoveNetwork struct {
		Op      int
		Network string
	}

	// Prepare makes image and named volumes of a child present. Pull asks the
	// registry as the pull policy says; without it only a missing image is fetched.
	Prepare struct {
		Op    int
		Child string
		Fresh bool
	}
	// Create makes the child's container, attached to every network, not
	// started. After a failure nothing of it is left, or Done names the ID.
	Create struct {
		Op    int
		Child string
		Cause string
	}
	// Start starts it; already running is success.
	Start struct {
		Op    int
		Child string
		ID    string
	}
	// Attach connects the running container with its full endpoint settings;
	// already attached is success.
	Attach struct {
		Op      int
		Child   string
		ID      string
		Network string
	}
	// Probe waits until the first exposed TCP port of the running container
	// takes connections; a container that exposes none is ready at once.
	// Transient: it did not within the time that services have for that.
	Probe struct {
		Op    int
		Child string
		ID    string
	}
	// Stop asks the child to end, and kills it after Grace; not running is
	// success.
	Stop struct {
		Op    int
		Child string
		ID    string
		Grace time.Duration
		Cause string
	}
	// Remove deletes the container with its anonymous volumes; absent is
	// success too, and answered by Gone. Without Force a running one is refused (Transient).
	Remove struct {
		Op    int
		Child string
		ID    string
		Force bool
		Cause string
	}

	// RemoveVolume deletes an anonymous volume that a former container of a
	// child left; absent is success, in use is not.
	RemoveVolume struct {
		Op     int
		Volume string
	}

	// Cancel gives up a pending op; its Done still comes.
	Cancel struct{ Op int }

	// SetTimer (re)starts a timer. Delay is exact; when it is 0 the delay is
	// the backoff for Attempt (1, 2, …), with jitter, and no less than Least.
	SetTimer struct {
		Timer   Timer
		Delay   time.Duration
		Attempt int
		Least   time.Duration
	}
	// StopTimer forgets a timer; one that is not set is fine.
	StopTimer struct{ Timer Timer }

	// Note is a fact worth telling; it changes nothing outside.
	Note struct {
		Kind    NoteKind
		Child   string
		Network string
		Cause   string
		Detail  string
		Code    int
		Attempt int
		Down    time.Duration // how long the child was not whole, with Recovered
		Did     string        // what made it whole, with Recovered: one of the Did… words
		Again   bool          // with Relapse: the same as what was told before it
	}

	// Quit ends the run with an exit code; always the last effect.
	Quit struct {
		Code   int
		Reason string
	}
)

func (Observe) effect()       {}
func (EnsureNetwork) effect() {}
func (RemoveNetwork) effect() {}
func (Prepare) effect()       {}
func (Create) effect()        {}
func (Start) effect()         {}
func (Attach) effect()        {}
func (Probe) effect()         {}
func (Stop) effect()          {}
func (Remove) effect()        {}
func (RemoveVolume) effect()  {}
func (Cancel) effect()        {}
func (SetTimer) effect()      {}
func (StopTimer) effect()     {}
func (Note) effect()          {}
func (Quit) effect()          {}

// Timer names one delay. Child and Network are "" where they do not apply.
type Timer struct {
	Kind    TimerKind
	Child   string
	Network string // of VolumeTimer: the volume
}

// TimerKind says what a delay is for.
type TimerKind int

const (
	// RetryTimer: the pause before a child is created again.
	RetryTimer TimerKind = iota
	// StableTimer: how long a run must last to end a series of failures.
	StableTimer
	// SettleTimer: after somebody's `docker stop`, the moment in which it may
	// turn out to be a `docker restart`.
	SettleTimer
	// AttachTimer: the pause before an attachment is tried again.
	AttachTimer
	// NetworkTimer: the pause before a network is created or removed again.
	NetworkTimer
	// LookTimer: the pause before a look is repeated that failed, or that found
	// another foster in the place of the project or of a child.
	LookTimer
	// VolumeTimer: the pause before a volume is removed again.
	VolumeTimer
	// HealthTimer: how long a child must stay unhealthy for something to be done.
	HealthTimer
)

// NoteKind is what a Note tells.
type NoteKind int

const (
	// FaultSeen: a child is no longer whole; recovery begins.
	FaultSeen NoteKind = iota
	// Relapse: something more happened to a child before it was whole again; its
	// fault is still the one that was seen.
	Relapse
	// Recovered: it is whole again.
	Recovered
	// Launched: it is whole for the first time.
	Launched
	// Adopted: a running child of a former foster was taken over.
	Adopted
	// Degraded: something is missing that foster waits for or leaves alone.
	Degraded
	// Healed: a Degraded has ended.
	Healed
	// GaveUp: the policy or the budget ends the project, or, with
	// OwnAttemptsSpent, one child.
	GaveUp
	// Held: another live foster or a foreign container holds the child's place,
	// or the whole project's when there is no Child.
	Held
	// Left: something could not be removed.
	Left
	// Trouble: an effect failed; it is tried again.
	Trouble
	// Awaits: a child waits for another one, or for a container outside.
	Awaits
	// Finished: a child's work is done; it is not started again.
	Finished
	// Overcome: what failed works again, after Attempt failures. Cause is what
	// Trouble said, or CauseUnstable at the end of a series of recoveries.
	Overcome
)

// What a recovery consisted of.
const (
	DidNothing  = "nothing" // the child came back by itself, or by somebody's hand
	DidRecreate = "recreated"
	DidReattach = "reattached"
	DidBoth     = "recreated+reattached"
)

// CauseUnstable is the cause of an Overcome that ends a series of recoveries.
const CauseUnstable = "unstable"

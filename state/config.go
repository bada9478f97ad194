package state

import "time"

// Config is all that the core knows of the project; it does not change during a run.
type Config struct {
	Children []ChildConfig   // sorted by Name
	Networks []NetworkConfig // sorted by Name
	Policy   Policy
	// FollowParent: children live only while another container (the parent)
	// runs; Observed and Parent… events tell of it.
	FollowParent bool
	// ExitWithParent: the end of the followed parent ends the run.
	ExitWithParent bool
}

// ChildConfig is one wanted child.
type ChildConfig struct {
	Name     string
	Hash     string   // of everything it is created from
	Networks []string // engine names it is attached to, sorted; empty when it shares a namespace
	// After lists the children that must run before this one starts.
	After []string
	// SharesParent: it lives in the parent's network namespace, and is dead
	// to the network when the parent was started after it.
	SharesParent bool
	// BoundTo lists the children whose container this one is created against
	// (namespaces, volumes): a new container there means a new one here.
	BoundTo []string
	// StopSignal is the number of the signal that `docker stop` sends; 0 when
	// only the image knows.
	StopSignal int
	// Grace is what the child gets between the stop signal and SIGKILL;
	// FinalGrace is the same for the stop of the whole project, which must
	// fit into the grace that foster itself gets.
	Grace, FinalGrace time.Duration
}

// sigkill is what nobody's `docker stop` begins with.
const sigkill = 9

// stops says whether a signal may be the beginning of a stop.
func (c ChildConfig) stops(signal int) bool {
	if c.StopSignal == 0 {
		return signal != sigkill
	}
	return signal == c.StopSignal
}

// NetworkConfig is one network that children attach to, by its engine name.
type NetworkConfig struct {
	Name     string
	External bool // made and removed by somebody else
}

// Restart says which ends of a child are recovered.
type Restart int

const (
	// RestartAny recovers every end.
	RestartAny Restart = iota
	// RestartOnFailure takes exit code 0 as completion.
	RestartOnFailure
	// RestartNone makes the end of the child the end of the run.
	RestartNone
)

// OnUnhealthy says what to do with a child that its healthcheck gives up on.
type OnUnhealthy int

const (
	// UnhealthyRecreate stops, removes and creates it.
	UnhealthyRecreate OnUnhealthy = iota
	// UnhealthyIgnore only reports it.
	UnhealthyIgnore
	// UnhealthyExit ends the run.
	UnhealthyExit
)

// Policy is when to recover and when to give up.
type Policy struct {
	Restart     Restart
	OnUnhealthy OnUnhealthy
	// StableAfter is how long a child must run to end a series of failures.
	StableAfter time.Duration
	// MaxAttempts bounds the recoveries of one child within Window (0: for
	// ever); 0 means no bound.
	MaxAttempts int
	Window      time.Duration
	// Settle is how long a stop by somebody else may turn out to be a restart.
	Settle time.Duration
}

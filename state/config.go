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
	// After lists the children that this one waits for before it is created.
	After []Dependency
	// SharesParent: it lives in the parent's network namespace, and is dead
	// to the network when the parent was started after it.
	SharesParent bool
	// BoundTo lists the containers that this one is created against: what
	// happens to one of them happens to this child.
	BoundTo []Bond
	// OneShot: its end with code 0 is completion whatever Restart says, because
	// another child waits for exactly that.
	OneShot bool
	// Probed: it is ready only when its first exposed port takes connections,
	// which Probe finds out after each start.
	Probed bool
	// Hooks: its start goes on after its process runs, for as long as the work
	// that belongs to it takes; a stop of the project gives that up.
	Hooks bool
	// Restart is the child's own policy, MaxAttempts its own bound; Inherit and
	// 0 leave it to the Policy of the project.
	Restart     Restart
	MaxAttempts int
	// StopSignal is the number of the signal that `docker stop` sends; 0 when
	// only the image knows.
	StopSignal int
	// Grace is what the child gets between the stop signal and SIGKILL;
	// FinalGrace is the same for the stop of the whole project, which must
	// fit into the grace that foster itself gets.
	Grace, FinalGrace time.Duration
}

// Dependency is one child that another waits for.
type Dependency struct {
	Name      string
	Condition Condition
	// Optional: a failure of it is no obstacle.
	Optional bool
}

// Condition is what a dependency must have reached.
type Condition int

const (
	// IsRunning: it runs, or has completed.
	IsRunning Condition = iota
	// IsHealthy: its healthcheck is content.
	IsHealthy
	// IsCompleted: it ended with exit code 0.
	IsCompleted
	// IsReady: its first exposed port takes connections (see ChildConfig.Probed).
	IsReady
)

// Bond ties a child's container to another container.
type Bond struct {
	Name string // of a child; of a container, by name or ID, when Outside
	// Outside: it is not the project's. It is waited for, and never touched.
	Outside bool
	// Run: a new run of the other means a new container here, not only a new
	// container of the other, as with volumes.
	Run bool
	// Namespace: the child lives in a namespace of the other's run: it can
	// neither begin nor go on without it.
	Namespace bool
}

// precursors are the children that must be there before this one is made, and
// until it is gone.
func (c ChildConfig) precursors() []string {
	var names []string
	for _, d := range c.After {
		names = append(names, d.Name)
	}
	for _, b := range c.BoundTo {
		if !b.Outside {
			names = append(names, b.Name)
		}
	}
	return names
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
	// Inherit leaves it to the project's Policy; there it is RestartAny.
	Inherit Restart = iota
	// RestartAny recovers every end.
	RestartAny
	// RestartOnFailure takes exit code 0 as completion.
	RestartOnFailure
	// RestartNone makes the end of the child the end of the run.
	RestartNone
	// RestartNever takes every end of the child's process as final; the other
	// children go on.
	RestartNever
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
	// UnhealthyAfter is how long a child must have been unhealthy for
	// OnUnhealthy to be done; 0: at once.
	UnhealthyAfter time.Duration
	// StableAfter is how long a child must run to end a series of failures.
	StableAfter time.Duration
	// MaxAttempts bounds the recoveries of one child within Window (0: for
	// ever); 0 means no bound.
	MaxAttempts int
	Window      time.Duration
	// Settle is how long a stop by somebody else may turn out to be a restart.
	Settle time.Duration
}

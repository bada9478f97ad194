package state

import "time"

// Event is a past fact that Step folds into the State. Events are hints of what
// happened; only Observed is taken as what is.
type Event interface{ event() }

type (
	// Started asks for the project to be brought up; the first event of a run.
	Started struct{}

	// Observed answers an Observe effect with what the engine says. Child is
	// the child that was asked for; "" means the answer covers the project:
	// every child, every network and the followed parent.
	Observed struct {
		Op       int
		Child    string
		At       time.Time
		Children []ChildFacts   // one per container found, of any child asked for
		Networks []NetworkFacts // one per network of the project; only when Child is ""
		ParentUp bool           // the followed parent runs; only when Child is ""
		// ParentStart is when the parent (the followed one, else foster's own
		// container) was started; zero when there is none. Only when Child is "".
		ParentStart time.Time
		// Owners are the containers outside of the project that children are
		// bound to, one per name of an outside Bond; only when Child is "".
		Owners []OwnerFacts
		// Elder names the running foster that has this project, since it was
		// started before this one; "" when there is none. Only when Child is "".
		Elder string
	}

	// ObserveFailed answers an Observe effect that could not be carried out.
	ObserveFailed struct {
		Op     int
		Child  string
		Detail string
	}

	// ChildDied: the engine's `die`. Code is the exit code, 0-255.
	ChildDied struct {
		ID   string
		Code int
		At   time.Time
	}
	// ChildGone: the engine's `destroy`.
	ChildGone struct {
		ID string
		At time.Time
	}
	// ChildStarted: the engine's `start`, ours or somebody else's.
	ChildStarted struct {
		ID string
		At time.Time
	}
	// ChildSignalled: the engine's `kill`. Signal is its number; somebody's
	// `docker stop` and `docker restart` begin with the child's stop signal.
	ChildSignalled struct {
		ID     string
		Signal int
	}
	// ChildOOM: the engine's `oom`; a die may or may not follow.
	ChildOOM struct{ ID string }
	// ChildPaused: the engine's `pause` and `unpause`.
	ChildPaused struct {
		ID     string
		Paused bool
		At     time.Time
	}
	// ChildRenamed: the engine's `rename`.
	ChildRenamed struct {
		ID   string
		Name string
	}
	// ChildHealth: the engine's `health_status`. Detail is what the last probe
	// of an unhealthy one said, in one line; "" when nobody knows.
	ChildHealth struct {
		ID      string
		Healthy bool
		Detail  string
		At      time.Time
	}

	// NetLost: the engine's network `disconnect`. On engines before 24.0 one
	// also follows each death, on later ones it precedes it.
	NetLost struct {
		ID      string // the container's
		Network string // by name
		At      time.Time
	}
	// NetJoined: the engine's network `connect`.
	NetJoined struct {
		ID      string
		Network string
		At      time.Time
	}
	// NetGone: a network of the project was destroyed.
	NetGone struct {
		Network string
		At      time.Time
	}
	// NetBack: a network with a name of the project's was created.
	NetBack struct {
		ID      string
		Network string
		At      time.Time
	}

	// ParentDied and ParentStarted: the followed parent's `die` and `start`.
	ParentDied    struct{ At time.Time }
	ParentStarted struct{ At time.Time }

	// OwnerDied, OwnerStarted and OwnerGone: `die`, `start` and `destroy` of a
	// container outside of the project that a child is bound to. Name is the
	// bond's; OwnerGone also says that it was renamed away.
	OwnerDied struct {
		Name string
		At   time.Time
	}
	OwnerStarted struct {
		Name string
		At   time.Time
	}
	OwnerGone struct {
		Name string
		At   time.Time
	}

	// Freed: somebody else's container gave up, or may have given up, what a child
	// was refused as Foreign: a container name, a published port, an address.
	Freed struct{ At time.Time }

	// ElderGone: a foster ended that a look was told of, or may be, as Elder.
	ElderGone struct{ At time.Time }

	// StreamLost: the event stream ended; faults may be missed from here on.
	StreamLost struct{ Detail string }
	// StreamBack: the stream is open again (also for the first time).
	StreamBack struct{}
	// ResyncDue: it is time to compare everything with the engine again.
	ResyncDue struct{}

	// Fired: a timer that SetTimer asked for has run out.
	Fired struct {
		Timer Timer
		At    time.Time
	}

	// Done answers every effect that carries an Op, except Observe.
	Done struct {
		Op     int
		Class  Class
		ID     string // the container's or network's, where one was made or found
		Detail string // what to tell the operator when Class is not OK
		// Pause is the least time before another try that the other side asked
		// for, a registry that limits pulls; 0 when it asked for none.
		Pause time.Duration
		At    time.Time
	}

	// StopRequested: the first signal.
	StopRequested struct{ Reason string }
	// KillRequested: the second signal. Code is the exit code to leave with.
	KillRequested struct {
		Reason string
		Code   int
	}
)

func (Started) event()        {}
func (Observed) event()       {}
func (ObserveFailed) event()  {}
func (ChildDied) event()      {}
func (ChildGone) event()      {}
func (ChildStarted) event()   {}
func (ChildSignalled) event() {}
func (ChildOOM) event()       {}
func (ChildPaused) event()    {}
func (ChildRenamed) event()   {}
func (ChildHealth) event()    {}
func (NetLost) event()        {}
func (NetJoined) event()      {}
func (NetGone) event()        {}
func (NetBack) event()        {}
func (ParentDied) event()     {}
func (ParentStarted) event()  {}
func (OwnerDied) event()      {}
func (OwnerStarted) event()   {}
func (OwnerGone) event()      {}
func (Freed) event()          {}
func (ElderGone) event()      {}
func (StreamLost) event()     {}
func (StreamBack) event()     {}
func (ResyncDue) event()      {}
func (Fired) event()          {}
func (Done) event()           {}
func (StopRequested) event()  {}
func (KillRequested) event()  {}

// ChildFacts is one container of the project as the engine describes it.
type ChildFacts struct {
	Name     string // the child's, from its label
	ID       string
	Status   Status
	Code     int  // exit code, when Status is Exited
	OOM      bool // the engine's OOMKilled mark
	Paused   bool
	Hash     string // the spec hash it was created from
	Attached []string
	// Attached lists the networks, by name and sorted, on which a running
	// child has a live endpoint with the wanted addresses and aliases.
	Health Health
	Probe  string // what the last probe of an unhealthy one said, in one line
	// Holder names the live parent, other than this foster, that this
	// container belongs to; "" when there is none.
	Holder string
	// Unfinished: its start is known not to have come to its end: hooks that
	// belong to it did not. False for a container that this foster started.
	Unfinished bool
	Created    time.Time // when the container was made
	StartedAt  time.Time // when its present or last run began
	// Volumes are the anonymous volumes that the engine made for it alone, by
	// name and sorted; nobody else's are ever among them.
	Volumes []string
}

// NetworkFacts is one network of the project, by name.
type NetworkFacts struct {
	Name    string
	Present bool
}

// OwnerFacts is one container outside of the project that children are bound to.
type OwnerFacts struct {
	Name      string // the bond's
	Present   bool   // there is a container of that name or ID
	Running   bool
	Created   time.Time // zero when not Present
	StartedAt time.Time // of its present or last run
}

// Status is how far a container has come.
type Status int

// The engine's states; paused and restarting count as Running, dead and
// removing as Exited.
const (
	Created Status = iota
	Running
	Exited
)

// Health is the engine's verdict on a container.
type Health int

// HealthNone: no healthcheck, or none ran yet.
const (
	HealthNone Health = iota
	HealthStarting
	Healthy
	Unhealthy
)

// Class is how an effect ended, as far as a decision depends on it.
type Class int

const (
	// OK: the effect's after-state holds.
	OK Class = iota
	// Transient: it failed, retries are spent; later it may work.
	Transient
	// Permanent: it cannot work until somebody changes the configuration.
	Permanent
	// Gone: the container or network it was for does not exist.
	Gone
	// Exists: the name is taken by another container of this child.
	Exists
	// Foreign: a name, a port or an address that it needs is taken by something
	// that is not the project's.
	Foreign
	// NoImage: the image is not on the engine.
	NoImage
	// NoNetwork: a network that it needs is not there (yet).
	NoNetwork
	// Canceled: it was given up on request; nothing is known of its result.
	Canceled
	// Unsure: the deadline passed; the engine may still carry it out.
	Unsure
)

package state

// Phase is how far a child has come; doc.go draws the way between them.
type Phase int

const (
	// Unknown: only a look can tell what there is.
	Unknown Phase = iota
	// Absent: no container; it is created as soon as it may.
	Absent
	// Preparing: image and volumes are being made present.
	Preparing
	// Creating: Create is pending.
	Creating
	// Made: created and attached, not started.
	Made
	// Starting: Start is pending.
	Starting
	// Alive: running; whole when nothing is missing.
	Alive
	// Settling: somebody stopped it and may be about to start it again.
	Settling
	// Stopping: Stop is pending.
	Stopping
	// Dead: a container is left that does not run.
	Dead
	// Removing: Remove is pending.
	Removing
	// Waiting: no container; the backoff runs.
	Waiting
	// HeldBack: another live foster's container is in its place.
	HeldBack
	// Completed: it ended well and is not started again.
	Completed
	// Ended: taken down with its project.
	Ended
)

// AttachState is how far an attachment has come.
type AttachState int

const (
	// Missing: to be attached as soon as its network is there.
	Missing AttachState = iota
	// Attaching: Attach is pending.
	Attaching
	// Attached: the last look saw a live endpoint with the wanted settings.
	Attached
	// Suspect: an event says that it was lost; a look will tell.
	Suspect
	// Unavailable: it failed; an AttachTimer or the network's return tries again.
	Unavailable
)

// NetState is how far a network has come.
type NetState int

const (
	// NetUnknown: not looked at yet.
	NetUnknown NetState = iota
	// NetAbsent: not there.
	NetAbsent
	// NetEnsuring: EnsureNetwork is pending.
	NetEnsuring
	// NetPresent: there.
	NetPresent
	// NetRemoving: RemoveNetwork is pending.
	NetRemoving
	// NetRemoved: taken down, or left behind after the last try.
	NetRemoved
)

package reap

import "time"

// Kind is what an object is to the engine.
type Kind string

// The kinds.
const (
	Container Kind = "container"
	Network   Kind = "network"
	Volume    Kind = "volume" // an anonymous one, which goes with its container
)

// Verdict is what is to become of an object, or has become of it.
type Verdict string

// The verdicts.
const (
	Kept    Verdict = "kept"
	Orphan  Verdict = "orphan"  // goes, or would go without --dry-run
	Removed Verdict = "removed" // by this run, or by somebody else during it
	Failed  Verdict = "failed"  // the engine did not remove it
)

// Finding is one object that carries foster's labels, and what is thought of it.
type Finding struct {
	Kind    Kind    `json:"kind"`
	Name    string  `json:"name"`
	ID      string  `json:"id"`
	Project string  `json:"project"`
	Parent  string  `json:"parent,omitempty"` // name or short ID of the parent container
	State   string  `json:"state,omitempty"`  // as docker ps has it
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"`
	// Since is when the last foster of an orphan ended; nil where the engine
	// does not know, since that container is gone.
	Since *time.Time `json:"since,omitempty"`

	due    time.Time         // when an orphan has been one for the grace
	labels map[string]string // as seen
	parent string            // full ID of the parent container, "" for none
	doubt  bool              // kept for what is not known
}

func (f Finding) keep(reason string) Finding {
	f.Verdict, f.Reason = Kept, reason
	return f
}

func (f Finding) doubtful(reason string) Finding {
	f.doubt = true
	return f.keep(reason)
}

func (f Finding) orphan(reason string) Finding {
	f.Verdict, f.Reason = Orphan, reason
	return f
}

func (f Finding) removed() Finding {
	f.Verdict = Removed
	return f
}

func (f Finding) failed(err error) Finding {
	f.Verdict, f.Reason = Failed, err.Error()
	return f
}

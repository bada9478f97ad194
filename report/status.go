package report

import (
	"time"

	"foster/state"
)

// Schema is the version of the Status document. It grows only when a field
// changes its meaning or goes; new fields may come at any time.
const Schema = 1

// SourceLabels is the Source of a Status that no foster has told: the status
// command has made it of what the engine knows. It has no past, and its
// Stage is unknown.
const SourceLabels = "labels"

// Status is a project as it is now: /status, the status command and the page
// show it. docs/status.md describes each field.
type Status struct {
	Schema     int        `json:"schema"`
	Source     string     `json:"source,omitempty"` // SourceLabels, "" for a foster's own
	Now        time.Time  `json:"now"`
	Foster     Foster     `json:"foster"`
	Project    string     `json:"project"`
	Stage      string     `json:"stage"` // opening, standby, up, away, closing, closed
	Elder      string     `json:"elder,omitempty"`
	Health     Verdict    `json:"health"`
	Engine     Engine     `json:"engine"`
	Children   []Child    `json:"children"`
	Networks   []Network  `json:"networks"`
	Recoveries Recoveries `json:"recoveries"`
	Seq        uint64     `json:"seq"` // of the newest entry of the history, 0 when there is none
	History    []Entry    `json:"history,omitempty"`
}

// Foster is the process that reports.
type Foster struct {
	Instance  string    `json:"instance"` // another one for each start
	Version   string    `json:"version"`
	Started   time.Time `json:"started"`
	Container string    `json:"container,omitempty"` // its own, the whole ID
	Task      string    `json:"task,omitempty"`
	Service   string    `json:"service,omitempty"`
	Node      string    `json:"node,omitempty"`
	Parent    string    `json:"parent,omitempty"` // the followed container, as configured
}

// Engine is foster's view of its engine.
type Engine struct {
	API    string    `json:"api"`
	Stream bool      `json:"stream"` // events arrive
	Since  time.Time `json:"since,omitzero"`
}

// Child is one child. Times that are not known are left out.
type Child struct {
	Name          string       `json:"name"`
	ContainerName string       `json:"container_name"`
	Container     string       `json:"container,omitempty"` // the whole ID
	Image         string       `json:"image"`
	Phase         string       `json:"phase"`         // as in state's doc.go
	Since         time.Time    `json:"since"`         // of the phase
	Way           []string     `json:"way,omitempty"` // the phases before it, oldest first, at most wayKept
	Whole         bool         `json:"whole"`
	Health        string       `json:"health"` // none, starting, healthy, unhealthy
	Paused        bool         `json:"paused,omitempty"`
	Created       time.Time    `json:"created,omitzero"`
	Started       time.Time    `json:"started,omitzero"` // of the present run
	Faults        int          `json:"faults"`           // in this run of foster
	Recovered     int          `json:"recovered"`
	Restarts      int          `json:"restarts"` // recoveries in a new container
	Attempt       int          `json:"attempt"`  // tries since the last stable run: creates, and prepares that failed
	Retry         time.Time    `json:"retry,omitzero"`
	ExitCode      int          `json:"exit_code"` // of the last run that ended
	Fault         *Fault       `json:"fault,omitempty"`
	Waits         string       `json:"waits_for,omitempty"`
	Holder        string       `json:"holder,omitempty"` // who has its place
	Last          *Entry       `json:"last_recovery,omitempty"`
	Attachments   []Attachment `json:"attachments"`
}

// Fault is what a child is being recovered from.
type Fault struct {
	Cause    string    `json:"cause"`
	At       time.Time `json:"at"`
	Attempts int       `json:"attempts"`
}

// Attachment is a child's endpoint on one network.
type Attachment struct {
	Network string `json:"network"`
	State   string `json:"state"` // missing, attaching, attached, suspect, unavailable
	Holder  string `json:"holder,omitempty"`
}

// Network is one network of the project.
type Network struct {
	Name     string `json:"name"`
	State    string `json:"state"`
	External bool   `json:"external,omitempty"`
}

// Recoveries are all that were made in this run of foster, and how long the
// newest took (at most recoveriesKept), from fault to whole.
type Recoveries struct {
	Count   int            `json:"count"`
	ByCause map[string]int `json:"by_cause"`
	P50     float64        `json:"p50_ms"`
	P90     float64        `json:"p90_ms"`
	P99     float64        `json:"p99_ms"`
	Max     float64        `json:"max_ms"`
	Newest  []float64      `json:"newest_ms"` // oldest first
}

// children describes the children of a State; the counts and times that the
// State does not have are the Board's.
func (b *Board) children() []Child {
	out := make([]Child, 0, len(b.now.Children))
	for i := range b.now.Children {
		ch, t := &b.now.Children[i], b.tallies[i]
		c := Child{
			Name: ch.Name, ContainerName: t.ContainerName, Container: ch.ID, Image: t.Image,
			Phase: ch.Phase.String(), Since: t.since, Way: names(t.way), Whole: ch.Phase == state.Alive && ch.Whole, Health: ch.Health.String(),
			Paused: ch.Paused, Created: ch.Created, Started: ch.StartedAt,
			Faults: t.faults, Recovered: t.recovered, Restarts: t.restarts, Attempt: ch.Attempt,
			ExitCode: ch.Code, Waits: ch.Awaits, Holder: ch.Holder, Last: t.last,
			Attachments: make([]Attachment, 0, len(ch.Nets)),
		}
		if ch.Phase != state.Alive {
			c.Started = time.Time{}
		}
		if ch.Phase == state.Waiting {
			c.Retry = t.retry
		}
		if ch.Fault.Cause != "" {
			c.Fault = &Fault{Cause: ch.Fault.Cause, At: ch.Fault.At, Attempts: ch.Fault.Attempts}
		}
		for _, a := range ch.Nets {
			c.Attachments = append(c.Attachments, Attachment{Network: a.Network, State: a.State.String(), Holder: a.Holder})
		}
		out = append(out, c)
	}
	return out
}

func (b *Board) networks() []Network {
	out := make([]Network, 0, len(b.now.Networks))
	for _, n := range b.now.Networks {
		out = append(out, Network{Name: n.Name, State: n.State.String(), External: n.External})
	}
	return out
}

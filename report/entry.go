package report

import (
	"time"

	"foster/state"
)

// historyKept is how many entries a Board keeps.
const historyKept = 256

// KindStage is the kind of an Entry that tells a new stage of the project; all
// other kinds are state.NoteKind's.
const KindStage = "stage"

// Entry is one fact of the timeline.
type Entry struct {
	Seq     uint64    `json:"seq"` // 1, 2, … in this run of foster
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Level   string    `json:"level"` // error, warn, info, debug
	Text    string    `json:"text"`
	Child   string    `json:"child,omitempty"`
	Network string    `json:"network,omitempty"`
	Cause   string    `json:"cause,omitempty"`
	Did     string    `json:"did,omitempty"`
	Detail  string    `json:"detail,omitempty"`
	Code    int       `json:"exit_code,omitempty"`
	Attempt int       `json:"attempt,omitempty"`
	Down    float64   `json:"down_ms,omitempty"` // with kind recovered
}

// noteEntry is a note as everybody may read it. What the healthcheck of an
// unhealthy child printed is the child's output, which only the log shows: of
// any kind of note about one, the detail is told only where it is foster's own
// words.
func noteEntry(n state.Note) Entry {
	if n.Cause == "unhealthy" && n.Detail != state.AttemptsSpent {
		n.Detail = ""
	}
	level, text := Words(n)
	return Entry{
		Kind: n.Kind.String(), Level: level.String(), Text: text, Child: n.Child, Network: n.Network,
		Cause: n.Cause, Did: n.Did, Detail: n.Detail, Code: n.Code, Attempt: n.Attempt, Down: milliseconds(n.Down),
	}
}

// milliseconds, with three digits behind the point.
func milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

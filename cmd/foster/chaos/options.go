package chaos

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"foster/spec"
)

// Kind is a kind of fault.
type Kind string

// The kinds, in the order in which they are reported.
const (
	Kill   Kind = "kill"
	Stop   Kind = "stop"
	Remove Kind = "rm"
	Cut    Kind = "cut"
	Pause  Kind = "pause"
)

// Kinds are all of them.
var Kinds = []Kind{Kill, Stop, Remove, Cut, Pause}

// Ends says whether the container's run is over by such a fault.
func (k Kind) Ends() bool { return k == Kill || k == Stop || k == Remove }

// SortKinds puts kinds into the order of Kinds.
func SortKinds(kinds []Kind) {
	slices.SortFunc(kinds, func(a, b Kind) int { return slices.Index(Kinds, a) - slices.Index(Kinds, b) })
}

// Defaults of the flags.
const (
	DefaultEvery        = 2 * time.Second
	DefaultJitter       = "0"
	DefaultRounds       = 20
	DefaultTimeout      = 2 * time.Minute // longer than the longest pause of FOSTER_BACKOFF_MAX
	DefaultPauseFor     = 500 * time.Millisecond
	DefaultProbeTimeout = 250 * time.Millisecond
)

// Options is what an operator chooses.
type Options struct {
	Projects []string // by name
	Children []string // name, project/name, or container
	Kinds    []Kind   // without Cut
	Cuts     []string // networks, as the engine or as the project calls them

	Every   time.Duration // from a recovery to the next fault
	Jitter  time.Duration // chance adds or takes up to this much
	Rounds  int           // 0: until Stop is closed
	Timeout time.Duration // a child that is not whole by then counts as never
	Seed    uint64        // same seed, same sequence

	PauseFor time.Duration // how long a pause is held
	Stable   bool          // break a child only after it ran for FOSTER_STABLE_AFTER
	OnHost   bool          // also children of a foster that is not seen: the operator knows of it
	// Hosted says whether a foster outside any container is known to have a
	// project; nil where that cannot be seen.
	Hosted func(project string) bool
}

// Check says all that is wrong with the options themselves. With neither kinds
// nor cuts, kill is chosen.
func (o *Options) Check() spec.Problems {
	var problems spec.Problems
	wrong := func(flag, value, what, mend string) {
		problems = append(problems, spec.Problem{Variable: flag, Value: value, What: what, Mend: mend})
	}
	if o.Every < 0 {
		wrong("--every", o.Every.String(), "is negative", "write a duration like 2s")
	}
	if o.Jitter < 0 || o.Jitter > o.Every {
		wrong("--jitter", o.Jitter.String(), "is not between 0 and --every", "write a share of --every like 0.3 or 30%, or a duration up to it")
	}
	if o.Rounds < 0 {
		wrong("--rounds", strconv.Itoa(o.Rounds), "is negative", "0 goes on until Ctrl-C")
	}
	if o.Timeout <= 0 {
		wrong("--timeout", o.Timeout.String(), "leaves no time to recover", "write a duration like 2m")
	}
	if o.PauseFor <= 0 {
		wrong("--pause-for", o.PauseFor.String(), "is no pause", "write a duration like 500ms")
	}
	if slices.Contains(o.Cuts, "") {
		wrong("--cut", "", "names no network", "name it as docker network ls does, or as the project does")
	}
	if len(o.Kinds) == 0 && len(o.Cuts) == 0 {
		o.Kinds = []Kind{Kill}
	}
	return problems
}

// ParseJitter reads a share of every ("0.3", "30%") or a duration ("500ms").
func ParseJitter(text string, every time.Duration) (time.Duration, error) {
	number, scale := text, 1.0
	if s, ok := strings.CutSuffix(text, "%"); ok {
		number, scale = s, 100
	}
	if share, err := strconv.ParseFloat(number, 64); err == nil {
		if !(share >= 0 && share <= scale) {
			return 0, fmt.Errorf("%q is not between 0 and all of --every", text)
		}
		return time.Duration(share / scale * float64(every)), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is neither a share nor a duration", text)
	}
	return d, nil
}

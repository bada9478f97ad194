package chaos

import (
	"fmt"
	"time"
)

// Summary is what a run has measured.
type Summary struct {
	Seed  uint64
	Began time.Time
	Took  time.Duration
	Done  int    // faults, without one that was interrupted
	Never []Lost // in the order in which they were given up
	// Unfinished is the round that was interrupted, nil for none.
	Unfinished *Round

	Faults    map[Kind]int
	Measured  map[Kind][]time.Duration // recoveries, unsorted
	Early     int                      // recoveries that contain foster's pause
	Unstamped int                      // recoveries whose events the engine lost

	Probe  string // the URL, "" without
	Unseen int    // faults of which the client noticed nothing
	Down   map[Kind][]time.Duration
	Asked  int
	Widest time.Duration   // between two questions
	Stray  []time.Duration // outages outside of any round
}

// Lost is a child that was not whole after the timeout.
type Lost struct {
	Round int // 0: before the first
	At    time.Time
	Child string // project/child
	Fault string // what it did not recover from
	Why   string
}

func newSummary(cfg Config) *Summary {
	s := &Summary{
		Seed: cfg.Options.Seed, Began: time.Now(),
		Faults: map[Kind]int{}, Measured: map[Kind][]time.Duration{}, Down: map[Kind][]time.Duration{},
	}
	if cfg.Probe != nil {
		s.Probe = cfg.Probe.url
	}
	return s
}

// add counts a round.
func (s *Summary) add(r Round, unfinished bool) {
	if unfinished {
		s.Unfinished = &r
		return
	}
	s.Done++
	s.Faults[r.Kind]++
	switch {
	case !r.Recovered:
		s.Never = append(s.Never, Lost{Round: r.N, At: r.At, Child: r.Target.Name(), Fault: r.Fault(), Why: r.Why})
	case r.Measured:
		s.Measured[r.Kind] = append(s.Measured[r.Kind], r.Recovery)
	default:
		s.Unstamped++
	}
	if r.Early && r.Recovered {
		s.Early++
	}
	switch {
	case r.Probed:
		s.Down[r.Kind] = append(s.Down[r.Kind], r.Down)
	case s.Probe != "":
		s.Unseen++
	}
}

// gaveUp counts a child that was not the target of the fault.
func (s *Summary) gaveUp(r *runner, t *Target, round int, fault, why string) {
	r.lost[t] = true
	l := Lost{Round: round, At: r.rec.now(), Child: t.Name(), Fault: fault, Why: why}
	s.Never = append(s.Never, l)
	r.tell.lost(l)
}

func (s *Summary) finish(r *runner) {
	s.Took = time.Since(s.Began)
	if r.probe == nil {
		return
	}
	s.Asked, s.Widest = r.probe.outages.pace()
	for _, o := range append(r.stray, r.probe.outages.drain()...) {
		s.Stray = append(s.Stray, o.to.Sub(o.from))
	}
}

// foster's are the recoveries that are foster's work: all but those from a
// pause, whose length chaos chooses itself.
func fosters(samples map[Kind][]time.Duration) []time.Duration {
	var all []time.Duration
	for _, k := range Kinds {
		if k != Pause {
			all = append(all, samples[k]...)
		}
	}
	return all
}

// Err is what an exit code 1 says, nil when everything recovered.
func (s *Summary) Err() error {
	if len(s.Never) == 0 {
		return nil
	}
	return fmt.Errorf("not recovered: %d of %s", len(s.Never), counted(s.Done, "fault"))
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

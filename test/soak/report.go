package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"sync"
	"time"
)

// report is what is told at the end.
type report struct {
	Seed       uint64           `json:"seed"`
	Rounds     int              `json:"rounds"`
	Faults     map[string]tally `json:"faults"`
	Recoveries []recovery       `json:"recoveries"`
	Bound      time.Duration    `json:"boundNanoseconds"`
	Leaving    time.Duration    `json:"leavingNanoseconds"`
	Events     int              `json:"mostEventsOfOneChildInAMinute"`
	EventsOf   string           `json:"mostEventsOf,omitempty"`
	Instances  []instance       `json:"instances"`
	Took       time.Duration    `json:"tookNanoseconds"`
	Reap       bool             `json:"reap"`
	Failure    string           `json:"failure,omitempty"`

	mu sync.Mutex
}

// tally counts one kind of fault.
type tally struct {
	Done   int `json:"done"`
	Absent int `json:"absent"` // the victim was not there
	Undone int `json:"undone"` // the engine refused, or did not answer
}

// recovery is one quiet period.
type recovery struct {
	Took  time.Duration `json:"tookNanoseconds"`
	After string        `json:"after"`
}

func (r *report) count(kind string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.Faults[kind]
	switch {
	case err == nil:
		t.Done++
	case errors.Is(err, errAbsent):
		t.Absent++
	default:
		t.Undone++
	}
	r.Faults[kind] = t
}

func (r *report) recovered(took time.Duration, after string) {
	r.Recoveries = append(r.Recoveries, recovery{took, after})
}

// percentile is the smallest of all that p per cent do not exceed, 0 without any.
func (r *report) percentile(p float64) time.Duration {
	if len(r.Recoveries) == 0 {
		return 0
	}
	sorted := slices.SortedFunc(slices.Values(r.Recoveries), func(a, b recovery) int { return cmp.Compare(a.Took, b.Took) })
	return sorted[max(0, int(math.Ceil(p/100*float64(len(sorted))))-1)].Took
}

func (r *report) print(out io.Writer) {
	done := 0
	for _, t := range r.Faults {
		done += t.Done
	}
	fmt.Fprintf(out, "\nseed %d: %d rounds, %d faults, %d quiet periods; %.0f s in all\n", r.Seed, r.Rounds, done, len(r.Recoveries), r.Took.Seconds())
	for _, name := range slices.Sorted(maps.Keys(r.Faults)) {
		t := r.Faults[name]
		fmt.Fprintf(out, "  %-14s %3d done", name, t.Done)
		if t.Absent > 0 {
			fmt.Fprintf(out, ", %d found nobody", t.Absent)
		}
		if t.Undone > 0 {
			fmt.Fprintf(out, ", %d could not be done", t.Undone)
		}
		fmt.Fprintln(out)
	}
	if len(r.Recoveries) > 0 {
		slowest := slices.MaxFunc(r.Recoveries, func(a, b recovery) int { return cmp.Compare(a.Took, b.Took) })
		fmt.Fprintf(out, "whole again after the last fault of a round: p50 %.1f s, p90 %.1f s, slowest %.1f s (bound %.0f s), after: %s\n",
			r.percentile(50).Seconds(), r.percentile(90).Seconds(), slowest.Took.Seconds(), r.Bound.Seconds(), slowest.After)
	}
	if r.EventsOf != "" {
		fmt.Fprintf(out, "most events of one child within a minute: %d, %s (limit %d)\n", r.Events, r.EventsOf, maxEvents)
	}
	if r.Leaving > 0 {
		fmt.Fprintf(out, "nothing left %.1f s after the stacks were removed\n", r.Leaving.Seconds())
	}
	if len(r.Instances) > 0 {
		fmt.Fprintln(out, "fosters at the end:      age      RSS   processor, all and at rest")
	}
	for _, in := range r.Instances {
		fmt.Fprintf(out, "  %-4s %-15s %5.0f s  %4.1f MB  %5.2f s  %.1f %%\n", in.Node, in.Service, in.Age, float64(in.RSS)/1e6, in.Seconds, 100*in.Rest)
	}
}

func (r *report) encode(out io.Writer, failure error) error {
	if failure != nil {
		r.Failure = failure.Error()
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

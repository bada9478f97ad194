package main

import (
	"math"
	"slices"
	"time"
)

// samples are durations of one thing.
type samples []time.Duration

func (s *samples) add(from, to int64) { *s = append(*s, time.Duration(to-from)) }

// at is the percentile p of 0 to 100: the smallest sample that p per cent of all do not exceed. 0 without samples.
func (s samples) at(p float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	i := int(math.Ceil(p/100*float64(len(sorted)))) - 1
	return sorted[max(0, i)]
}

// stages are the parts of a path, between named points.
type stages struct {
	points []string
	parts  []samples
}

func newStages(points ...string) *stages {
	return &stages{points: points, parts: make([]samples, len(points)-1)}
}

// add takes one stamp for each point.
func (s *stages) add(stamps []int64) {
	for i := range s.parts {
		s.parts[i].add(stamps[i], stamps[i+1])
	}
}

// path is the median of each part.
func (s *stages) path(name string) path {
	p := path{Name: name}
	for i, part := range s.parts {
		p.Parts = append(p.Parts, stage{From: s.points[i], To: s.points[i+1], P50: part.at(50)})
	}
	return p
}

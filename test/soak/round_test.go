package main

import (
	"testing"
	"time"
)

// TestPeriod: what is whole in time and stays so for a while passes however late that is seen, and nothing else.
func TestPeriod(t *testing.T) {
	const bound = 10 * time.Second
	type look struct {
		at    float64 // seconds after the last fault
		whole bool
		still float64 // seconds
	}
	for name, c := range map[string]struct {
		looks []look
		took  float64
		end   state
	}{
		"at once":                     {[]look{{0.1, true, 9}, {1.7, true, 10}}, 0.1, over},
		"one look does not count":     {[]look{{0.1, true, 9}, {0.4, true, 9.3}}, 0.1, going},
		"not at the bound":            {[]look{{9.9, false, 0}, {10.1, false, 0}}, 0, late},
		"just before the bound":       {[]look{{9.7, false, 0}, {9.9, true, 0.2}, {10.3, true, 0.6}, {11.5, true, 1.8}}, 9.9, over},
		"just after the bound":        {[]look{{9.9, false, 0}, {10.1, true, 3}}, 10.1, late},
		"a change after it":           {[]look{{5, true, 3}, {6, true, 0.5}, {7.1, true, 1.6}}, 5.5, over},
		"a change after the bound":    {[]look{{9, true, 3}, {10.4, true, 0.1}}, 10.3, late},
		"no rest":                     {[]look{{8, true, 0}, {9, true, 0}, {10, true, 0}, {11, true, 0}}, 11, late},
		"whole, not whole":            {[]look{{1, true, 3}, {2, false, 4}, {3, true, 5}}, 3, going},
		"whole, and not at the bound": {[]look{{9, true, 3}, {10.1, false, 0.1}}, 0, late},
	} {
		p := period{bound: bound, ceased: time.Unix(1000, 0)}
		seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
		var took time.Duration
		end := going
		for i, l := range c.looks {
			if end != going {
				t.Errorf("%s: it ended before look %d", name, i)
			}
			took, end = p.seen(p.ceased.Add(seconds(l.at)), l.whole, seconds(l.still))
		}
		if end != c.end || took.Round(time.Millisecond) != seconds(c.took).Round(time.Millisecond) {
			t.Errorf("%s: %d after %s, want %d after %g s", name, end, took, c.end, c.took)
		}
	}
}

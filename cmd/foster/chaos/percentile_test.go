package chaos

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestPercentile holds the method, nearest rank, at its known examples.
func TestPercentile(t *testing.T) {
	five := []time.Duration{15, 20, 35, 40, 50}
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, x := range []struct {
		samples []time.Duration
		p       float64
		want    time.Duration
	}{
		{nil, 50, 0},
		{five[:1], 99, 15},
		{five, 5, 15},
		{five, 30, 20},
		{five, 40, 20},
		{five, 50, 35},
		{five, 90, 50},
		{five, 100, 50},
		{hundred, 50, 50},
		{hundred, 90, 90},
		{hundred, 95, 95},
		{hundred, 99, 99},
		{hundred, 100, 100},
		{hundred[:20], 95, 19},
		{hundred[:20], 99, 20},
	} {
		if got := percentile(x.samples, x.p); got != x.want {
			t.Errorf("p%v of %d samples is %d, want %d", x.p, len(x.samples), got, x.want)
		}
	}
}

// TestPercentileIsNearestRank: whatever the samples, at least p per cent are not
// above it, fewer are below it, and it is one of them.
func TestPercentileIsNearestRank(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 50), func(i int) time.Duration { return time.Duration(i) }), 1, 300).Draw(t, "samples")
		p := rapid.SampledFrom(percentiles).Draw(t, "p")
		got := percentile(sorted(samples), p)
		below, upTo, is := 0, 0, false
		for _, s := range samples {
			if s < got {
				below++
			}
			if s <= got {
				upTo++
			}
			is = is || s == got
		}
		need := p * float64(len(samples)) / 100
		if !is || float64(upTo) < need || float64(below) >= need {
			t.Fatalf("p%v is %d: %d below, %d up to it, of %d", p, got, below, upTo, len(samples))
		}
	})
}

package chaos

import (
	"math"
	"slices"
	"time"
)

// percentiles are those that a summary shows. 100 is the maximum.
var percentiles = []float64{50, 90, 95, 99, 100}

// percentile is by nearest rank: the smallest sample that at least p per cent
// of all samples do not exceed. It is always one that was measured, and 0
// without any. samples must be sorted.
func percentile(samples []time.Duration, p float64) time.Duration {
	if len(samples) == 0 {
		return 0
	}
	rank := int(math.Ceil(p * float64(len(samples)) / 100)) // in this order: exact for whole numbers
	return samples[min(max(rank, 1), len(samples))-1]
}

// sorted is a sorted copy.
func sorted(samples []time.Duration) []time.Duration {
	return slices.Sorted(slices.Values(samples))
}

package report

import (
	"maps"
	"math"
	"slices"
	"time"
)

// recoveriesKept is how many durations a Board keeps.
const recoveriesKept = 256

// recoveries counts all recoveries and keeps how long the newest took.
type recoveries struct {
	count   int
	byCause map[string]int
	newest  []float64 // milliseconds, oldest first
}

func (r *recoveries) add(cause string, down time.Duration) {
	if r.byCause == nil {
		r.byCause = map[string]int{}
	}
	r.count++
	r.byCause[cause]++
	if len(r.newest) == recoveriesKept {
		r.newest = slices.Delete(r.newest, 0, 1)
	}
	r.newest = append(r.newest, milliseconds(down))
}

func (r *recoveries) summary() Recoveries {
	sorted := slices.Sorted(slices.Values(r.newest))
	out := Recoveries{
		Count: r.count, ByCause: maps.Clone(r.byCause), Newest: slices.Clone(r.newest),
		P50: percentile(sorted, 50), P90: percentile(sorted, 90), P99: percentile(sorted, 99), Max: percentile(sorted, 100),
	}
	if out.ByCause == nil {
		out.ByCause, out.Newest = map[string]int{}, []float64{}
	}
	return out
}

// percentile is the smallest of the sorted values that at least p percent are
// not above (nearest rank); 0 of none.
func percentile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

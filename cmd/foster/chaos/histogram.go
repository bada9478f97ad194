package chaos

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	histogramRows = 10
	histogramBar  = 44 // columns of the longest bar
)

// steps are 0 and then 1, 2 and 5 times each power of ten, from 100 µs on.
func steps() []time.Duration {
	all := []time.Duration{0}
	for unit := 100 * time.Microsecond; unit <= 1000*time.Second; unit *= 10 {
		all = append(all, unit, 2*unit, 5*unit)
	}
	return all
}

// borders are those between the histogram's rows, for sorted samples: equal
// rows, or rows that grow 1, 2, 5, 10, … where the slowest is more than 20 times
// the fastest. A row is no narrower than a hundredth of the fastest.
func borders(samples []time.Duration) []time.Duration {
	low, high := samples[0], samples[len(samples)-1]
	all := steps()
	if high > 20*low {
		from, to := 0, 1
		for all[from+1] <= low {
			from++
		}
		for to < len(all)-1 && all[to] <= high {
			to++
		}
		return all[from : to+1]
	}
	for _, width := range all[1:] {
		if width < low/100 {
			continue
		}
		first := low / width * width
		if rows := int((high-first)/width) + 1; rows <= histogramRows {
			var out []time.Duration
			for i := range rows + 1 {
				out = append(out, first+time.Duration(i)*width)
			}
			return out
		}
	}
	return []time.Duration{0, math.MaxInt64}
}

// histogram draws sorted samples, one line a row, within 80 columns.
func histogram(samples []time.Duration, utf bool) []string {
	if len(samples) == 0 {
		return nil
	}
	edges := borders(samples)
	counts := make([]int, len(edges)-1)
	for _, s := range samples {
		i, exact := slices.BinarySearch(edges, s)
		if !exact {
			i--
		}
		counts[min(max(i, 0), len(counts)-1)]++
	}
	labels := make([]string, len(counts))
	width := 0
	dash := "-"
	if utf {
		dash = "–"
	}
	for i := range counts {
		labels[i] = fmt.Sprintf("%s %s %s ms", millis(edges[i]), dash, millis(edges[i+1]))
		width = max(width, utf8.RuneCountInString(labels[i]))
	}
	most := slices.Max(counts)
	var lines []string
	for i, n := range counts {
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(labels[i]))
		lines = append(lines, strings.TrimRight(fmt.Sprintf("  %s%s %6d  %s", pad, labels[i], n, bar(n, most, histogramBar, utf)), " "))
	}
	return lines
}

// bar is n of most, in eighths of a column where the terminal has them. What is
// more than nothing is seen.
func bar(n, most, columns int, utf bool) string {
	if n == 0 {
		return ""
	}
	if !utf {
		return strings.Repeat("#", max(1, n*columns/most))
	}
	eighths := max(1, n*columns*8/most)
	out := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		out += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return out
}

// millis writes a duration in milliseconds, with a digit behind the point below 10.
func millis(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	if ms < 10 && ms != math.Trunc(ms) {
		return fmt.Sprintf("%.1f", ms)
	}
	return fmt.Sprintf("%.0f", ms)
}

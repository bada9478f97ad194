package chaos

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func milliseconds(values ...int) []time.Duration {
	var out []time.Duration
	for _, v := range values {
		out = append(out, time.Duration(v)*time.Millisecond)
	}
	return out
}

func TestHistogram(t *testing.T) {
	for _, x := range []struct {
		name    string
		samples []time.Duration
		utf     bool
		want    string
	}{
		{"nothing", nil, true, ""},
		{"one", milliseconds(231), true, "  230 – 235 ms      1  " + strings.Repeat("█", 44)},
		{"ascii", milliseconds(200, 210, 210, 260), false, `
  200 - 210 ms      1  ######################
  210 - 220 ms      2  ############################################
  220 - 230 ms      0
  230 - 240 ms      0
  240 - 250 ms      0
  250 - 260 ms      0
  260 - 270 ms      1  ######################`},
		{"eighths", milliseconds(10, 20, 20, 20, 20, 20, 20, 20, 20), true, `
  10 – 12 ms      1  █████▌
  12 – 14 ms      0
  14 – 16 ms      0
  16 – 18 ms      0
  18 – 20 ms      0
  20 – 22 ms      8  ████████████████████████████████████████████`},
		{"far apart", milliseconds(30, 40, 300, 60000), false, `
        20 - 50 ms      2  ############################################
       50 - 100 ms      0
      100 - 200 ms      0
      200 - 500 ms      1  ######################
     500 - 1000 ms      0
    1000 - 2000 ms      0
    2000 - 5000 ms      0
   5000 - 10000 ms      0
  10000 - 20000 ms      0
  20000 - 50000 ms      0
 50000 - 100000 ms      1  ######################`},
	} {
		got := strings.Join(histogram(x.samples, x.utf), "\n")
		if want := strings.TrimPrefix(x.want, "\n"); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%s:\n%s\nwant\n%s", x.name, got, want)
		}
	}
}

// TestHistogramFits: every sample is counted once, in 80 columns.
func TestHistogramFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := sorted(rapid.SliceOfN(rapid.Map(rapid.Int64Range(0, int64(20*time.Minute)), func(n int64) time.Duration { return time.Duration(n) }), 1, 200).Draw(t, "samples"))
		utf := rapid.Bool().Draw(t, "utf")
		edges := borders(samples)
		if edges[0] > samples[0] || edges[len(edges)-1] < samples[len(samples)-1] {
			t.Fatalf("%v does not hold %v to %v", edges, samples[0], samples[len(samples)-1])
		}
		for i, line := range histogram(samples, utf) {
			if utf8.RuneCountInString(line) > 80 {
				t.Fatalf("%q", line)
			}
			if !utf && utf8.RuneCountInString(line) != len(line) {
				t.Fatalf("not ASCII: %q", line)
			}
			if i == 0 && strings.HasSuffix(line, "ms      0") {
				t.Fatalf("the first row is empty: %q of %v", line, samples)
			}
		}
	})
}

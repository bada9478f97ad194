package chaos

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestProgressFits: the line is never wider than the terminal is at that
// moment; one column stays free, where some terminals begin the next line.
func TestProgressFits(t *testing.T) {
	var out strings.Builder
	cols := 0
	p := progress{out: &out, on: true, utf: true, rounds: 4, done: 2, what: "waits for " + strings.Repeat("x", 90), cols: func() int { return cols }}
	for _, x := range []struct{ cols, want int }{{0, progressLine}, {200, progressLine}, {79, 78}, {40, 39}, {2, 1}, {1, 0}} {
		cols = x.cols
		out.Reset()
		p.draw()
		if got := utf8.RuneCountInString(strings.TrimPrefix(out.String(), "\r\x1b[K")); got != x.want {
			t.Errorf("%d columns: %d wide: %q", x.cols, got, out.String())
		}
	}
}

package status

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"foster/report"
)

// DefaultColumns is the width where no terminal tells another.
const DefaultColumns = 80

// Style is how the tables look.
type Style struct {
	Columns int // of the terminal, 0: DefaultColumns
	Colour  bool
}

const (
	plain  = ""
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	red    = "\x1b[31m"
	bold   = "\x1b[1m"
	reset  = "\x1b[0m"
)

func (s Style) width() int {
	if s.Columns <= 0 {
		return DefaultColumns
	}
	return max(s.Columns, 72) // what is narrower breaks the lines
}

func (s Style) paint(colour, text string) string {
	if !s.Colour || colour == plain || text == "" {
		return text
	}
	return colour + text + reset
}

// verdictColour: red is what Swarm ends a task for.
func verdictColour(v report.Verdict) string {
	switch {
	case v.Ready:
		return green
	case v.Healthy:
		return yellow
	}
	return red
}

// Printable leaves what a terminal only shows: what is told comes from inside
// containers, and a control character in it is none of ours.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return -1
	}, text)
}

// cut shortens a text to a width, with … at its end, and makes it printable.
// Characters are counted: those that take two columns make a line longer.
func cut(text string, width int) string {
	text = Printable(text)
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	if width < 1 {
		return ""
	}
	return string([]rune(text)[:width-1]) + "…"
}

// Line is a text as one line of the terminal: printable, and no longer than that
// is wide.
func (s Style) Line(text string) string { return cut(text, s.width()) }

// cell is one field of a table.
type cell struct{ text, colour string }

// grid writes rows under a head. The columns have the width of what is in them;
// where that is too much together, flexible ones give way, the last named first,
// down to least.
func (s Style) grid(w io.Writer, head []string, rows [][]cell, flexible ...int) {
	const gap, least = 2, 8
	for _, r := range rows {
		for i := range r {
			r[i].text = Printable(r[i].text)
		}
	}
	widths := make([]int, len(head))
	for i, h := range head {
		widths[i] = utf8.RuneCountInString(h)
		for _, r := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(r[i].text))
		}
	}
	over := gap*(len(head)-1) - s.width()
	for _, n := range widths {
		over += n
	}
	for i := len(flexible) - 1; i >= 0 && over > 0; i-- {
		take := min(over, max(widths[flexible[i]]-least, 0))
		widths[flexible[i]] -= take
		over -= take
	}
	line := func(cells []cell) {
		var b strings.Builder
		for i, c := range cells {
			text := cut(c.text, widths[i])
			b.WriteString(s.paint(c.colour, text))
			if i < len(cells)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+gap))
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	titles := make([]cell, len(head))
	for i, h := range head {
		titles[i] = cell{h, bold}
	}
	line(titles)
	for _, r := range rows {
		line(r)
	}
}

// span is a duration in one or two letters and digits: 42s, 5m, 3h, 12d.
func span(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}

// took is how long a recovery took, in milliseconds, for people.
func took(ms float64) string {
	d := time.Duration(ms * float64(time.Millisecond))
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1fms", ms)
	case d < time.Second:
		return fmt.Sprintf("%.0fms", ms)
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

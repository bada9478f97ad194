package chaos

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// progress is one line at the bottom of a terminal, drawn again and again. Off
// it does nothing.
type progress struct {
	out    io.Writer
	on     bool
	utf    bool
	cols   func() int // of the terminal, nil or 0 where that is not known
	rounds int        // 0: no end is known
	done   int
	what   string
}

const (
	progressBar  = 20
	progressLine = 78 // at most
)

func (p *progress) clear() {
	if p.on {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

func (p *progress) draw() {
	if p.on && p.what != "" {
		fmt.Fprint(p.out, "\r\x1b[K"+p.line())
	}
}

// line fits the terminal as it is now: what becomes two lines there cannot be
// taken away again.
func (p *progress) line() string {
	text := counted(p.done, "round")
	if p.rounds > 0 {
		full := bar(p.done, p.rounds, progressBar, p.utf)
		text = fmt.Sprintf("[%s%s] %d/%d", full, strings.Repeat(" ", progressBar-utf8.RuneCountInString(full)), p.done, p.rounds)
	}
	width := progressLine
	if p.cols != nil {
		if cols := p.cols(); cols > 0 {
			width = min(width, cols-1)
		}
	}
	runes := []rune(text + "  " + p.what)
	return string(runes[:min(len(runes), width)])
}

// end takes the line away for good.
func (p *progress) end() {
	p.clear()
	p.on = false
}

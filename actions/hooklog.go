package actions

import (
	"bytes"

	"github.com/rs/zerolog"
)

// What is logged of one hook.
const (
	hookLines    = 100
	hookLineSize = 1 << 10
)

// hookLog logs what a hook writes, line by line and no more than is of use. It
// takes everything, so that the hook is never held up.
type hookLog struct {
	log   zerolog.Logger
	line  []byte // not yet ended; at most hookLineSize
	lines int
}

func (l *hookLog) Write(p []byte) (int, error) {
	rest := p
	for {
		line, after, ended := bytes.Cut(rest, []byte{'\n'})
		l.line = append(l.line, line[:min(len(line), hookLineSize-len(l.line))]...)
		if !ended {
			return len(p), nil
		}
		l.flush()
		rest = after
	}
}

// end logs a last line that has no end of its own.
func (l *hookLog) end() {
	if len(l.line) > 0 {
		l.flush()
	}
}

func (l *hookLog) flush() {
	line := bytes.TrimRight(l.line, "\r")
	l.line = l.line[:0]
	switch l.lines++; {
	case l.lines <= hookLines:
		l.log.Info().Bytes("line", line).Msg("a hook says")
	case l.lines == hookLines+1:
		l.log.Info().Msg("the hook says more, which is left out")
	}
}

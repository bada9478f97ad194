package output

import (
	"context"
	"errors"
)

// errGap: a window begins behind the position.
var errGap = errors.New("the log was not asked for from far enough back")

// sieve passes on what of one stream is past the position, and moves that.
type sieve struct {
	pos    *position
	mouth  *mouth
	ctx    context.Context // of waiting for a place to write
	tailed bool            // the stream need not reach back to the position

	met     bool    // a message has come
	sources [2]bool // one of this source has
	caught  [2]bool // the source is past its position
	seen    [2]int  // messages with the mark's stamp

	src  Source
	drop bool // the message was relayed before
	skip int  // bytes of it that were
	last byte
}

var _ messages = (*sieve)(nil)

func (s *sieve) begin(src Source, at stamp) error {
	m := &s.pos.marks[src]
	firstOfAll, first := !s.met, !s.sources[src]
	s.met, s.sources[src] = true, true
	s.src, s.drop, s.skip, s.last = src, false, 0, 0
	if s.caught[src] {
		return s.next(m, at)
	}
	order := 1
	switch {
	case !m.at.zero():
		order = at.compare(m.at)
	case s.pos.before(at):
		order = -1
	}
	if s.tailed && (firstOfAll && order >= 0 || first && order == 0) {
		// Nobody knows what is in front of it.
		return errGap
	}
	switch {
	case order < 0:
		s.drop = true
		return nil
	case order == 0:
		if s.seen[src]++; s.seen[src] <= m.n {
			s.drop = true
			return nil
		}
		s.caught[src], s.skip = true, m.part
		return nil
	}
	s.caught[src] = true
	if m.part > 0 {
		// The engine does not have the rest of it any more.
		if err := s.mouth.finishLine(s.ctx, src); err != nil {
			return err
		}
	}
	return s.next(m, at)
}

// next begins a message that is new.
func (s *sieve) next(m *mark, at stamp) error {
	if at != m.at {
		m.at, m.n = at, 0
	}
	m.part = 0
	return nil
}

func (s *sieve) piece(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	s.last = p[len(p)-1]
	if s.drop {
		return nil
	}
	if s.skip > 0 {
		n := min(s.skip, len(p))
		s.skip -= n
		p = p[n:]
	}
	if len(p) == 0 {
		return nil
	}
	n, err := s.mouth.write(s.ctx, s.src, p)
	s.pos.marks[s.src].part += n
	return err
}

func (s *sieve) end() error {
	if s.drop {
		return nil
	}
	m := &s.pos.marks[s.src]
	m.n++
	m.part = 0
	m.open = s.last != '\n'
	s.pos.count++
	return nil
}

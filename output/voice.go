package output

import (
	"bytes"
	"context"
	"sync/atomic"
)

// voice is one source of lines on a lane: one source of a child, or foster's
// own log. It belongs to one goroutine, but open is of who has the lane's turn.
type voice struct {
	lane   *lane
	prefix []byte // in front of each line; may be empty
	open   bool   // its line has begun and not ended
	placed int    // bytes of the prefix that are in front of that
}

// write puts bytes on their way and says how many are; the voice has the turn.
func (v *voice) write(ctx context.Context, p []byte) (n int, err error) {
	if len(v.prefix) == 0 {
		n, err = v.lane.add(ctx, p)
		if n > 0 {
			v.open = p[n-1] != '\n'
		}
		return n, err
	}
	for n < len(p) {
		if !v.open {
			v.placed = 0
		}
		if v.placed < len(v.prefix) { // called off amid it, the line has begun
			m, err := v.lane.add(ctx, v.prefix[v.placed:])
			v.placed += m
			v.open = v.placed > 0
			if err != nil {
				return n, err
			}
		}
		line := p[n:]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		m, err := v.lane.add(ctx, line)
		n += m
		if m > 0 {
			v.open = p[n-1] != '\n'
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// mouth is both voices of a child's container, of which at most one has its
// lane's turn: two that waited for each other's would wait for ever.
type mouth struct {
	voices [2]*voice
	held   *voice
	inside [2]bool        // the last that came of the source was no line's end
	moved  *atomic.Uint64 // changes with what is on its way; may be nil
}

func newMouth(s *Sink, prefix []byte) *mouth {
	m := &mouth{}
	for i := range m.voices {
		m.voices[i] = &voice{lane: s.lanes[i], prefix: prefix}
	}
	return m
}

// write puts bytes of a source on their way, and says how many are: with an
// error, which is the end of ctx, not all.
func (m *mouth) write(ctx context.Context, src Source, p []byte) (int, error) {
	v := m.voices[src]
	if m.held != v {
		m.pause()
		if err := v.lane.acquire(ctx, v); err != nil {
			return 0, err
		}
		m.held = v
	}
	n, err := v.write(ctx, p)
	m.inside[src] = v.open
	if n > 0 && m.moved != nil {
		m.moved.Add(1)
	}
	return n, err
}

// pause lets others speak. It is to be called whenever nothing may come for a while.
func (m *mouth) pause() {
	if m.held != nil {
		m.held.lane.release(m.held)
		m.held = nil
	}
}

// finish ends the lines that have begun: nothing more comes of them.
func (m *mouth) finish(ctx context.Context) error {
	for src := range m.voices {
		if err := m.finishLine(ctx, Source(src)); err != nil {
			return err
		}
	}
	m.pause()
	return nil
}

// finishLine ends the line of one source, if one has begun. Else it waits for
// nobody.
func (m *mouth) finishLine(ctx context.Context, src Source) error {
	if !m.inside[src] {
		return nil
	}
	v := m.voices[src]
	if m.held != v {
		m.pause()
		if err := v.lane.acquire(ctx, v); err != nil {
			return err
		}
		m.held = v
	}
	if !v.open { // somebody who waited for it has ended it
		m.inside[src] = false
		return nil
	}
	_, err := m.write(ctx, src, lineEnd)
	return err
}

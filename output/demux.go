package output

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// messages takes what a demux makes of a stream: a message begins, comes in
// pieces, and ends. A piece is valid only during the call. An error ends the stream.
type messages interface {
	begin(src Source, at stamp) error
	piece(p []byte) error
	end() error
}

var errGarbled = errors.New("the stream of the log is garbled")

// engineError is what an engine says in the middle of a stream.
type engineError struct{ text string }

func (e *engineError) Error() string { return "the engine ends the log: " + e.text }

const (
	headSize = 8
	// frameMost is more than any log driver keeps in one message.
	frameMost = 1 << 30
	// heldMost is how much of a frame is held until it has come whole: more than
	// the engine puts into one, which is 16 kB, unless a driver keeps longer lines.
	heldMost = 32 << 10
	// sysErr is the engine's number for a message of its own.
	sysErr = 3
	// sysErrKept is how much of such a message is kept.
	sysErrKept = 512
)

// demux takes a stream of the engine's log API apart, with stamps, of a
// container with or without a terminal: the first byte tells. What is in a frame
// is a line, as a rule, and is passed on when it is whole: a stream that breaks
// leaves no half line behind, of which nobody knows when the rest will come. Of a
// larger one the pieces are passed on.
type demux struct {
	to    messages
	known bool
	raw   *raw // of a terminal

	head  [headSize]byte
	heads int // bytes of head that are there
	src   Source
	left  int // bytes of the frame that have not come
	sys   bool
	said  []byte // by the engine itself
	mark  [stampMost]byte
	marks int
	begun bool // the stamp was read
	held  []byte
}

// inside says that the stream is in the middle of a frame.
func (d *demux) inside() bool { return d.heads > 0 }

// feed takes the next bytes. An error is for good.
func (d *demux) feed(p []byte) error {
	if !d.known && len(p) > 0 {
		d.known = true
		if p[0] >= '0' && p[0] <= '9' {
			d.raw = &raw{to: d.to}
		}
	}
	if d.raw != nil {
		return d.raw.feed(p)
	}
	for len(p) > 0 {
		var n int
		var err error
		switch {
		case d.heads < headSize:
			n, err = d.header(p)
		case d.sys:
			n, err = d.system(p)
		case !d.begun:
			n, err = d.stamp(p)
		default:
			n, err = d.content(p)
		}
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

func (d *demux) header(p []byte) (int, error) {
	n := copy(d.head[d.heads:], p)
	if d.heads += n; d.heads < headSize {
		return n, nil
	}
	if d.head[0] > sysErr || d.head[1] != 0 || d.head[2] != 0 || d.head[3] != 0 {
		return 0, fmt.Errorf("%w: no such frame: % x", errGarbled, d.head)
	}
	d.src, d.sys = Stdout, d.head[0] == sysErr
	if d.head[0] == 2 {
		d.src = Stderr
	}
	size := binary.BigEndian.Uint32(d.head[4:])
	if size > frameMost {
		return 0, fmt.Errorf("%w: a frame of %d bytes", errGarbled, size)
	}
	d.left = int(size)
	d.begun, d.marks = false, 0
	if d.left == 0 {
		d.heads = 0
	}
	return n, nil
}

func (d *demux) system(p []byte) (int, error) {
	p = p[:min(len(p), d.left)]
	d.said = append(d.said, p[:min(len(p), sysErrKept-len(d.said))]...)
	if d.left -= len(p); d.left == 0 {
		return 0, &engineError{string(bytes.TrimSpace(d.said))}
	}
	return len(p), nil
}

func (d *demux) stamp(p []byte) (int, error) {
	p = p[:min(len(p), d.left)]
	if d.marks == 0 && len(p) > stampSize && p[stampSize] == ' ' {
		// As a rule it is all there.
		return stampSize + 1, d.open(p[:stampSize], stampSize+1)
	}
	i := bytes.IndexByte(p, ' ')
	part := p
	if i >= 0 {
		part = p[:i]
	}
	if d.marks+len(part) > stampMost || i < 0 && len(p) == d.left {
		return 0, fmt.Errorf("%w: a frame without a stamp", errGarbled)
	}
	d.marks += copy(d.mark[d.marks:], part)
	if i < 0 {
		d.left -= len(p)
		return len(p), nil
	}
	return i + 1, d.open(d.mark[:d.marks], i+1)
}

// open begins a message; n bytes of the frame are used for its stamp.
func (d *demux) open(mark []byte, n int) error {
	at, ok := readStamp(mark)
	if !ok {
		return fmt.Errorf("%w: %q is no stamp", errGarbled, mark)
	}
	d.begun = true
	d.left -= n
	if err := d.to.begin(d.src, at); err != nil {
		return err
	}
	return d.close()
}

func (d *demux) content(p []byte) (int, error) {
	p = p[:min(len(p), d.left)]
	d.left -= len(p)
	if d.left > 0 && len(d.held)+len(p) <= heldMost {
		d.held = append(d.held, p...)
		return len(p), nil
	}
	if len(d.held) > 0 {
		held := d.held
		d.held = d.held[:0]
		if err := d.to.piece(held); err != nil {
			return 0, err
		}
	}
	if err := d.to.piece(p); err != nil {
		return 0, err
	}
	return len(p), d.close()
}

// close ends a message that has come whole.
func (d *demux) close() error {
	if d.left > 0 {
		return nil
	}
	d.heads = 0
	return d.to.end()
}

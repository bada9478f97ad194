package output

import (
	"bytes"
	"fmt"
)

// rawMost is how long the engine lets a message become: a longer line is more
// of them, each behind the stamp of the first.
const rawMost = 16 << 10

// raw takes apart the log of a container with a terminal, which has no frames:
// each message is a stamp, a space, and a line or rawMost of it. The carriage
// return that the terminal has put before a line feed is left out.
type raw struct {
	to    messages
	mark  [stampMost + 1]byte // stamp and space
	marks int
	inner bool // the stamp was read
	size  int  // of the message
	// again: rawMost without an end; what follows is the stamp once more, of
	// which this many bytes have come, or (engines differ) the line goes on.
	again   bool
	matched int
	cr      bool // a carriage return was withheld
}

func (r *raw) feed(p []byte) error {
	for len(p) > 0 {
		var n int
		var err error
		switch {
		case !r.inner:
			n, err = r.stamp(p)
		case r.again:
			n, err = r.repeat(p)
		default:
			n, err = r.content(p)
		}
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

func (r *raw) stamp(p []byte) (int, error) {
	part := p
	i := bytes.IndexByte(p, ' ')
	if i >= 0 {
		part = p[:i+1]
	}
	if r.marks+len(part) > len(r.mark) {
		return 0, fmt.Errorf("%w: a line without a stamp", errGarbled)
	}
	r.marks += copy(r.mark[r.marks:], part)
	if i < 0 {
		return len(part), nil
	}
	return len(part), r.begin()
}

func (r *raw) begin() error {
	mark := r.mark[:r.marks-1]
	at, ok := readStamp(mark)
	if !ok {
		return fmt.Errorf("%w: %q is no stamp", errGarbled, mark)
	}
	r.inner, r.size = true, 0
	return r.to.begin(Stdout, at)
}

// repeat looks for the stamp in the middle of a long line.
func (r *raw) repeat(p []byte) (int, error) {
	n := 0
	for n < len(p) && r.matched < r.marks && p[n] == r.mark[r.matched] {
		n, r.matched = n+1, r.matched+1
	}
	switch {
	case r.matched == r.marks:
		r.again = false
		if err := r.returned(); err != nil {
			return 0, err
		}
		if err := r.to.end(); err != nil {
			return 0, err
		}
		return n, r.begin()
	case n == len(p):
		return n, nil
	}
	r.again = false
	if r.matched == 0 {
		return 0, nil
	}
	r.size += r.matched
	if err := r.returned(); err != nil {
		return 0, err
	}
	return n, r.to.piece(r.mark[:r.matched])
}

// content is a part of a line: up to its end, or where the engine may have cut it.
func (r *raw) content(p []byte) (int, error) {
	if most := rawMost - r.size%rawMost; len(p) > most {
		p = p[:most]
	}
	end := bytes.IndexByte(p, '\n')
	if end == 0 {
		// The carriage return, if one was withheld, was the terminal's.
		r.cr = false
		return 1, r.finish(p[:1])
	}
	if err := r.returned(); err != nil {
		return 0, err
	}
	if end > 0 {
		if p[end-1] == '\r' {
			if end > 1 {
				if err := r.to.piece(p[:end-1]); err != nil {
					return 0, err
				}
			}
			return end + 1, r.finish(p[end : end+1])
		}
		return end + 1, r.finish(p[:end+1])
	}
	r.size += len(p)
	r.again, r.matched = r.size%rawMost == 0, 0
	text := p
	if text[len(text)-1] == '\r' {
		r.cr = true
		text = text[:len(text)-1]
	}
	if len(text) == 0 {
		return len(p), nil
	}
	return len(p), r.to.piece(text)
}

// returned gives the carriage return that was withheld: no line feed followed.
func (r *raw) returned() error {
	if !r.cr {
		return nil
	}
	r.cr = false
	return r.to.piece([]byte{'\r'})
}

func (r *raw) finish(last []byte) error {
	r.inner, r.marks = false, 0
	if err := r.to.piece(last); err != nil {
		return err
	}
	return r.to.end()
}

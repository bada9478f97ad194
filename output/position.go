package output

import (
	"time"
)

// mark is how far one source was relayed.
type mark struct {
	at   stamp // of the message begun last; zero: there was none
	n    int   // messages with this stamp that were relayed whole
	part int   // bytes of the one after them
	open bool  // the last one was not the end of its line
}

// position is how far a container's log was relayed.
type position struct {
	marks [2]mark
	// from is where to begin: what is older was another's; zero: at the beginning.
	from time.Time
	// count is how many messages of the log are known; fewer than there are
	// when it was not begun at the beginning.
	count int
}

// begun: something was relayed.
func (p *position) begun() bool { return !p.marks[Stdout].at.zero() || !p.marks[Stderr].at.zero() }

// before: the message is older than what is to be relayed.
func (p *position) before(at stamp) bool { return !p.from.IsZero() && at.compare(stampOf(p.from)) < 0 }

// window is what of a log is asked for: the last messages, or those since a
// moment.
type window struct {
	tail  int // messages; 0: all
	since time.Time
}

// Engines find the last messages at once, but a moment only by reading all that
// they have. So a stream begins some messages before the position, and if that
// is not enough, more.
var tails = []int{1 << 10, 1 << 15}

// disorder is by how much a message may be older than one of the other source
// in front of it: the engine takes the stamp, and then waits for its turn to write.
const disorder = 5 * time.Second

// windows are what to ask for, one after the other, until the position is in it.
func (p *position) windows() []window {
	if !p.begun() {
		return []window{{since: p.from}}
	}
	var all []window
	if p.count > tails[0] || !p.from.IsZero() {
		for _, n := range tails {
			all = append(all, window{tail: n})
		}
	}
	return append(all, window{since: p.since()})
}

// since is a moment that no message that was not relayed is older than.
func (p *position) since() time.Time {
	newest := p.marks[Stdout].at
	if other := p.marks[Stderr].at; other.compare(newest) > 0 {
		newest = other
	}
	at := newest.time().Add(-disorder)
	for _, m := range p.marks {
		// The rest of a long line has the stamp of its beginning.
		if !m.at.zero() && (m.open || m.part > 0) && m.at.time().Before(at) {
			at = m.at.time()
		}
	}
	if at.Before(p.from) {
		return p.from
	}
	return at
}

package state

import (
	"slices"

	"pgregory.net/rapid"
)

// crash is foster's own death: all that it remembers is lost, its orders are
// carried out, or not, or later, and the next foster begins with an empty State.
func (m *model) crash(rt *rapid.T) {
	if m.quit != nil || m.stepping || rapid.IntRange(0, 9).Draw(rt, "rarely") > 0 {
		rt.Skip("not now")
	}
	for _, e := range m.pending {
		if _, look := e.(Observe); look {
			continue
		}
		switch c, create := e.(Create); rapid.SampledFrom([]string{"done", "lost", "late"}).Draw(rt, "pending") {
		case "done":
			m.carryOut(e)
		case "late":
			if create {
				m.late = append(m.late, c)
			} else {
				m.lateOther = append(m.lateOther, e)
			}
		}
	}
	m.s = New(m.s.Config)
	m.pending, m.queue, m.timers = nil, nil, map[Timer]SetTimer{}
	m.stopped, m.killed = false, false
	m.told, m.ends = map[string]int{}, map[string]int{}
	// What the dead one knew of volumes that somebody's rm -f left is lost.
	m.unseen = m.unseen || slices.ContainsFunc(m.leftVolumes(), func(string) bool { return true })
	m.stream = false
	m.openStream()
}

// leftVolumes are the anonymous volumes without a container.
func (m *model) leftVolumes() []string {
	var left []string
	for v := range m.volumes {
		if !slices.ContainsFunc(m.ids(), func(id string) bool { return volumeOf(id) == v }) {
			left = append(left, v)
		}
	}
	return left
}

// lately carries out an order of a foster that is dead.
func (m *model) lately(rt *rapid.T) {
	if len(m.lateOther) == 0 || m.s.Checked {
		rt.Skip("nothing late")
	}
	e := m.lateOther[0]
	m.lateOther = m.lateOther[1:]
	for id := range m.boxes {
		m.ends[id]++ // it may end by that, and be told of in any order
	}
	m.carryOut(e)
}

// elderEnds is the end of the foster that had the project before.
func (m *model) elderEnds() {
	if m.elder != "" {
		m.elder = ""
		m.emit(ElderGone{At: m.now})
	}
}

func (m *model) elderDies(rt *rapid.T) {
	if m.elder == "" {
		rt.Skip("there is none")
	}
	m.elderEnds()
}

// elderStays fails the test when a foster on standby does anything but look.
func (m *model) elderStays(rt *rapid.T, e Effect) {
	switch e.(type) {
	case Observe, SetTimer, StopTimer, Note, Quit:
	default:
		if m.s.Stage == Standby || m.s.Stage == Opening {
			rt.Fatalf("%s, although nobody knows yet whose project it is", e)
		}
	}
}

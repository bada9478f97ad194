package state

import (
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// deliver hands one queued event to the core; sometimes a later one first,
// sometimes twice, sometimes (an engine's event only) not at all.
func (m *model) deliver(rt *rapid.T) {
	if len(m.queue) == 0 {
		rt.Skip("nothing queued")
	}
	i := min(rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2}).Draw(rt, "which"), len(m.queue)-1)
	ev := m.queue[i]
	m.queue = slices.Delete(m.queue, i, i+1)
	if i > 0 { // what follows out of order may look like another end
		for id := range m.boxes {
			m.ends[id]++
		}
	}
	switch ev.(type) {
	case Done, Observed, ObserveFailed, StreamBack, StreamLost:
		m.step(rt, ev)
		return
	}
	switch rapid.SampledFrom([]string{"once", "once", "once", "once", "twice", "lost"}).Draw(rt, "how") {
	case "twice":
		if d, ok := ev.(ChildDied); ok {
			m.ends[d.ID]++
		}
		m.step(rt, ev)
		m.step(rt, ev)
	case "once":
		m.step(rt, ev)
	}
}

// perform lets the engine carry out one pending effect, well or badly.
func (m *model) perform(rt *rapid.T) {
	// What the engine does after the last look is beyond anybody's knowledge.
	if len(m.late) > 0 && !m.s.Checked && rapid.Bool().Draw(rt, "late") {
		c := m.late[0]
		m.late = m.late[1:]
		m.create(c)
		return
	}
	if len(m.pending) == 0 {
		rt.Skip("nothing pending")
	}
	i := rapid.IntRange(0, len(m.pending)-1).Draw(rt, "which")
	e := m.pending[i]
	m.pending = slices.Delete(m.pending, i, i+1)
	how := rapid.SampledFrom([]string{"well", "well", "well", "well", "badly", "held", "unsure"}).Draw(rt, "how")
	m.answer(e, how)
}

func (m *model) fire(rt *rapid.T) {
	if len(m.timers) == 0 {
		rt.Skip("no timer")
	}
	var keys []Timer
	for k := range m.timers {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b Timer) int { return strings.Compare(a.String(), b.String()) })
	k := rapid.SampledFrom(keys).Draw(rt, "timer")
	m.now = m.now.Add(time.Second)
	delete(m.timers, k)
	m.step(rt, Fired{Timer: k, At: m.now})
}

// fault does something bad, or something an operator does.
func (m *model) fault(rt *rapid.T) {
	ids := m.ids()
	id := ""
	if len(ids) > 0 {
		id = rapid.SampledFrom(ids).Draw(rt, "box")
	}
	b := m.boxes[id]
	net := rapid.SampledFrom([]string{"back", "front"}).Draw(rt, "net")
	switch rapid.SampledFrom([]string{"exit", "kill", "stop", "restart", "rm", "cut", "cut", "net-rm", "net-back", "pause", "unhealthy", "healthy", "start", "parent", "oom", "outside-die", "outside-start", "outside-rm", "freed", "clock"}).Draw(rt, "fault") {
	case "exit":
		m.end(id, rapid.IntRange(0, 3).Draw(rt, "code"))
	case "kill":
		m.emit(ChildSignalled{ID: id, Signal: 9})
		m.end(id, 137)
	case "stop":
		m.emit(ChildSignalled{ID: id, Signal: 15})
		m.end(id, 143)
	case "restart":
		m.emit(ChildSignalled{ID: id, Signal: 15})
		m.end(id, 143)
		m.start(id)
	case "rm": // without -v: its volume stays
		if b != nil {
			ch, _ := m.s.Child(b.child)
			m.unseen = m.unseen || ch.ID != id || len(ch.Volumes) == 0
			m.remove(id)
		}
	case "cut":
		if b != nil && b.nets[net] {
			delete(b.nets, net)
			m.emit(NetLost{ID: id, Network: net, At: m.now})
			m.emit(NetLost{ID: id, Network: net, At: m.now})
		}
	case "net-rm":
		for _, id := range ids {
			if b := m.boxes[id]; b.running && b.nets[net] {
				delete(b.nets, net)
				m.emit(NetLost{ID: id, Network: net, At: m.now})
			}
		}
		if m.nets[net] {
			delete(m.nets, net)
			m.emit(NetGone{Network: net, At: m.now})
		}
	case "net-back":
		if net == "front" && !m.nets[net] {
			m.nets[net] = true
			m.emit(NetBack{Network: net, At: m.now})
		}
	case "pause":
		m.emit(ChildPaused{ID: id, Paused: true})
		m.emit(ChildPaused{ID: id})
	case "clock":
		if !m.stepping {
			return
		}
		m.now = m.now.Add(rapid.SampledFrom([]time.Duration{-time.Hour, time.Hour}).Draw(rt, "step"))
	case "freed":
		m.emit(Freed{At: m.now})
	case "outside-die":
		m.outsideDown()
	case "outside-start":
		m.outsideUp()
	case "outside-rm":
		m.outsideGone()
	case "healthy":
		if b != nil && b.running && m.checked(b.child) {
			b.health = Healthy
			m.emit(ChildHealth{ID: id, Healthy: true, At: m.now})
		}
	case "unhealthy":
		if b != nil && b.running && m.checked(b.child) {
			b.health = Unhealthy
		}
		m.emit(ChildHealth{ID: id, At: m.now})
	case "oom":
		m.emit(ChildOOM{ID: id})
	case "start":
		if b != nil {
			m.start(id)
		}
	case "parent":
		if m.s.Config.FollowParent {
			m.parent = !m.parent
			if m.parent {
				m.emit(ParentStarted{At: m.now})
			} else {
				m.emit(ParentDied{At: m.now})
			}
		}
	}
}

func (m *model) cutStream(rt *rapid.T) {
	if m.stream {
		m.stream = false
		m.queue = append(m.queue, StreamLost{})
	} else {
		m.openStream()
	}
}

func (m *model) signal(rt *rapid.T) {
	switch {
	case rapid.IntRange(0, 9).Draw(rt, "rare") > 0:
		rt.Skip("not now")
	case !m.stopped:
		m.stopped = true
		m.step(rt, StopRequested{Reason: "signal"})
	case !m.killed:
		m.killed = true
		m.step(rt, KillRequested{Reason: "second signal", Code: 143})
	}
}

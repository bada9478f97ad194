package state

import (
	"time"

	"pgregory.net/rapid"
)

// calm lets every answer be a failure and no timer fire: the core must fall
// silent, for a core that goes on by itself would run hot against a real engine.
func (m *model) calm(rt *rapid.T) {
	start := m.effects
	for i := 0; len(m.pending)+len(m.queue) > 0; i++ {
		if m.effects-start > 60*len(m.s.Children) {
			rt.Fatalf("runs hot: %d effects without a timer, pending %v", m.effects-start, m.pending)
		}
		if len(m.queue) > 0 {
			ev := m.queue[0]
			m.queue = m.queue[1:]
			m.step(rt, ev)
			continue
		}
		e := m.pending[0]
		m.pending = m.pending[1:]
		m.answer(e, "badly")
	}
}

// heal lets faults cease and the engine answer, and demands the promised end.
func (m *model) heal(rt *rapid.T) {
	m.parent, m.late, m.lateOther = true, nil, nil
	m.elderEnds()
	if !m.nets["front"] {
		m.nets["front"] = true
	}
	for _, id := range m.ids() {
		m.boxes[id].held = ""
	}
	m.outsideUp()
	if m.stream {
		m.cutStream(rt)
	}
	m.openStream()
	m.wellUntilDone(rt)
	m.end2end(rt)
	m.stays(rt)
}

// stays: a project that is whole is looked at and left alone.
func (m *model) stays(rt *rapid.T) {
	if m.quit != nil {
		return
	}
	m.step(rt, ResyncDue{})
	for len(m.queue)+len(m.pending) > 0 {
		if len(m.queue) > 0 {
			ev := m.queue[0]
			m.queue = m.queue[1:]
			m.step(rt, ev)
			continue
		}
		e := m.pending[0]
		if _, look := e.(Observe); !look {
			rt.Fatalf("%s, although everything is whole", e)
		}
		m.pending = m.pending[1:]
		m.answer(e, "well")
	}
}

// wellUntilDone lets everything succeed until nothing moves any more.
func (m *model) wellUntilDone(rt *rapid.T) {
	for range 4000 {
		m.check(rt)
		if m.done() {
			return
		}
		switch {
		case len(m.queue) > 0:
			ev := m.queue[0]
			m.queue = m.queue[1:]
			m.step(rt, ev)
		case len(m.pending) > 0:
			e := m.pending[0]
			m.pending = m.pending[1:]
			m.answer(e, "well")
		case len(m.timers) > 0:
			var first Timer
			for k := range m.timers {
				if first == (Timer{}) || k.String() < first.String() {
					first = k
				}
			}
			delete(m.timers, first)
			m.now = m.now.Add(time.Second)
			m.step(rt, Fired{Timer: first, At: m.now})
		case m.goOn():
		default:
			m.step(rt, ResyncDue{})
		}
	}
	rt.Fatalf("no convergence: stage %s, children %+v, pending %v, timers %v", m.s.Stage, m.s.Children, m.pending, m.timers)
}

// done: nothing moves any more and what is wanted is there.
func (m *model) done() bool {
	if m.quit != nil {
		return true
	}
	if len(m.queue)+len(m.pending) > 0 || m.s.Stage != Up {
		return false
	}
	for i := range m.s.Children {
		if ch := &m.s.Children[i]; !ch.Whole && ch.Phase != Completed {
			return false
		}
	}
	return true
}

// series: what works is not counted as failing any more.
func (m *model) series(rt *rapid.T) {
	for i := range m.s.Children {
		ch := &m.s.Children[i]
		for _, s := range ch.Failing {
			over := false
			switch s.What {
			case "prepare", "create", "start":
				over = ch.Phase == Alive
			case "stop", "remove":
				over = ch.Whole || ch.ID == "" && len(ch.Extra) == 0 && (ch.Phase == Absent || ch.Phase == Waiting || ch.Phase == Ended)
			}
			if over {
				rt.Fatalf("%s of %s, which is %s (whole: %t), is still counted as failing", s.What, ch.Name, ch.Phase, ch.Whole)
			}
		}
		for _, a := range ch.Nets {
			if a.State == Attached && a.Failed > 0 {
				rt.Fatalf("%s is attached to %s, which is still counted as failing", ch.Name, a.Network)
			}
		}
	}
	for _, n := range m.s.Networks {
		for _, s := range n.Failing {
			if n.State == NetPresent && m.s.Stage == Up && s.What == "create-network" || n.State == NetRemoved && s.What == "remove-network" {
				rt.Fatalf("%s of %s, which is %s, is still counted as failing", s.What, n.Name, n.State)
			}
		}
	}
}

// end2end compares what the core believes with the engine.
func (m *model) end2end(rt *rapid.T) {
	if m.stoodBy {
		return // all that is there is the other foster's
	}
	if m.quit != nil && (!m.s.Met || m.s.LookTry >= maxChecks) {
		return // the engine never answered: nothing was made, or nothing more can be known
	}
	if m.quit != nil {
		if len(m.boxes) > 0 {
			rt.Fatalf("quit with containers left: %v", m.ids())
		}
		if len(m.volumes) > 0 && !m.left && !m.unseen {
			rt.Fatalf("quit with volumes left: %v", m.volumes)
		}
		for _, n := range m.s.Config.Networks {
			if !n.External && m.nets[n.Name] && !m.left {
				rt.Fatalf("quit with network %s left", n.Name)
			}
		}
		return
	}
	wanted := 0
	for i := range m.s.Children {
		ch := &m.s.Children[i]
		if ch.ID != "" {
			wanted++
		}
		if ch.Phase == Completed {
			continue
		}
		b := m.boxes[ch.ID]
		if b == nil || !b.running || b.hash != "h" {
			rt.Fatalf("%s is believed to be whole, the engine has %+v", ch.Name, b)
		}
		for _, n := range m.s.config(ch.Name).Networks {
			if !b.nets[n] {
				rt.Fatalf("%s is believed to be attached to %s", ch.Name, n)
			}
		}
		for _, bond := range m.s.config(ch.Name).BoundTo {
			if got, want := b.joined[bond.Name], m.present(bond); got != want && (want != "" || bond.Namespace) && (bond.Namespace || !m.finished(bond)) {
				rt.Fatalf("%s is believed to be whole, it was made against %s of %s, which is %s now", ch.Name, got, bond.Name, want)
			}
		}
	}
	if len(m.boxes) != wanted {
		rt.Fatalf("%d containers, %d are wanted", len(m.boxes), wanted)
	}
}

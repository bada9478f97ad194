package state

import (
	"fmt"
	"time"

	"pgregory.net/rapid"
)

// drawGraph draws 1 to 6 children, each bound to and waiting for any of those
// before it. Some do their work once; those are waited for to complete, and
// nobody shares their namespace.
func drawGraph(rt *rapid.T, cfg *Config, nets []string) {
	n := rapid.IntRange(1, 6).Draw(rt, "children")
	for i := range n {
		cc := ChildConfig{Name: fmt.Sprintf("c%d", i), Hash: "h", StopSignal: 15, Grace: 10 * time.Second, FinalGrace: 8 * time.Second}
		cc.OneShot = rapid.IntRange(0, 4).Draw(rt, "one-shot") == 0
		cc.Hooks = rapid.IntRange(0, 3).Draw(rt, "hooks") == 0
		cc.Restart = rapid.SampledFrom([]Restart{Inherit, Inherit, Inherit, Inherit, Inherit, Inherit, RestartOnFailure, RestartNever}).Draw(rt, "restart")
		if cc.Restart == RestartOnFailure {
			cc.MaxAttempts = rapid.IntRange(0, 2).Draw(rt, "attempts")
		}
		for j := range i {
			drawEdge(rt, &cc, &cfg.Children[j])
		}
		if rapid.IntRange(0, 5).Draw(rt, "outside bond") == 0 {
			cc.BoundTo = append(cc.BoundTo, outsideBond(rapid.Bool().Draw(rt, "run")))
		}
		if len(cc.BoundTo) == 0 {
			cc.Networks = nets[:rapid.IntRange(0, 2).Draw(rt, "nets")]
		}
		cfg.Children = append(cfg.Children, cc)
	}
}

func outsideBond(namespace bool) Bond {
	return Bond{Name: "vpn", Outside: true, Run: namespace, Namespace: namespace}
}

func drawEdge(rt *rapid.T, cc, other *ChildConfig) {
	kinds := []string{"", "", "", "running", "completed", "restart", "volumes"}
	if !other.OneShot {
		kinds = []string{"", "", "running", "healthy", "ready", "namespace", "volumes", "restart"}
	}
	optional := rapid.IntRange(0, 3).Draw(rt, "optional") == 0
	switch kind := rapid.SampledFrom(kinds).Draw(rt, "edge"); kind {
	case "namespace", "volumes", "restart":
		cc.BoundTo = append(cc.BoundTo, Bond{Name: other.Name, Run: kind != "volumes", Namespace: kind == "namespace"})
	case "":
	default:
		d := Dependency{Name: other.Name, Optional: optional}
		switch kind {
		case "healthy":
			d.Condition = IsHealthy
		case "completed":
			d.Condition = IsCompleted
		case "ready":
			d.Condition, other.Probed = IsReady, true
		}
		cc.After = append(cc.After, d)
	}
}

// checked: the child has a healthcheck, as those that others wait for have.
func (m *model) checked(child string) bool {
	for _, cc := range m.s.Config.Children {
		for _, d := range cc.After {
			if d.Name == child && d.Condition == IsHealthy {
				return true
			}
		}
	}
	return false
}

// outside is a container of somebody else, called vpn, which children are bound to.
type outside struct {
	id               string
	present, running bool
	created, started time.Time
}

func (m *model) outsideUp() {
	o := &m.outside
	if !o.present {
		m.next++
		m.now = m.now.Add(time.Millisecond)
		o.id, o.present, o.created = fmt.Sprintf("o%d", m.next), true, m.now
	}
	if !o.running {
		m.now = m.now.Add(time.Millisecond)
		o.running, o.started = true, m.now
		m.emit(OwnerStarted{Name: "vpn", At: m.now})
	}
}

func (m *model) outsideDown() {
	if o := &m.outside; o.running {
		o.running = false
		m.emit(OwnerDied{Name: "vpn", At: m.now})
	}
}

func (m *model) outsideGone() {
	m.outsideDown()
	if m.outside.present {
		m.outside.present = false
		m.emit(OwnerGone{Name: "vpn", At: m.now})
	}
}

// present is what a bond is to now: an owner's container, and its run where
// that counts; "" when there is none.
func (m *model) present(b Bond) string {
	if b.Outside {
		o := m.outside
		switch {
		case !o.present || b.Run && !o.running:
			return ""
		case b.Run:
			return fmt.Sprint(o.id, o.started.UnixNano())
		}
		return o.id
	}
	for id, owner := range m.boxes {
		switch {
		case owner.child != b.Name || b.Run && !owner.running:
		case b.Run:
			return fmt.Sprint(id, owner.started.UnixNano())
		default:
			return id
		}
	}
	return ""
}

// finished: the bond is to a child whose work is done; what others do with its
// container is theirs.
func (m *model) finished(b Bond) bool {
	ch, ok := m.s.Child(b.Name)
	return ok && !b.Outside && ch.Finished
}

// joinNow binds a box to what its owners are now; false when one is not there.
func (m *model) joinNow(b *box) bool {
	joined := map[string]string{}
	for _, bond := range m.s.config(b.child).BoundTo {
		now := m.present(bond)
		if now == "" && (bond.Namespace || !bond.Run) {
			return false
		}
		joined[bond.Name] = now
	}
	b.joined = joined
	return true
}

// goOn lets something happen in the children that is no fault: a one-shot
// ends its work, a healthcheck finds its child well.
func (m *model) goOn() bool {
	for _, id := range m.ids() {
		b := m.boxes[id]
		switch cc := m.s.config(b.child); {
		case !b.running:
		case cc.OneShot:
			m.end(id, 0)
			return true
		case m.checked(b.child) && b.health != Healthy:
			b.health = Healthy
			m.emit(ChildHealth{ID: id, Healthy: true, At: m.now})
			return true
		}
	}
	return false
}

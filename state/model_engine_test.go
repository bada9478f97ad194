package state

import (
	"fmt"
	"slices"
	"time"
)

// box is one container of the model engine.
type box struct {
	child   string
	running bool
	began   bool // was started once
	code    int
	hash    string
	held    string
	nets    map[string]bool
	health  Health
	created time.Time
	started time.Time
	joined  map[string]string // owner -> what of it this run is bound to
}

// emit sends an event of the engine, unless nobody listens.
func (m *model) emit(ev Event) {
	if m.stream {
		m.queue = append(m.queue, ev)
	}
}

func (m *model) openStream() {
	m.stream = true
	m.queue = append(m.queue, StreamBack{})
}

func lifecycle(e Effect) (child string, op int) {
	switch e := e.(type) {
	case Prepare:
		return e.Child, e.Op
	case Create:
		return e.Child, e.Op
	case Start:
		return e.Child, e.Op
	case Stop:
		return e.Child, e.Op
	case Remove:
		return e.Child, e.Op
	}
	return "", 0
}

func (m *model) answer(e Effect, how string) {
	if o, ok := e.(Observe); ok {
		if how != "well" {
			m.queue = append(m.queue, ObserveFailed{Op: o.Op, Child: o.Child})
			return
		}
		m.queue = append(m.queue, m.look(o))
		return
	}
	d := Done{At: m.now}
	switch how {
	case "badly":
		d.Class = Transient
	case "held":
		d.Class = Transient
		switch e.(type) {
		case Create, Start, Attach, EnsureNetwork:
			d.Class, d.Detail = Foreign, "x"
		}
	case "unsure":
		d.Class = Unsure
		if c, ok := e.(Create); ok {
			m.late = append(m.late, c)
		}
		if s, ok := e.(Start); ok {
			m.start(s.ID)
		}
	default:
		d.Class, d.ID = m.carryOut(e)
	}
	d.Op = opOf(e)
	m.queue = append(m.queue, d)
}

func opOf(e Effect) int {
	if _, op := lifecycle(e); op != 0 {
		return op
	}
	switch e := e.(type) {
	case Attach:
		return e.Op
	case Probe:
		return e.Op
	case EnsureNetwork:
		return e.Op
	case RemoveNetwork:
		return e.Op
	case RemoveVolume:
		return e.Op
	}
	return 0
}

func (m *model) carryOut(e Effect) (Class, string) {
	switch e := e.(type) {
	case EnsureNetwork:
		if !m.nets[e.Network] {
			m.nets[e.Network] = true
			m.emit(NetBack{Network: e.Network, At: m.now})
		}
		return OK, "n-" + e.Network
	case RemoveNetwork:
		for _, b := range m.boxes {
			if b.running && b.nets[e.Network] {
				return Transient, ""
			}
		}
		delete(m.nets, e.Network)
		m.emit(NetGone{Network: e.Network, At: m.now})
		return OK, ""
	case RemoveVolume:
		for id := range m.boxes {
			if volumeOf(id) == e.Volume {
				return Transient, "" // in use
			}
		}
		delete(m.volumes, e.Volume)
		return OK, ""
	case Prepare:
		return OK, ""
	case Probe:
		if b := m.boxes[e.ID]; b == nil || !b.running {
			return Gone, ""
		}
		return OK, ""
	case Create:
		return m.create(e)
	case Start:
		return m.start(e.ID), ""
	case Attach:
		b := m.boxes[e.ID]
		switch {
		case b == nil || !b.running:
			return Gone, ""
		case !m.nets[e.Network]:
			return NoNetwork, ""
		}
		if !b.nets[e.Network] {
			b.nets[e.Network] = true
			m.emit(NetJoined{ID: e.ID, Network: e.Network, At: m.now})
		}
		return OK, ""
	case Stop:
		m.end(e.ID, 143)
		return OK, ""
	case Remove:
		b := m.boxes[e.ID]
		switch {
		case b == nil:
			return Gone, ""
		case b.running && !e.Force:
			return Transient, ""
		}
		m.remove(e.ID)
		delete(m.volumes, volumeOf(e.ID))
		return OK, ""
	}
	panic(fmt.Sprintf("%T", e))
}

// volumeOf is the anonymous volume of a container.
func volumeOf(id string) string { return "v-" + id }

// create is the engine's: a child's name is free or it is not.
func (m *model) create(e Create) (Class, string) {
	for id, b := range m.boxes {
		if b.child == e.Child {
			if b.held != "" {
				return Foreign, ""
			}
			return Exists, id
		}
	}
	cc := m.s.config(e.Child)
	nets := map[string]bool{}
	for _, n := range cc.Networks {
		if !m.nets[n] {
			return NoNetwork, ""
		}
		nets[n] = true
	}
	b := &box{child: e.Child, hash: "h", nets: nets}
	if !m.joinNow(b) {
		return Transient, ""
	}
	m.next++
	m.now = m.now.Add(time.Millisecond)
	id := fmt.Sprintf("b%d", m.next)
	b.created = m.now
	m.boxes[id] = b
	m.volumes[volumeOf(id)] = true
	return OK, id
}

func (m *model) start(id string) Class {
	b := m.boxes[id]
	if b == nil {
		return Gone
	}
	for n := range b.nets {
		if !m.nets[n] {
			return NoNetwork
		}
	}
	if !b.running {
		// Volumes are those of the create, namespaces those of the start.
		made := b.joined
		if !m.joinNow(b) {
			return Transient
		}
		for _, bond := range m.s.config(b.child).BoundTo {
			if !bond.Run {
				b.joined[bond.Name] = made[bond.Name]
			}
		}
		m.now = m.now.Add(time.Millisecond)
		b.running, b.began, b.started, b.health = true, true, m.now, HealthNone
		if m.checked(b.child) {
			b.health = HealthStarting
		}
		m.emit(ChildStarted{ID: id, At: m.now})
	}
	return OK
}

// end is the end of a container's process.
func (m *model) end(id string, code int) {
	b := m.boxes[id]
	if b == nil || !b.running {
		return
	}
	b.running, b.code = false, code
	m.succeeded[b.child] = m.succeeded[b.child] || code == 0
	m.ends[id]++
	m.emit(ChildDied{ID: id, Code: code, At: m.now})
	for n := range b.nets {
		m.emit(NetLost{ID: id, Network: n, At: m.now})
	}
}

func (m *model) remove(id string) {
	m.end(id, 137)
	m.ends[id] = max(1, m.ends[id])
	delete(m.boxes, id)
	m.emit(ChildGone{ID: id, At: m.now})
}

func (m *model) look(o Observe) Observed {
	ob := Observed{Op: o.Op, Child: o.Child, At: m.now, ParentUp: m.parent}
	for _, id := range m.ids() {
		b := m.boxes[id]
		if o.Child != "" && b.child != o.Child {
			continue
		}
		f := ChildFacts{Name: b.child, ID: id, Code: b.code, Hash: b.hash, Holder: b.held, Status: Created, Volumes: []string{volumeOf(id)}}
		if b.began {
			f.Status = Exited
		}
		if b.running {
			f.Status, f.Created, f.StartedAt, f.Health = Running, b.created, b.started, b.health
			for _, n := range []string{"back", "front"} {
				if b.nets[n] {
					f.Attached = append(f.Attached, n)
				}
			}
		}
		ob.Children = append(ob.Children, f)
	}
	if o.Child == "" {
		ob.Elder = m.elder
		for _, out := range m.s.Owners {
			ob.Owners = append(ob.Owners, OwnerFacts{
				Name: out.Name, Present: m.outside.present, Running: m.outside.running,
				Created: m.outside.created, StartedAt: m.outside.started,
			})
		}
		for _, n := range m.s.Config.Networks {
			ob.Networks = append(ob.Networks, NetworkFacts{Name: n.Name, Present: m.nets[n.Name]})
		}
	}
	return ob
}

func (m *model) ids() []string {
	var ids []string
	for id := range m.boxes {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

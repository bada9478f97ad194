package state

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestModel drives the core against a small naive engine with random faults,
// answers and deliveries, checks the invariants of doc.go after every step,
// and in the end lets the faults cease and demands convergence.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"deliver":  m.deliver,
			"deliver2": m.deliver, // more often than the rest
			"perform":  m.perform,
			"perform2": m.perform,
			"fire":     m.fire,
			"fault":    m.fault,
			"stream":   m.cutStream,
			"resync":   func(rt *rapid.T) { m.step(rt, ResyncDue{}) },
			"signal":   m.signal,
			"":         m.check,
		})
		m.calm(rt)
		m.heal(rt)
	})
}

// box is one container of the model engine.
type box struct {
	child   string
	running bool
	began   bool // was started once
	code    int
	hash    string
	held    string
	nets    map[string]bool
}

// model is the world around the core.
type model struct {
	s       State
	now     time.Time
	boxes   map[string]*box
	next    int
	nets    map[string]bool // present
	queue   []Event         // on their way to the core
	pending []Effect        // on their way to the engine
	late    []Create        // given up by the caller, still to be carried out
	timers  map[Timer]SetTimer
	stream  bool
	parent  bool
	stopped bool
	killed  bool
	told    map[string]int // container -> faults of its end told
	ends    map[string]int // container -> ends it had, or seemed to have
	left    bool           // something was left behind, and said so
	quit    *Quit
	effects int
}

func newModel(rt *rapid.T) *model {
	cfg := Config{Policy: Policy{StableAfter: 10 * time.Second, Settle: 300 * time.Millisecond}}
	cfg.FollowParent = rapid.Bool().Draw(rt, "follow")
	nets := []string{"back", "front"}
	cfg.Networks = []NetworkConfig{{Name: "back"}, {Name: "front", External: true}}
	n := rapid.IntRange(1, 3).Draw(rt, "children")
	for i := range n {
		cc := ChildConfig{Name: fmt.Sprintf("c%d", i), Hash: "h", StopSignal: 15, Grace: 10 * time.Second, FinalGrace: 8 * time.Second}
		if i > 0 && rapid.Bool().Draw(rt, "bound") {
			cc.BoundTo = []string{"c0"}
		} else {
			cc.Networks = nets[:rapid.IntRange(0, 2).Draw(rt, "nets")]
		}
		if i > 0 && rapid.Bool().Draw(rt, "after") {
			cc.After = []string{fmt.Sprintf("c%d", i-1)}
		}
		cfg.Children = append(cfg.Children, cc)
	}
	m := &model{
		s: New(cfg), now: time.Unix(1000, 0), boxes: map[string]*box{},
		nets: map[string]bool{"front": true}, timers: map[Timer]SetTimer{},
		parent: true, told: map[string]int{}, ends: map[string]int{},
	}
	if rapid.Bool().Draw(rt, "leftover") {
		m.boxes["old"] = &box{child: "c0", began: true, running: rapid.Bool().Draw(rt, "runs"), hash: rapid.SampledFrom([]string{"h", "other"}).Draw(rt, "hash"), nets: map[string]bool{}}
	}
	m.openStream()
	return m
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

// step runs one event through the core and checks what must hold of any step.
func (m *model) step(rt *rapid.T, ev Event) {
	m.now = m.now.Add(10 * time.Millisecond)
	before := m.s
	next, out := Step(before, ev)
	if m.quit != nil && (len(out) > 0 || fmt.Sprint(next) != fmt.Sprint(before)) {
		rt.Fatalf("closed, but %T changed something: %v", ev, out)
	}
	for i := range next.Children {
		a, b := &before.Children[i], &next.Children[i]
		if f, ok := ev.(Fired); b.Attempt < a.Attempt && (!ok || f.Timer.Kind != StableTimer) {
			rt.Fatalf("attempt of %s fell from %d to %d on %T", b.Name, a.Attempt, b.Attempt, ev)
		}
	}
	if ob, ok := ev.(Observed); ok && m.quit == nil {
		ob.Op = next.Look
		if ob.Child != "" {
			ch, _ := next.Child(ob.Child)
			ob.Op = ch.Look
		}
		if ob.Op == 0 {
			if _, again := Step(next, ob); len(again) > 0 {
				rt.Fatalf("the same look again gave %v", again)
			}
		}
	}
	m.s = next
	for _, e := range out {
		m.accept(rt, before, e)
	}
}

// accept takes one effect of the core.
func (m *model) accept(rt *rapid.T, before State, e Effect) {
	m.effects++
	child := ""
	switch e := e.(type) {
	case SetTimer:
		m.timers[e.Timer] = e
		return
	case StopTimer:
		delete(m.timers, e.Timer)
		return
	case Cancel:
		return // the model may or may not notice
	case Note:
		m.left = m.left || e.Kind == Left
		if e.Kind == FaultSeen && slices.Contains([]string{"died", "oom", "removed", "stopped"}, e.Cause) {
			ch, _ := before.Child(e.Child)
			if ch.ID != "" {
				if m.told[ch.ID]++; m.told[ch.ID] > m.ends[ch.ID] {
					rt.Fatalf("%s ended %d times, which was told %d times", ch.ID, m.ends[ch.ID], m.told[ch.ID])
				}
			}
		}
		return
	case Quit:
		m.quit = &e
		return
	case Create:
		child = e.Child
		ch, _ := before.Child(child)
		if ch.ID != "" && m.s.Stage == Up {
			if now, _ := m.s.Child(child); now.ID != "" {
				rt.Fatalf("create of %s while %s is believed to exist", child, now.ID)
			}
		}
	case Attach:
		ch, _ := m.s.Child(e.Child)
		if e.ID != ch.ID || ch.net(e.Network) == nil {
			rt.Fatalf("%s: not the present container or not a wanted network", e)
		}
	case Prepare:
		child = e.Child
	case Start:
		child = e.Child
	case Stop:
		child = e.Child
	case Remove:
		child = e.Child
	}
	if m.s.Stage >= Closing {
		switch e.(type) {
		case Create, Start, Attach, EnsureNetwork, Prepare:
			rt.Fatalf("%s after the stop", e)
		}
	}
	if child != "" {
		for _, p := range m.pending {
			if c, _ := lifecycle(p); c == child {
				rt.Fatalf("%s while %s is pending", e, p)
			}
		}
	}
	m.pending = append(m.pending, e)
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
	if len(m.late) > 0 && rapid.Bool().Draw(rt, "late") {
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
	how := rapid.SampledFrom([]string{"well", "well", "well", "well", "badly", "unsure"}).Draw(rt, "how")
	m.answer(e, how)
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
	case EnsureNetwork:
		return e.Op
	case RemoveNetwork:
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
	case Prepare:
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
		return OK, ""
	}
	panic(fmt.Sprintf("%T", e))
}

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
	m.next++
	id := fmt.Sprintf("b%d", m.next)
	m.boxes[id] = &box{child: e.Child, hash: "h", nets: nets}
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
		b.running, b.began = true, true
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
		f := ChildFacts{Name: b.child, ID: id, Code: b.code, Hash: b.hash, Holder: b.held, Status: Created}
		if b.began {
			f.Status = Exited
		}
		if b.running {
			f.Status = Running
			for _, n := range []string{"back", "front"} {
				if b.nets[n] {
					f.Attached = append(f.Attached, n)
				}
			}
		}
		ob.Children = append(ob.Children, f)
	}
	if o.Child == "" {
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
	switch rapid.SampledFrom([]string{"exit", "kill", "stop", "restart", "rm", "cut", "cut", "net-rm", "net-back", "pause", "unhealthy", "start", "parent", "oom"}).Draw(rt, "fault") {
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
	case "rm":
		if b != nil {
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
	case "unhealthy":
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

// check holds after every step, whatever happened.
func (m *model) check(rt *rapid.T) {
	running := map[string]int{}
	for _, b := range m.boxes {
		if b.running {
			running[b.child]++
		}
	}
	for child, n := range running {
		if n > 1 {
			rt.Fatalf("%d running containers of %s", n, child)
		}
	}
}

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
	m.parent, m.late = true, nil
	if !m.nets["front"] {
		m.nets["front"] = true
	}
	for _, id := range m.ids() {
		m.boxes[id].held = ""
	}
	if m.stream {
		m.cutStream(rt)
	}
	m.openStream()
	for range 4000 {
		m.check(rt)
		if m.done() {
			m.end2end(rt)
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
		if !m.s.Children[i].Whole {
			return false
		}
	}
	return true
}

// end2end compares what the core believes with the engine.
func (m *model) end2end(rt *rapid.T) {
	if m.quit != nil && (!m.s.Met || m.s.LookTry >= maxChecks) {
		return // the engine never answered: nothing was made, or nothing more can be known
	}
	if m.quit != nil {
		if len(m.boxes) > 0 {
			rt.Fatalf("quit with containers left: %v", m.ids())
		}
		for _, n := range m.s.Config.Networks {
			if !n.External && m.nets[n.Name] && !m.left {
				rt.Fatalf("quit with network %s left", n.Name)
			}
		}
		return
	}
	for i := range m.s.Children {
		ch := &m.s.Children[i]
		b := m.boxes[ch.ID]
		if b == nil || !b.running || b.hash != "h" {
			rt.Fatalf("%s is believed to be whole, the engine has %+v", ch.Name, b)
		}
		for _, n := range m.s.config(ch.Name).Networks {
			if !b.nets[n] {
				rt.Fatalf("%s is believed to be attached to %s", ch.Name, n)
			}
		}
	}
	if len(m.boxes) != len(m.s.Children) {
		rt.Fatalf("%d containers for %d children", len(m.boxes), len(m.s.Children))
	}
}

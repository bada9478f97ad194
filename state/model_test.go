package state

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestModel drives the core against a small naive engine with random faults,
// answers and deliveries, checks the invariants of doc.go after every step,
// and in the end lets the faults cease and demands convergence.
func TestModel(t *testing.T) {
	// rapid's own defaults are for slower things.
	for name, value := range map[string]string{"rapid.checks": "5000", "rapid.steps": "60"} {
		if f := flag.Lookup(name); f.Value.String() == f.DefValue {
			if err := flag.Set(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(rt)
		if rapid.Bool().Draw(rt, "whole") {
			m.outsideUp()
			m.elderEnds()
			m.wellUntilDone(rt) // most of what can go wrong comes later
		}
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
			"crash":    m.crash,
			"late":     m.lately,
			"elder":    m.elderDies,
			"":         m.check,
		})
		m.calm(rt)
		m.heal(rt)
	})
}

// traceModel tells every step of a failing sequence.
var traceModel = os.Getenv("MODEL_TRACE") != ""

// model is the world around the core.
type model struct {
	s         State
	now       time.Time
	boxes     map[string]*box
	next      int
	nets      map[string]bool // present
	volumes   map[string]bool // anonymous ones
	queue     []Event         // on their way to the core
	pending   []Effect        // on their way to the engine
	late      []Create        // given up by the caller, still to be carried out
	lateOther []Effect        // of a foster that is dead, still to be carried out
	// stepping: the engine's clock is set now and then. Not where foster dies:
	// the stamps of what it adopts are all that the next one has.
	stepping bool
	elder    string // another foster that has the project
	elders   bool   // there was one
	stoodBy  bool   // the end came while it had
	timers   map[Timer]SetTimer
	stream   bool
	parent   bool
	stopped  bool
	killed   bool
	told     map[string]int // container -> faults of its end told
	ends     map[string]int // container -> ends it had, or seemed to have
	left     bool           // something was left behind, and said so
	unseen   bool           // somebody removed a container that no look had seen
	quit     *Quit
	effects  int

	outside   outside
	succeeded map[string]bool // one-shots that ended with code 0
}

func newModel(rt *rapid.T) *model {
	cfg := Config{Policy: Policy{StableAfter: 10 * time.Second, Settle: 300 * time.Millisecond}}
	cfg.FollowParent = rapid.Bool().Draw(rt, "follow")
	cfg.Policy.UnhealthyAfter = rapid.SampledFrom([]time.Duration{0, 0, 30 * time.Second}).Draw(rt, "unhealthy-after")
	nets := []string{"back", "front"}
	cfg.Networks = []NetworkConfig{{Name: "back"}, {Name: "front", External: true}}
	drawGraph(rt, &cfg, nets)
	m := &model{
		s: New(cfg), now: time.Unix(1000, 0), boxes: map[string]*box{},
		nets: map[string]bool{"front": true}, volumes: map[string]bool{}, timers: map[Timer]SetTimer{},
		parent: true, told: map[string]int{}, ends: map[string]int{}, succeeded: map[string]bool{},
		outside: outside{id: "o1", present: true, running: rapid.Bool().Draw(rt, "outside"), created: time.Unix(500, 0), started: time.Unix(500, 0)},
	}
	m.stepping = rapid.IntRange(0, 3).Draw(rt, "stepping") == 0
	if !m.stepping && rapid.Bool().Draw(rt, "leftover") {
		old := &box{child: "c0", began: true, running: rapid.Bool().Draw(rt, "runs"), hash: rapid.SampledFrom([]string{"h", "other"}).Draw(rt, "hash"), nets: map[string]bool{}, created: time.Unix(600, 0), started: time.Unix(600, 0)}
		m.boxes["old"] = old
		m.joinNow(old)
		m.succeeded["c0"] = !old.running && old.hash == "h"
	}
	if rapid.IntRange(0, 4).Draw(rt, "elder") == 0 {
		m.elder, m.elders = "e1", true
	}
	m.openStream()
	return m
}

// step runs one event through the core and checks what must hold of any step.
func (m *model) step(rt *rapid.T, ev Event) {
	m.now = m.now.Add(10 * time.Millisecond)
	before := m.s
	next, out := Step(before, ev)
	if traceModel {
		rt.Logf("%T%+v => %v %v", ev, ev, Changes(before, next), out)
	}
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
	m.elderStays(rt, e)
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
		if ch, ok := before.Child(e.Child); ok && e.Kind == FaultSeen && ch.Fault.faulty() && (m.s.Stage == Up && before.Stage == Up) {
			rt.Fatalf("%s, and the fault %s is not over", e, ch.Fault.Cause)
		}
		if (e.Kind == FaultSeen || e.Kind == Relapse) && slices.Contains([]string{"died", "oom", "removed", "stopped"}, e.Cause) {
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
		m.stoodBy = before.Stage == Standby || !m.s.Owned && (m.elders || m.killed)
		return
	case Create:
		child = e.Child
		ch, _ := before.Child(child)
		if ch.ID != "" && m.s.Stage == Up {
			if now, _ := m.s.Child(child); now.ID != "" {
				rt.Fatalf("create of %s while %s is believed to exist", child, now.ID)
			}
		}
		for _, d := range before.config(child).After {
			if d.Condition == IsCompleted && !d.Optional && !m.succeeded[d.Name] {
				rt.Fatalf("create of %s, but %s never succeeded", child, d.Name)
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

// check holds after every step, whatever happened.
func (m *model) check(rt *rapid.T) {
	m.series(rt)
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

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// A fault is one thing that is done to somebody, decided by the seed alone. Whether the victim is there at that moment
// is found out when it is done.
type fault struct {
	kind   string
	at     time.Duration // after the beginning of its round
	length time.Duration // of what lasts: a pause, an outage
	who    *launcher     // whose child or task
	slot   int           // of a replicated service that is not pinned, else 0
	node   int           // 0: wherever the victim is
	child  string        // "" for faults of the launcher or the node
	twist  bool          // the variant: rm without -v, disconnect --force, …
	round  []fault       // all of its round, while that goes on
}

// project is the victim's.
func (f fault) project() string { return f.who.projectOf(f.slot) }

func (f fault) String() string {
	var b strings.Builder
	b.WriteString(f.kind)
	if f.twist {
		b.WriteString("*")
	}
	if f.who != nil {
		b.WriteString(" " + f.project())
	}
	if f.child != "" {
		b.WriteString("/" + f.child)
	}
	if f.node > 0 {
		fmt.Fprintf(&b, " on n%d", f.node)
	}
	if f.length > 0 {
		fmt.Fprintf(&b, " for %.1f s", f.length.Seconds())
	}
	return b.String()
}

// blind says whether the foster that looks after the victim, on this node, may be dead or without its engine meanwhile.
func (f fault) blind(node int) bool {
	return slices.ContainsFunc(f.round, func(other fault) bool {
		switch kindOf(other.kind).aim {
		case atNode:
			return other.node == node
		case atTask, atService, atHost:
			return other.who == f.who && (other.node == 0 || other.node == node) && (other.slot == 0 || other.slot == f.slot)
		}
		return false
	})
}

// aim says whom a kind of fault is done to.
type aim int

const (
	atChild   aim = iota // one container of a child
	atProject            // all children of a project on one node
	atTask               // the container of a foster
	atService            // a service of Swarm
	atNode               // an engine, a node, a wire
	atHost               // the foster on a host
)

// kind is one sort of fault.
type kind struct {
	name    string
	aim     aim
	low     time.Duration // the shortest and the longest of what lasts
	high    time.Duration
	service string // the only one that it can be done to
	overlap bool   // it puts two fosters of a project on one node
}

// suits says whether the fault can be done to a child: one that has ended can only be removed.
func (k kind) suits(c child) bool {
	switch k.name {
	case "rm":
		return true
	case "cut":
		return len(c.networks) > 0 && !c.once
	case "sick":
		return c.checked
	}
	return !c.once
}

// kinds are all faults. An order in this list is part of what a seed means: new ones go to the end.
var kinds = []kind{
	{name: "kill", aim: atChild},
	{name: "stop", aim: atChild},
	{name: "restart", aim: atChild},
	{name: "rm", aim: atChild},
	{name: "crash", aim: atChild},
	{name: "pause", aim: atChild, low: time.Second, high: 5 * time.Second},
	{name: "cut", aim: atChild},
	{name: "sick", aim: atChild, service: "soak_pair"},
	{name: "storm", aim: atProject},
	{name: "network-rm", aim: atProject},
	{name: "foster-kill", aim: atTask},
	{name: "foster-crash", aim: atTask},
	{name: "foster-stop", aim: atTask},
	{name: "foster-rm", aim: atTask},
	{name: "foster-pause", aim: atTask, low: 2 * time.Second, high: 8 * time.Second},
	{name: "update", aim: atService},
	{name: "start-first", aim: atService, overlap: true},
	{name: "scale", aim: atService, low: 2 * time.Second, high: 8 * time.Second, service: "soak_replica"},
	{name: "scale-pinned", aim: atService, low: 2 * time.Second, high: 8 * time.Second, service: "soak_pinned", overlap: true},
	{name: "engine-term", aim: atNode, high: 4 * time.Second},
	{name: "engine-kill", aim: atNode, high: 4 * time.Second},
	{name: "engine-freeze", aim: atNode, low: 2 * time.Second, high: 10 * time.Second},
	{name: "power-cut", aim: atNode, high: 5 * time.Second},
	{name: "wire-cut", aim: atNode, low: 2 * time.Second, high: 20 * time.Second},
	{name: "host-kill", aim: atHost},
	{name: "host-term", aim: atHost},
	{name: "host-freeze", aim: atHost, low: 2 * time.Second, high: 8 * time.Second},
}

func kindNames() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// plan deals the faults of one seed, round after round.
type plan struct {
	chance    *rand.Rand
	kinds     []kind
	launchers []*launcher
	deck      []kind // kinds are dealt like cards, so that a short run meets each
}

func newPlan(o options, all []*launcher) *plan {
	p := &plan{chance: rand.New(rand.NewPCG(o.seed, 0)), launchers: all}
	for _, k := range kinds {
		if (o.overlap || !k.overlap) && !slices.Contains(o.without, k.name) {
			p.kinds = append(p.kinds, k)
		}
	}
	return p
}

// spread is how long after the begin of a round its last fault may begin.
const spread = 5 * time.Second

// round is the next round's faults, in order of time: mostly two or three, at most five. No node has two outages
// in one round, for an engine that is down cannot be frozen.
func (p *plan) round() []fault {
	size := []int{1, 1, 2, 2, 2, 3, 3, 4, 4, 5}[p.chance.IntN(10)]
	var all []fault
	out := map[int]bool{}
	for range size {
		f := p.fault()
		if f.node > 0 && f.who == nil {
			if out[f.node] {
				continue
			}
			out[f.node] = true
		}
		if len(all) > 0 {
			f.at = p.between(0, spread)
		}
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b fault) int { return int(a.at - b.at) })
	return all
}

// fault deals one.
func (p *plan) fault() fault {
	if len(p.deck) == 0 {
		p.deck = slices.Clone(p.kinds)
		p.chance.Shuffle(len(p.deck), func(i, j int) { p.deck[i], p.deck[j] = p.deck[j], p.deck[i] })
	}
	k := p.deck[0]
	p.deck = p.deck[1:]
	f := fault{kind: k.name, twist: p.chance.IntN(2) == 0, length: p.between(k.low, k.high)}
	switch k.aim {
	case atNode:
		f.node = 1 + p.chance.IntN(nodeCount)
		return f
	case atHost:
		f.who = p.pick(func(l *launcher) bool { return l.service == "" })
	case atProject:
		f.who = p.pick(func(l *launcher) bool { return k.name != "network-rm" || l.creates() })
	case atChild:
		f.who = p.pick(func(l *launcher) bool { return k.service == "" || l.service == k.service })
	case atTask, atService:
		f.who = p.pick(func(l *launcher) bool { return l.service != "" && (k.service == "" || l.service == k.service) })
	}
	if f.who.nodes != nil {
		f.node = f.who.nodes[p.chance.IntN(len(f.who.nodes))]
	} else {
		f.slot = 1 + p.chance.IntN(f.who.replicas)
	}
	switch k.aim {
	case atChild:
		var fit []child
		for _, c := range f.who.children {
			if k.suits(c) {
				fit = append(fit, c)
			}
		}
		f.child = fit[p.chance.IntN(len(fit))].name
	case atService:
		f.node, f.slot = 0, 0
	case atHost:
		f.twist = false
	}
	return f
}

// pick draws one of the launchers, those with more children more often.
func (p *plan) pick(fits func(*launcher) bool) *launcher {
	var all []*launcher
	for _, l := range p.launchers {
		if fits(l) {
			for range 1 + len(l.children)/3 {
				all = append(all, l)
			}
		}
	}
	return all[p.chance.IntN(len(all))]
}

func (p *plan) between(low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + time.Duration(p.chance.Int64N(int64(high-low))).Round(100*time.Millisecond)
}

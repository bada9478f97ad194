package main

import (
	"slices"
	"strings"
	"testing"
)

// story is the first rounds of a seed, as they are told.
func story(o options, rounds int) string {
	p := newPlan(o, launchers())
	var b strings.Builder
	for range rounds {
		for _, f := range p.round() {
			b.WriteString(f.at.String() + " " + f.String() + "\n")
		}
	}
	return b.String()
}

func TestSeedDecides(t *testing.T) {
	a, b := story(options{seed: 42, overlap: true}, 50), story(options{seed: 42, overlap: true}, 50)
	if a != b {
		t.Errorf("seed 42 twice:\n%s\n%s", a, b)
	}
	if other := story(options{seed: 43, overlap: true}, 50); other == a {
		t.Error("seeds 42 and 43 are the same")
	}
}

// TestPlan: every kind of fault comes soon, each victim is one that there can be, and no node has two outages at once.
func TestPlan(t *testing.T) {
	for seed := range uint64(50) {
		p := newPlan(options{seed: seed, overlap: true}, launchers())
		seen := map[string]int{}
		for range 40 {
			out := map[int]bool{}
			for i, f := range p.round() {
				seen[f.kind]++
				k := kindOf(f.kind)
				switch {
				case i > 0 && f.at > spread:
					t.Errorf("%s begins after %s", f, f.at)
				case f.length < k.low || k.high > 0 && f.length > k.high:
					t.Errorf("%s is not between %s and %s", f, k.low, k.high)
				case k.aim == atNode && (f.node < 1 || f.node > nodeCount || out[f.node]):
					t.Errorf("%s: no such node, or its second outage", f)
				case k.aim == atNode:
					out[f.node] = true
				case f.who == nil:
					t.Errorf("%s has no victim", f)
				case k.aim == atService && (f.node != 0 || f.slot != 0):
					t.Errorf("%s is about a part of the service", f)
				case k.aim != atService && f.who.nodes != nil && !slices.Contains(f.who.nodes, f.node):
					t.Errorf("%s: it is not there", f)
				case k.aim == atChild && !slices.ContainsFunc(f.who.children, func(c child) bool { return c.name == f.child && k.suits(c) }):
					t.Errorf("%s: no such child", f)
				case (k.aim == atHost) != (f.who.service == "") && k.aim != atChild && k.aim != atProject:
					t.Errorf("%s: the one on a host has no task", f)
				}
			}
		}
		for _, k := range kinds {
			if seen[k.name] == 0 {
				t.Errorf("seed %d: no %s in 40 rounds", seed, k.name)
			}
		}
	}
}

func TestWithout(t *testing.T) {
	if got := story(options{seed: 7, without: []string{"kill", "storm"}}, 60); strings.Contains(got, " kill ") || strings.Contains(got, "storm") || strings.Contains(got, "start-first") {
		t.Errorf("a kind that was left out is there:\n%s", got)
	}
}

func TestAgain(t *testing.T) {
	var said strings.Builder
	o, err := parse([]string{"-seed", "12", "-minutes", "0.5", "-overlap=false", "-without", "kill, storm", "-foster", "/tmp/f"}, &said)
	if err != nil {
		t.Fatal(err)
	}
	again, err := parse(strings.Fields(o.again())[3:], &said)
	if err != nil || again.seed != 12 || again.minutes != o.minutes || again.overlap || !slices.Equal(again.without, []string{"kill", "storm"}) || again.foster != "/tmp/f" {
		t.Errorf("%s is %+v (%v)", o.again(), again, err)
	}
	for _, wrong := range [][]string{{"-seed", "x"}, {"-minutes", "0"}, {"-without", "rain"}, {"more"}} {
		if _, err := parse(wrong, &said); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}

// A removal is blind where its foster, or the engine of both, is harmed in the same round, and nowhere else.
func TestBlind(t *testing.T) {
	all := launchers()
	pair, replica, hosted := all[1], all[2], all[4]
	for _, c := range []struct {
		victim fault
		node   int // where it is found
		other  fault
		want   bool
	}{
		{fault{who: pair, node: 1}, 1, fault{kind: "kill", who: pair, node: 1, child: "db"}, false},
		{fault{who: pair, node: 1}, 1, fault{kind: "storm", who: pair, node: 1}, false},
		{fault{who: pair, node: 1}, 1, fault{kind: "network-rm", who: pair, node: 1}, false},
		{fault{who: pair, node: 1}, 1, fault{kind: "engine-kill", node: 1}, true},
		{fault{who: pair, node: 1}, 1, fault{kind: "engine-kill", node: 2}, false},
		{fault{who: replica, slot: 2}, 2, fault{kind: "wire-cut", node: 2}, true},
		{fault{who: pair, node: 1}, 1, fault{kind: "foster-kill", who: pair, node: 1}, true},
		{fault{who: pair, node: 1}, 1, fault{kind: "foster-kill", who: pair, node: 3}, false},
		{fault{who: pair, node: 1}, 1, fault{kind: "foster-kill", who: replica, slot: 1}, false},
		{fault{who: replica, slot: 2}, 3, fault{kind: "foster-pause", who: replica, slot: 2}, true},
		{fault{who: replica, slot: 2}, 3, fault{kind: "foster-pause", who: replica, slot: 1}, false},
		{fault{who: replica, slot: 2}, 3, fault{kind: "scale", who: replica}, true},
		{fault{who: pair, node: 3}, 3, fault{kind: "update", who: pair}, true},
		{fault{who: pair, node: 3}, 3, fault{kind: "host-kill", who: hosted, node: 3}, false},
		{fault{who: hosted, node: 3}, 3, fault{kind: "host-freeze", who: hosted, node: 3}, true},
	} {
		c.victim.kind, c.victim.child = "rm", "some"
		c.victim.round = []fault{c.victim, c.other}
		if got := c.victim.blind(c.node); got != c.want {
			t.Errorf("%s on n%d beside %s: blind %v, want %v", c.victim, c.node, c.other, got, c.want)
		}
	}
}

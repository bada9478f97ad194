package main

import (
	"slices"
	"time"

	"foster/spec"
)

// Children stop one after another along their dependencies, dependents first,
// and all of them within the grace that foster itself has.

// stopChains is, for each child, the most that a chain of stops through it
// takes, and the most of all: a child stops after those that depend on it.
func stopChains(p *spec.Project, weight func(spec.Child) time.Duration) (through map[string]time.Duration, most time.Duration) {
	children := map[string]spec.Child{}
	before, after := map[string][]string{}, map[string][]string{} // who stops before, and after, a child
	for _, c := range p.Children {
		children[c.Name] = c
	}
	for _, c := range p.Children {
		for _, name := range c.Precursors() {
			if _, ok := children[name]; ok {
				before[name] = append(before[name], c.Name)
				after[c.Name] = append(after[c.Name], name)
			}
		}
	}
	var longest func(name string, next map[string][]string, known map[string]time.Duration) time.Duration
	longest = func(name string, next map[string][]string, known map[string]time.Duration) time.Duration {
		if d, ok := known[name]; ok {
			return d
		}
		known[name] = 0 // compose-go lets no cycle pass
		var rest time.Duration
		for _, n := range next[name] {
			rest = max(rest, longest(n, next, known))
		}
		known[name] = weight(children[name]) + rest
		return known[name]
	}
	up, down := map[string]time.Duration{}, map[string]time.Duration{}
	through = map[string]time.Duration{}
	for name, c := range children {
		through[name] = longest(name, before, up) + longest(name, after, down) - weight(c)
		most = max(most, through[name])
	}
	return through, most
}

// finalGrace is a child's share of what foster has at a stop: children that stop
// one after another share it in proportion to their graces. Engines know whole
// seconds only, and less than one would be none.
func finalGrace(grace, chain, available time.Duration) time.Duration {
	if chain > available {
		grace = time.Duration(float64(grace) * float64(available) / float64(chain)).Truncate(time.Second)
	}
	return max(time.Second, grace)
}

// longestStop is the chain of children that takes longest to stop: each ends
// before the one behind it is told to.
func longestStop(p *spec.Project) []spec.Child {
	known := map[string][]spec.Child{}
	var upTo func(c spec.Child) []spec.Child // the longest chain that ends with c
	upTo = func(c spec.Child) []spec.Child {
		if chain, ok := known[c.Name]; ok {
			return chain
		}
		known[c.Name] = []spec.Child{c} // in a circle, which spec refuses, this ends it
		var longest []spec.Child
		for _, other := range p.Children {
			if slices.Contains(other.Precursors(), c.Name) {
				if chain := upTo(other); lasts(chain) > lasts(longest) {
					longest = chain
				}
			}
		}
		known[c.Name] = append(slices.Clone(longest), c)
		return known[c.Name]
	}
	var longest []spec.Child
	for _, c := range p.Children {
		if chain := upTo(c); lasts(chain) > lasts(longest) {
			longest = chain
		}
	}
	return longest
}

func lasts(chain []spec.Child) (sum time.Duration) {
	for _, c := range chain {
		sum += c.Grace
	}
	return sum
}

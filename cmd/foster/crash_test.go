package main

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/state"
	"foster/test/engine"
)

// crashStory is what foster is busy with when it dies.
type crashStory struct {
	name  string
	cast  func(*testing.T) cast
	fault func(*engine.Engine) error // nil: the launch itself, or the stop
	stop  bool
	after func(*stage) // looks at what has happened; nil: nobody does
}

func single(*testing.T) cast { return one() }

var crashStories = []crashStory{
	{name: "one: launch", cast: single},
	{name: "one: killed", cast: single, fault: func(e *engine.Engine) error { return e.Kill("p-web-1") }},
	{name: "one: cut", cast: single, fault: func(e *engine.Engine) error { return e.Cut("front", "p-web-1") }},
	{name: "one: removed", cast: single, fault: func(e *engine.Engine) error { return e.Destroy("p-web-1") }},
	{name: "one: removed without its volumes", cast: single, fault: func(e *engine.Engine) error {
		return e.ContainerRemove(context.Background(), "p-web-1", container.RemoveOptions{Force: true})
	}},
	{name: "one: network destroyed", cast: single, fault: func(e *engine.Engine) error { return e.NetworkDestroy("p_back") }},
	{name: "one: stop", cast: single, stop: true},
	{name: "several: launch", cast: several},
	{name: "several: killed", cast: several, fault: func(e *engine.Engine) error { return e.Kill("p-app-1") }},
	{name: "several: cut", cast: several, fault: func(e *engine.Engine) error { return e.Cut("p_back", "p-app-1") }},
	{name: "several: removed", cast: several, fault: func(e *engine.Engine) error { return e.Destroy("p-app-1") }},
	{name: "several: network destroyed", cast: several, fault: func(e *engine.Engine) error { return e.NetworkDestroy("p_back") }},
	{name: "several: unhealthy", cast: several, fault: func(e *engine.Engine) error { return e.SetHealth("p-db-1", container.Unhealthy) }},
	{name: "several: stop", cast: several, stop: true},
}

// begin brings a foster to where its points count, and lets it go on from there.
func (c crashStory) begin(s *stage, l *life, at point) {
	s.t.Helper()
	if c.fault == nil && !c.stop {
		l.arm(at)
		s.foster(l, s.cast)
		return
	}
	s.foster(l, s.cast)
	s.awaitWhole(l)
	l.arm(at)
	if c.stop {
		l.signals <- syscall.SIGTERM
		return
	}
	if err := c.fault(s.Engine); err != nil {
		s.t.Fatal(err)
	}
}

// outlived waits until a foster dies, or reports that it has come through.
func (c crashStory) outlived(s *stage, l *life) bool {
	s.t.Helper()
	end := l.ended
	if !c.stop {
		end = nil
	}
	select {
	case <-l.died:
		s.exited(l, time.Minute)
		return false
	case <-end:
		return true
	case <-time.After(30 * time.Second):
		if c.stop {
			s.t.Fatalf("the stop takes too long\n%s", l.out.String())
		}
		return true
	}
}

// aftermath is what a death leaves for the next foster.
type aftermath struct {
	steady map[string]container.InspectResponse
	spared []string // volumes of a container that somebody removed without them
}

// watchOver records what there is at the death of l.
func (s *stage) watchOver(l *life) *aftermath {
	a := &aftermath{}
	l.onDeath = func(busy map[string]bool) {
		a.steady = s.steady(busy)
		inUse := map[string]bool{}
		for _, child := range s.cast.names() {
			for _, c := range s.of(child) {
				for _, m := range c.Mounts {
					inUse[m.Name] = true
				}
			}
		}
		for _, v := range s.Volumes() {
			if !inUse[v] {
				a.spared = append(a.spared, v)
			}
		}
	}
	return a
}

// succeed starts the next foster, a while after the death, and hands over what
// the engine still carries out for the dead one a while after the first look.
func (s *stage) succeed(dead, next *life, c cast, k int) {
	time.Sleep([]time.Duration{0, 25 * time.Millisecond, 3 * time.Second}[k%3])
	s.foster(next, c)
	if dead.late == nil {
		return
	}
	select {
	case <-next.seen:
	case <-next.died:
	}
	time.Sleep(time.Duration(k%7) * 700 * time.Microsecond)
	dead.late()
}

// points are those of a rehearsal that one of two others passes as well. What is
// under way together comes in another order each time, and now and then a call
// has to be made once more: a point of that may never come back.
func (c crashStory) points(t *testing.T) []point {
	t.Helper()
	others := slices.Concat(c.rehearse(t), c.rehearse(t))
	return slices.DeleteFunc(c.rehearse(t), func(at point) bool { return !slices.Contains(others, at) })
}

// rehearse plays the story without a death, and lists its points.
func (c crashStory) rehearse(t *testing.T) (points []point) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStage(t, "20.10", c.cast(t)), newLife()
		c.begin(s, l, point{})
		c.outlived(s, l)
		points = l.disarm()
		if !c.stop {
			s.awaitWhole(l)
			s.stop(l)
		} else if err := s.nothingLeft(); err != nil {
			t.Errorf("%v\n%s", err, l.out.String())
		}
	})
	return points
}

// play lets a foster die at one point, and another one take over. It reports
// whether there was such a point: not all of them come in each run. k makes
// the circumstances different.
func (c crashStory) play(t *testing.T, at point, k int, version string) (met bool) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, version, c.cast(t))
		s.inside = k/2%2 == 1
		first, next := newLife(), newLife()
		left := s.watchOver(first)
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("it was to die at %s; its log:\n%s\nthe next one's:\n%s", at, first.out.String(), next.out.String())
			}
		})
		c.begin(s, first, at)
		if met = !c.outlived(s, first); !met {
			return
		}
		s.succeed(first, next, s.cast, k)
		s.awaitWhole(next)
		left.kept(s)
		s.stop(next, left.spared...)
		if c.after != nil {
			c.after(s)
		}
	})
	return met
}

// kept: what was in order at the death is the same run still.
func (a *aftermath) kept(s *stage) {
	s.t.Helper()
	for child, was := range a.steady {
		if now := s.of(child)[0]; now.ID != was.ID || now.State.StartedAt != was.State.StartedAt {
			s.t.Errorf("%s was in order at the death, and is another run now", child)
		}
	}
}

// thin leaves out events that follow no call of foster's; the first of each kind
// stays: what dies with foster then is only what it remembers.
func thin(points []point) []point {
	var out []point
	kinds := map[string]bool{}
	called := true
	for _, p := range points {
		if event := strings.HasPrefix(p.what, "event "); event && !called && kinds[p.what] {
			continue
		}
		called = !strings.HasPrefix(p.what, "event ") && !strings.HasPrefix(p.what, "effect ")
		kinds[p.what] = true
		out = append(out, p)
	}
	return out
}

// TestCrashPoints kills foster at every event that it hears, at every effect
// that it decides on, and around every call that changes the engine. Which events
// reach it one by one, and in which order calls are made that may be under way
// together, is another thing in each run: some points take several tries.
func TestCrashPoints(t *testing.T) {
	const tries = 15
	covered := map[string]int{}
	for _, c := range crashStories {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			var missed []point
			points := thin(c.points(t))
			for k, at := range points {
				met := false
				for try := 0; try < tries && !met && !t.Failed(); try++ {
					met = c.play(t, at, k, []string{"28.0", "20.10"}[(k+try)%2])
				}
				if met {
					covered[at.what]++
				} else {
					missed = append(missed, at)
				}
			}
			t.Logf("%d points, %s; not met again: %d %v", len(points), time.Since(began).Round(time.Millisecond), len(missed), missed)
			if len(missed) > len(points)/10 {
				t.Error("too many points were not met again")
			}
		})
	}
	if t.Failed() {
		return
	}
	for _, verb := range effectVerbs(t) {
		if covered["effect "+verb] == 0 {
			t.Errorf("foster never died at an effect %s", verb)
		}
	}
	total := 0
	for what, n := range covered {
		total += n
		if verb, ok := strings.CutSuffix(what, " before"); ok && (covered[verb+" late"] == 0 || covered[verb+" lost"] == 0) {
			t.Errorf("%s: died %d times before, %d late, %d with the answer lost", verb, n, covered[verb+" late"], covered[verb+" lost"])
		}
	}
	t.Logf("%d deaths at %d kinds of points: %v", total, len(covered), covered)
}

// effectVerbs are the first words of all effects that somebody carries out, from
// the core's own source: one that is new has to be added to the list here.
func effectVerbs(t *testing.T) []string {
	t.Helper()
	carried := []state.Effect{
		state.Observe{},
		state.EnsureNetwork{},
		state.RemoveNetwork{},
		state.Prepare{},
		state.Create{},
		state.Start{},
		state.Attach{},
		state.Probe{},
		state.Stop{},
		state.Remove{},
		state.RemoveVolume{},
	}
	inside := []state.Effect{state.Cancel{}, state.SetTimer{}, state.StopTimer{}, state.Note{}, state.Quit{}}
	var known, verbs []string
	for _, e := range slices.Concat(carried, inside) {
		known = append(known, strings.TrimPrefix(fmt.Sprintf("%T", e), "state."))
	}
	for _, e := range carried {
		verb, _, _ := strings.Cut(e.String(), " ")
		verbs = append(verbs, verb)
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), "../../state/effect.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != "effect" {
			continue
		}
		if name := f.Recv.List[0].Type.(*ast.Ident).Name; !slices.Contains(known, name) {
			t.Errorf("effect %s is in none of the lists here", name)
		}
	}
	return verbs
}

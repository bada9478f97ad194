package output

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/report"
	"foster/state"
	"foster/test/engine"
)

// TestDrainCostsNothing: where a container has ended, its last lines are there.
func TestDrainCostsNothing(t *testing.T) {
	for _, version := range versions {
		synctest.Test(t, func(t *testing.T) {
			st := newStand(t, settings{version: version})
			defer st.shut()
			st.launch(0, settings{})
			st.print(1, "hello\n")
			synctest.Wait()
			st.print(1, "last words\nand half a line")
			if err := st.Kill(st.child); err != nil {
				t.Fatal(err)
			}
			if took := st.bury(0); took > 0 {
				t.Errorf("%s: the removal waited for %s", version, took)
			}
			if got, want := st.out.String(), "hello\nlast words\nand half a line\n"; got != want {
				t.Errorf("%s: got %q, want %q", version, got, want)
			}
		})
	}
}

// TestDrainIsBounded: neither a reader who takes nothing nor an engine that does
// not answer holds up a recovery for long, and it is said what may be lost.
func TestDrainIsBounded(t *testing.T) {
	stuckReader := func(st *stand) (end func()) {
		stuck := make(chan struct{})
		st.out.change(func() { st.out.stuck = stuck })
		return func() { close(stuck) }
	}
	stuckEngine := func(st *stand) (end func()) {
		st.Inject(engine.ContainerLogs, -1, engine.Fault{Hang: true})
		st.CutLogs(nil)
		return func() {}
	}
	slowReader := func(st *stand) (end func()) {
		st.out.change(func() { st.out.slow = stopping.still / 2 })
		return func() { st.out.change(func() { st.out.slow = 0 }) }
	}
	tests := map[string]struct {
		hinder func(*stand) func()
		state  func(*state.State)
		want   time.Duration
	}{
		"reader":                {stuckReader, func(*state.State) {}, recovering.still},
		"engine":                {stuckEngine, func(*state.State) {}, recovering.still},
		"slow":                  {slowReader, func(*state.State) {}, recovering.all},
		"reader, stop":          {stuckReader, func(s *state.State) { s.Stage = state.Closing }, stopping.still},
		"slow, stop":            {slowReader, func(s *state.State) { s.Stage = state.Closing }, stopping.all},
		"reader, second signal": {stuckReader, func(s *state.State) { s.Stage, s.Kill, s.Children[0].Phase = state.Closing, true, state.Stopping }, hurrying.all},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStand(t, settings{version: "28.0"})
				st.launch(0, settings{})
				end := test.hinder(st)
				for range 20000 {
					st.print(1, strings.Repeat("x", 99)+"\n")
				}
				if err := st.Kill(st.child); err != nil {
					t.Fatal(err)
				}
				st.step(test.state)
				if took := st.bury(0); took < test.want || took > test.want+2*drainTick {
					t.Errorf("the removal waited for %s, want %s", took, test.want)
				}
				if !strings.Contains(st.log.String(), "may be lost") {
					t.Errorf("nothing was said: %s", st.log.String())
				}
				end()
				st.shut()
			})
		})
	}
}

// TestTornAway: a container that is removed while it runs is not waited for; what
// it has written comes all the same.
func TestTornAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0"})
		defer st.shut()
		st.launch(0, settings{})
		st.print(1, "hello\n")
		synctest.Wait()
		st.step(func(s *state.State) { s.Stage, s.Kill = state.Closing, true })
		began := time.Now()
		st.phase(0, state.Removing, st.child)
		st.relay.Drain(t.Context(), st.child)
		if took := time.Since(began); took > 0 {
			t.Errorf("the removal waited for %s", took)
		}
		time.Sleep(2 * quiet) // the engine takes its time
		st.print(1, "last words\n")
		if err := st.Destroy(st.child); err != nil {
			t.Fatal(err)
		}
		st.phase(0, state.Absent, "")
		synctest.Wait()
		st.said("hello\nlast words\n")
	})
}

// TestFailedStop: a container whose stop has failed may go on writing, so that no
// end of its log is waited for; what it writes until its end comes all the same.
func TestFailedStop(t *testing.T) {
	for _, class := range []state.Class{state.Transient, state.Unsure, state.Canceled} {
		synctest.Test(t, func(t *testing.T) {
			st := newStand(t, settings{version: "28.0"})
			defer st.shut()
			st.launch(0, settings{})
			st.step(func(s *state.State) { s.Children[0].Phase, s.Children[0].Op = state.Stopping, 7 })
			ctx, end := context.WithCancel(t.Context())
			var speaks sync.WaitGroup
			speaks.Go(func() {
				for ctx.Err() == nil {
					_ = st.Print(st.child, 1, "x\n") // until it is gone
					time.Sleep(quiet / 2)
				}
			})
			time.Sleep(time.Second)
			from := st.now
			from.Children = slices.Clone(from.Children)
			st.now.Children[0].Phase = state.Removing
			st.relay.Stepped(report.Step{At: time.Now(), From: from, To: st.now, Event: state.Done{Op: 7, ID: st.child, Class: class}})
			began := time.Now()
			st.relay.Drain(t.Context(), st.child)
			if took := time.Since(began); took > 0 {
				t.Errorf("%s: the removal waited for %s", class, took)
			}
			time.Sleep(2*quiet + quiet/4) // the engine takes its time; just now the child does not speak
			want := st.kept(1)
			if err := st.Destroy(st.child); err != nil {
				t.Fatal(err)
			}
			end()
			speaks.Wait()
			st.phase(0, state.Absent, "")
			synctest.Wait()
			st.said(want)
			if log := st.log.String(); strings.Contains(log, "may be lost") {
				t.Errorf("%s: it was said: %s", class, log)
			}
		})
	}
}

// endless is an engine whose streams do not end with the container.
type endless struct{ *engine.Engine }

func (e endless) ContainerLogs(ctx context.Context, id string, options container.LogsOptions) (io.ReadCloser, error) {
	body, err := e.Engine.ContainerLogs(ctx, id, options)
	if err != nil || !options.Follow {
		return body, err
	}
	return endlessBody{body, ctx}, nil
}

type endlessBody struct {
	io.ReadCloser
	ctx context.Context
}

func (b endlessBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		<-b.ctx.Done()
		err = b.ctx.Err()
	}
	return n, err
}

// TestStreamWithoutEnd: a container's end is believed, whatever its stream says.
func TestStreamWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "20.10"})
		defer st.shut()
		st.relay.cfg.Engine = endless{st.Engine}
		st.launch(0, settings{})
		synctest.Wait()
		st.print(1, "last words\n")
		if err := st.Kill(st.child); err != nil {
			t.Fatal(err)
		}
		if took := st.bury(0); took > quiet+drainTick {
			t.Errorf("the removal waited for %s", took)
		}
		st.said("last words\n")
	})
}

// TestStopDuringDrain: a stop makes the waiting shorter that is under way, and
// all children together have one time, however many there are.
func TestStopDuringDrain(t *testing.T) {
	for name, test := range map[string]struct {
		kill bool
		want time.Duration
	}{
		"stop":          {false, stopping.all},
		"second signal": {true, hurrying.all},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				children := make([]Child, 4)
				for i := range children {
					children[i] = Child{fmt.Sprintf("c%d", i), fmt.Sprintf("p-c%d-1", i)}
				}
				st := newStand(t, settings{version: "28.0", children: children})
				st.out.change(func() { st.out.slow = hurrying.still / 10 })
				for i := range children {
					st.launch(i, settings{})
					for range 5000 {
						st.print(1, strings.Repeat("x", 999)+"\n")
					}
					if err := st.Kill(st.child); err != nil {
						t.Fatal(err)
					}
				}
				ids := make([]string, len(children))
				for i := range ids {
					ids[i] = st.now.Children[i].ID
				}
				var closed time.Time
				time.AfterFunc(time.Second, func() {
					closed = time.Now()
					st.step(func(s *state.State) { s.Stage, s.Kill = state.Closing, test.kill })
				})
				st.relay.Drain(t.Context(), ids[0])
				if took := time.Since(closed); took < 0 || took > test.want+drainTick {
					t.Errorf("it went on for %s, want %s", took, test.want)
				}
				for _, id := range ids {
					st.relay.Drain(t.Context(), id)
				}
				if took, most := time.Since(closed), test.want+time.Duration(1+len(children))*drainTick; took > most {
					t.Errorf("all took %s, want %s at most", took, most)
				}
				st.out.change(func() { st.out.slow = 0 })
				st.shut()
			})
		})
	}
}

// TestNobodysLine: a child that has no line open waits neither for the lines of
// others, nor for foster's own, nor for who reads them.
func TestNobodysLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0"})
		stuck := make(chan struct{})
		st.out.change(func() { st.out.stuck = stuck })
		_, _ = st.sink.Log().Write([]byte(strings.Repeat(strings.Repeat("x", 99)+"\n", 5000)))
		other := newMouth(st.sink, nil)
		say(t, other, Stderr, "half")
		for range 10 {
			st.launch(0, settings{})
			synctest.Wait()
			if err := st.Kill(st.child); err != nil {
				t.Fatal(err)
			}
			if took := st.bury(0); took > 0 {
				t.Errorf("the removal waited for %s", took)
			}
		}
		close(stuck)
		st.shut()
	})
}

package chaos

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/events"

	"foster/spec"
	"foster/test/engine"
)

// TestMeasuresByTheEnginesClock: what the played foster takes is what is
// measured, for every kind of fault.
func TestMeasuresByTheEnginesClock(t *testing.T) {
	for _, x := range []struct {
		kind Kind
		want time.Duration
	}{
		{Kill, 200 * time.Millisecond},
		{Stop, 200 * time.Millisecond},
		{Remove, 200 * time.Millisecond},
		{Cut, 50 * time.Millisecond},
		{Pause, 500 * time.Millisecond},
	} {
		t.Run(string(x.kind), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				id := w.child("p", "web")
				o := options()
				o.Rounds, o.Kinds = 3, []Kind{x.kind}
				if x.kind == Cut {
					o.Kinds, o.Cuts = nil, []string{"back"} // as the project calls it
				}
				s := w.must(o)
				got := s.Measured[x.kind]
				if len(got) != 3 || s.Done != 3 || len(s.Never) > 0 {
					t.Fatalf("%+v\n%s", s, w.out.String())
				}
				for _, d := range got {
					if (d - x.want).Abs() > time.Millisecond {
						t.Errorf("measured %s, the engine's events are %s apart", d, x.want)
					}
				}
				now, err := w.e.Look("p-web")
				if err != nil || !now.State.Running || now.State.Paused || now.NetworkSettings.Networks["p_back"] == nil || (now.ID == id) == x.kind.Ends() {
					t.Errorf("after %s: %v, %+v", x.kind, err, now.State)
				}
			})
		})
	}
}

// TestHealthCounts: with a healthcheck a child is whole when it is healthy.
func TestHealthCounts(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.e.AddImage("app:1", engine.Image{Config: healthchecked(), Process: engine.Process{Healthy: 3 * time.Second}})
		w.child("p", "web")
		o := options()
		o.Rounds = 2
		for _, d := range w.must(o).Measured[Kill] {
			if (d - 3200*time.Millisecond).Abs() > time.Millisecond {
				t.Errorf("measured %s, healthy after 3.2s", d)
			}
		}
	})
}

// TestPace: a fault comes --every after the recovery from the last one, give or
// take --jitter, so that every run of the child lasts at least that long.
func TestPace(t *testing.T) {
	for _, jitter := range []time.Duration{0, time.Second} {
		bubble(t, func(t *testing.T, w *world) {
			w.takes(5 * time.Second)
			w.child("p", "web")
			o := options()
			o.Jitter, o.Rounds = jitter, 8
			w.must(o)
			dies := w.dies()
			if len(dies) != 8 {
				t.Fatalf("%d deaths", len(dies))
			}
			spread := map[time.Duration]bool{}
			for i := range dies[1:] {
				gap := time.Duration(dies[i+1]-dies[i]) - 5*time.Second
				spread[gap.Round(100*time.Millisecond)] = true
				if gap < o.Every-jitter-time.Millisecond || gap > o.Every+jitter+time.Second/2 {
					t.Errorf("a fault came %s after a recovery, want %s ± %s", gap, o.Every, jitter)
				}
			}
			if len(spread) == 1 != (jitter == 0) {
				t.Errorf("jitter %s: %v", jitter, spread)
			}
		})
	}
}

// dies are the stamps of children's deaths.
func (w *world) dies() []int64 {
	var out []int64
	for _, m := range w.e.Recorded() {
		if m.Action == events.ActionDie && m.Actor.Attributes[spec.LabelProject] != "" {
			out = append(out, m.TimeNano)
		}
	}
	return out
}

// TestStableWaits: with --stable no run shorter than the foster's setting is ended.
func TestStableWaits(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.child("p", "web")
		o := options()
		o.Rounds, o.Stable = 3, true
		if s := w.must(o); s.Early != 0 || strings.Contains(w.errs.String(), "hint") {
			t.Errorf("%d early\n%s", s.Early, w.errs.String())
		}
	})
	bubble(t, func(t *testing.T, w *world) {
		w.child("p", "web")
		o := options()
		o.Rounds = 3
		if s := w.must(o); s.Early != 3 || !strings.Contains(w.errs.String(), "hint: a foster answers the end of a run shorter than FOSTER_STABLE_AFTER (10s)") {
			t.Errorf("%d early\n%s", s.Early, w.errs.String())
		}
	})
}

// TestNever: a child that nobody brings back is told, others go on, and what
// chaos cut is connected again.
func TestNever(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.child("p", "web")
		w.asleep()
		o := options()
		s := w.must(o)
		if s.Done != 1 || len(s.Never) != 1 || s.Never[0].Child != "p/web" || s.Never[0].Fault != "kill" || s.Never[0].Round != 1 || s.Err() == nil {
			t.Errorf("%+v", s)
		}
		for _, want := range []string{"never: its container is exited", "never recovered:", "round 1", "p/web  kill: its container is exited"} {
			if !strings.Contains(w.out.String(), want) {
				t.Errorf("no %q in\n%s", want, w.out.String())
			}
		}
		if !strings.Contains(w.errs.String(), "no child is left to break: 1 of 10") {
			t.Error(w.errs.String())
		}
	})
	bubble(t, func(t *testing.T, w *world) {
		id := w.child("p", "web")
		w.asleep()
		o := options()
		o.Kinds, o.Cuts = nil, []string{"front"}
		if s := w.must(o); len(s.Never) == 0 || s.Never[0].Why != "it is not attached to front" {
			t.Errorf("%+v", s)
		}
		if c, err := w.e.Look(id); err != nil || c.NetworkSettings.Networks["front"] == nil || !slices.Contains(c.NetworkSettings.Networks["front"].Aliases, "p-web") {
			t.Errorf("it is still cut off: %v %+v", err, c.NetworkSettings.Networks)
		}
	})
}

// TestCollateral: a child that goes down with the target counts too.
func TestCollateral(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.child("p", "a")
		b := w.child("p", "b")
		o := options()
		o.Children, o.Projects, o.Rounds = []string{"a", "b"}, []string{"p"}, 1
		for o.Seed = 1; ; o.Seed++ { // until a is drawn first
			if drawn, _, _ := newPlan(o.Seed, []*Target{{Child: "a", faults: []fault{{}}}, {Child: "b", faults: []fault{{}}}}, o.Every, 0).draw(); drawn.Child == "a" {
				break
			}
		}
		time.AfterFunc(100*time.Millisecond, func() { // in the round, when a's return is on its way
			w.asleep()
			_ = w.e.Kill(b)
		})
		s := w.must(o)
		if len(s.Never) != 1 || s.Never[0].Child != "p/b" || s.Never[0].Fault != "after kill of p/a" || len(s.Measured[Kill]) != 1 {
			t.Errorf("%+v\n%s", s, w.out.String())
		}
	})
}

// TestVanished: a container that is gone when the fault comes was not broken by
// chaos; the round is drawn again. Any other refusal ends the run.
func TestVanished(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.child("p", "web")
		w.e.Inject(engine.ContainerKill, 2, engine.Fault{Err: errdefs.ErrNotFound})
		o := options()
		o.Rounds = 3
		if s := w.must(o); s.Done != 3 || len(w.dies()) != 3 || w.e.Count(engine.ContainerKill) != 5 {
			t.Errorf("%+v, %d kills", s, w.e.Count(engine.ContainerKill))
		}
	})
	bubble(t, func(t *testing.T, w *world) {
		w.child("p", "web")
		w.e.Inject(engine.ContainerKill, 1, engine.Fault{Err: errdefs.ErrPermissionDenied})
		if s, err := w.chaos(t.Context(), options(), nil); !errdefs.IsPermissionDenied(err) || s.Done != 0 {
			t.Errorf("%v, %+v", err, s)
		}
	})
}

// TestEngineLost: an engine that is gone for the whole timeout is no verdict on a child.
func TestEngineLost(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.child("p", "web")
		o := options()
		time.AfterFunc(3*time.Second, func() { w.e.Down(false) })
		s, err := w.chaos(t.Context(), o, nil)
		if lost := (*LostError)(nil); !errors.As(err, &lost) || len(s.Never) > 0 {
			t.Errorf("%v, %+v", err, s)
		}
	})
}

// TestStreamLost: recoveries are measured across a stream that ends.
func TestStreamLost(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.child("p", "web")
		o := options()
		o.Every, o.Rounds = time.Second, 4
		time.AfterFunc(1100*time.Millisecond, func() { w.e.Engine.CutStreams(nil) })
		// The played foster does not open its stream again: a second one takes its place.
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		time.AfterFunc(1101*time.Millisecond, func() { defer close(done); w.heal(ctx) })
		defer func() { cancel(); <-done }()
		if s := w.must(o); len(s.Measured[Kill]) != 4 {
			t.Errorf("%+v\n%s", s, w.out.String())
		}
	})
}

// TestSameSeedSameSequence, and another seed another one.
func TestSameSeedSameSequence(t *testing.T) {
	sequence := func(seed uint64) (out string) {
		bubble(t, func(t *testing.T, w *world) {
			w.child("p", "a")
			w.child("p", "b")
			o := options()
			o.Seed, o.Kinds, o.Cuts, o.Jitter = seed, []Kind{Kill, Stop, Remove}, []string{"front", "back"}, time.Second
			w.must(o)
			for line := range strings.Lines(w.out.String()) {
				if f := strings.Fields(line); len(f) > 3 && f[len(f)-1] != "" && strings.Contains(line, "p/") {
					out += strings.Join(f[1:len(f)-2], " ") + "\n"
				}
			}
		})
		return out
	}
	one := sequence(7)
	if again := sequence(7); one != again || strings.Count(one, "\n") < 10 {
		t.Errorf("seed 7 gave\n%s\nand\n%s", one, again)
	}
	if other := sequence(8); one == other {
		t.Errorf("seeds 7 and 8 gave the same\n%s", one)
	}
}

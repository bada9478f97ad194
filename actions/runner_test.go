package actions

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/spec"
	"foster/state"
)

func TestRunReadsWhileAnOperationRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &stub{t: t, start: func(ctx context.Context, _ string) error { return wait(ctx, 10*time.Second) }}
		r := run(t, e, project())
		began := time.Now()
		r.in <- state.Start{Op: 1, Child: "web", ID: "c1"}
		r.in <- state.SetTimer{Timer: state.Timer{Kind: state.LookTimer}, Delay: time.Second}
		if _, ok := (<-r.out).(state.Fired); !ok || time.Since(began) != time.Second {
			t.Fatalf("no timer after %s", time.Since(began))
		}
		r.in <- state.Cancel{Op: 1}
		check(t, r.await(t), state.Canceled, "c1", "")
		if time.Since(began) != time.Second {
			t.Errorf("canceled after %s", time.Since(began))
		}
		r.in <- state.Cancel{Op: 1} // of something that has ended: nothing
		r.in <- state.Cancel{Op: 99}
	})
}

func TestRunRefusesASecondLifecycleOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &stub{
			t:      t,
			start:  func(ctx context.Context, _ string) error { return wait(ctx, time.Second) },
			remove: func(context.Context, string, container.RemoveOptions) error { return nil },
		}
		r := run(t, e, project())
		r.in <- state.Start{Op: 1, Child: "web", ID: "c1"}
		d := r.done(t, state.Remove{Op: 2, Child: "web", ID: "c1"})
		if d.Op != 2 || d.Class != state.Permanent || !strings.Contains(d.Detail, "operation 1") {
			t.Errorf("%+v", d)
		}
		// The refused one did not give the place of the first one free.
		if d := r.done(t, state.Remove{Op: 3, Child: "web", ID: "c1"}); d.Class != state.Permanent {
			t.Errorf("%+v", d)
		}
		if d := r.await(t); d.Op != 1 || d.Class != state.OK {
			t.Errorf("%+v", d)
		}
		// Its end does, before it is told.
		r.in <- state.Remove{Op: 4, Child: "web", ID: "c1"}
		synctest.Wait() // it has ended, and waits to be heard
		r.in <- state.Remove{Op: 5, Child: "web", ID: "c1"}
		synctest.Wait()
		check(t, r.await(t), state.OK, "c1", "")
		check(t, r.await(t), state.OK, "c1", "")
		r.end()
		if !strings.Contains(r.log.String(), `"level":"error"`) {
			t.Errorf("log: %s", r.log)
		}
	})
}

func TestRunIsBoundedButStopsAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 6
		p := &spec.Project{Name: "p"}
		for i := range n {
			p.Children = append(p.Children, spec.Child{Name: fmt.Sprint(i)})
		}
		e := &stub{
			t:     t,
			start: func(ctx context.Context, _ string) error { return wait(ctx, time.Second) },
			stop:  func(ctx context.Context, _ string, _ int) error { return wait(ctx, time.Second) },
		}
		r := run(t, e, p, func(c *Config) { c.Parallel = 2 })
		for _, tc := range []struct {
			eff  func(i int) state.Effect
			want time.Duration
		}{
			{func(i int) state.Effect { return state.Start{Op: i, Child: fmt.Sprint(i), ID: "c"} }, 3 * time.Second},
			{func(i int) state.Effect {
				return state.Stop{Op: i, Child: fmt.Sprint(i), ID: "c", Grace: time.Minute}
			}, time.Second},
		} {
			began := time.Now()
			seen := map[int]bool{}
			for i := range n {
				r.in <- tc.eff(i)
			}
			for range n {
				seen[r.await(t).Op] = true
			}
			if took := time.Since(began); took != tc.want || len(seen) != n {
				t.Errorf("%T: %d in %s, want %s", tc.eff(0), len(seen), took, tc.want)
			}
		}
		// One that waits for a slot can be given up.
		for i := range 3 {
			r.in <- state.Start{Op: i, Child: fmt.Sprint(i), ID: "c"}
		}
		synctest.Wait()
		began := time.Now()
		for i := range 3 {
			r.in <- state.Cancel{Op: i}
		}
		for range 3 {
			if d := r.await(t); d.Class != state.Canceled || time.Since(began) != 0 {
				t.Errorf("%+v after %s", d, time.Since(began))
			}
		}
	})
}

func TestRunWaitsForItsOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		e := &stub{t: t, start: func(ctx context.Context, _ string) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			ended = true
			return ctx.Err()
		}}
		r := run(t, e, project())
		r.in <- state.Start{Op: 1, Child: "web", ID: "c1"}
		synctest.Wait()
		r.end() // nobody reads the Done any more
		if !ended {
			t.Error("Run returned before its operation")
		}
	})
}

func TestRunKnowsItsEffects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, &stub{t: t}, project())
		r.in <- state.Note{}
		check(t, r.done(t, state.Create{Op: 5, Child: "nobody"}), state.Permanent, "", "nobody")
		check(t, r.done(t, state.EnsureNetwork{Op: 6, Network: "nowhere"}), state.Permanent, "", "nowhere")
		check(t, r.done(t, state.Attach{Op: 7, Child: "web", ID: "c", Network: "nowhere"}), state.Permanent, "c", "nowhere")
		close(r.in)
		synctest.Wait()
		r.end()
		if !strings.Contains(r.log.String(), "does not carry out") {
			t.Errorf("log: %s", r.log)
		}
	})
}

func TestTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, &stub{t: t}, project(), func(c *Config) { c.Backoff.Jitter = -1 })
		began := time.Now()
		a := state.Timer{Kind: state.RetryTimer, Child: "a"}
		b := state.Timer{Kind: state.RetryTimer, Child: "b"}
		expect := func(want state.Timer, at time.Duration) {
			t.Helper()
			f, ok := (<-r.out).(state.Fired)
			if !ok || f.Timer != want || time.Since(began) != at || !f.At.Equal(time.Now()) {
				t.Fatalf("%+v after %s, want %+v after %s", f, time.Since(began), want, at)
			}
		}
		r.in <- state.SetTimer{Timer: b, Delay: time.Second}
		r.in <- state.SetTimer{Timer: a, Attempt: 3} // 4 s
		r.in <- state.SetTimer{Timer: b, Delay: 2 * time.Second}
		expect(b, 2*time.Second)
		expect(a, 4*time.Second)

		// Together: in a fixed order.
		r.in <- state.SetTimer{Timer: b, Delay: time.Second}
		r.in <- state.SetTimer{Timer: a, Delay: time.Second}
		expect(a, 5*time.Second)
		expect(b, 5*time.Second)

		// Due, but not handed over yet: a stop and a new setting still win.
		r.in <- state.SetTimer{Timer: a, Delay: time.Second}
		r.in <- state.SetTimer{Timer: b, Delay: time.Second}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		r.in <- state.StopTimer{Timer: a}
		r.in <- state.StopTimer{Timer: a}
		r.in <- state.SetTimer{Timer: b, Delay: 3 * time.Second}
		expect(b, 10*time.Second)

		select {
		case ev := <-r.out:
			t.Fatalf("%+v", ev)
		case <-time.After(time.Hour):
		}
	})
}

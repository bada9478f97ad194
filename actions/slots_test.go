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

// TestLastLinesHoldNobodyBack: while more dead children than there are slots wait
// for their last lines, all wait at once, and another child's start for none.
func TestLastLinesHoldNobodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const dead, patience = 4 * DefaultParallel, slowCall
		p := &spec.Project{Name: "p"}
		for i := range dead + 1 {
			p.Children = append(p.Children, spec.Child{Name: fmt.Sprint(i)})
		}
		e := &stub{
			t:      t,
			start:  func(context.Context, string) error { return nil },
			remove: func(context.Context, string, container.RemoveOptions) error { return nil },
		}
		r := run(t, e, p, func(c *Config) {
			c.Drain = func(ctx context.Context, id string) {
				if err := wait(ctx, patience); err != nil {
					t.Errorf("%s: %v", id, err)
				}
			}
		})
		began := time.Now()
		for i := range dead {
			r.in <- state.Remove{Op: i, Child: fmt.Sprint(i), ID: fmt.Sprint("dead", i)}
		}
		synctest.Wait()
		if d := r.done(t, state.Start{Op: dead, Child: fmt.Sprint(dead), ID: "new"}); d.Op != dead || d.Class != state.OK || time.Since(began) > 0 {
			t.Errorf("%+v after %s", d, time.Since(began))
		}
		if told := e.told(); told != "start new" {
			t.Errorf("before the last lines: %s", told)
		}
		for range dead {
			if d := r.await(t); d.Class != state.OK || time.Since(began) != patience {
				t.Errorf("%+v after %s", d, time.Since(began))
			}
		}
	})
}

// TestSlowCallsHoldNobodyBack: with every slot taken by starts that wait 20 s
// for a manager, another child's start waits for slowCall only.
func TestSlowCallsHoldNobodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slots = 2
		p := &spec.Project{Name: "p"}
		for i := range slots + 1 {
			p.Children = append(p.Children, spec.Child{Name: fmt.Sprint(i)})
		}
		e := &stub{t: t, start: func(ctx context.Context, id string) error {
			if id == "quick" {
				return nil
			}
			if err := wait(ctx, 20*time.Second); err != nil {
				return err
			}
			return internal("Could not attach to network ov1: context deadline exceeded")
		}}
		r := run(t, e, p, func(c *Config) { c.Parallel = slots })
		began := time.Now()
		for i := range slots {
			r.in <- state.Start{Op: i, Child: fmt.Sprint(i), ID: "slow"}
		}
		synctest.Wait()
		if d := r.done(t, state.Start{Op: slots, Child: fmt.Sprint(slots), ID: "quick"}); d.Op != slots || d.Class != state.OK || time.Since(began) != slowCall {
			t.Errorf("%+v after %s", d, time.Since(began))
		}
		for range slots {
			if d := r.await(t); d.Class != state.Transient || time.Since(began) != 20*time.Second {
				t.Errorf("%+v after %s", d, time.Since(began))
			}
		}
		// Their slots were given back once: there are as many as before.
		for i := range slots + 1 {
			r.in <- state.Start{Op: 10 + i, Child: fmt.Sprint(i), ID: "slow"}
		}
		synctest.Wait()
		if n := strings.Count(e.told(), "start "); n != 2*slots+1 {
			t.Errorf("%d starts under way or done, want %d", n, 2*slots+1)
		}
		for range slots + 1 {
			r.await(t)
		}
	})
}

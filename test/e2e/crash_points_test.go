package e2e

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"foster/test/lab"
)

// lateBy is how long after the death a late request is carried out: the next
// foster has had its first look by then, and acts on it.
const lateBy = 150 * time.Millisecond

// TestCrashPoints kills foster around every request that changes something and
// after every event of a launch, of two recoveries and of a stop; each time
// another one takes over.
func TestCrashPoints(t *testing.T) {
	t.Parallel()
	for _, when := range []moment{beforeRequest, afterRequest, lateRequest, afterEvent} {
		t.Run("launch "+string(when), func(t *testing.T) {
			t.Parallel()
			newCrash(t, when).launches()
		})
		t.Run("recoveries and stop "+string(when), func(t *testing.T) {
			t.Parallel()
			newCrash(t, when).recoveries()
		})
	}
}

// crash is a project whose fosters die one after the other.
type crash struct {
	*world
	when     moment
	settings []string
	want     want
	deaths   []string
}

func newCrash(t *testing.T, when moment) *crash {
	w := newWorld(t, plainEngine(t))
	front := w.externalNetwork("front")
	return &crash{
		world: w, when: when, settings: []string{"LAUNCH_NETWORKS=back", "LAUNCH_EXT_NETWORKS=" + front},
		want: wanted(w.net("back"), front),
	}
}

// maxPoints is more than any of the stories has.
const maxPoints = 60

// launches: each foster but the last dies in its launch.
func (c *crash) launches() {
	c.t.Helper()
	for nth := 1; nth < maxPoints; nth++ {
		d := c.doomed(c.when, nth, true, c.settings...)
		if !c.dies(d, d.f.hasChild) {
			d.f.stop()
			break
		}
		kept := d.left(c.want)
		next := c.foster(c.settings...)
		next.awaitChild()
		c.awaitWhole(c.want, kept...)
		next.stop()
		if err := c.left(); err != nil {
			c.t.Fatalf("death %s, and after the next one's end: %v", d.at, err)
		}
	}
	c.verdict("POST /containers/create")
}

// recoveries: each foster takes over from one that died, comes to a whole child,
// and dies in a recovery, until none of them dies any more; then in its stop.
func (c *crash) recoveries() {
	c.t.Helper()
	faults := []func(){
		func() { c.docker("kill", c.container()) },
		func() { c.docker("network", "disconnect", c.net("back"), c.container()) },
	}
	var kept []check
	for _, fault := range faults {
		for nth := 1; nth < maxPoints; nth++ {
			d := c.doomed(c.when, nth, false, c.settings...)
			c.awaitSettled(d.f, kept...)
			before := len(d.f.said("recovered")) // of what the one before it left
			d.arm()
			fault()
			if !c.dies(d, func() error {
				if len(d.f.said("recovered")) == before {
					return errors.New("not recovered")
				}
				return nil
			}) {
				d.f.kill()
				kept = d.left(c.want)
				break
			}
			kept = d.left(c.want)
		}
	}
	for nth := 1; nth < maxPoints; nth++ {
		d := c.doomed(c.when, nth, false, c.settings...)
		c.awaitSettled(d.f, kept...)
		d.arm()
		d.f.signal(syscall.SIGTERM)
		if !c.dies(d, func() error { return errors.New("not ended") }) {
			break
		}
		kept = d.left(c.want)
	}
	c.verdict("POST /containers/*/stop")
}

// awaitSettled waits until foster knows that the child is whole and has been so
// for long enough for a fault to be answered at once.
func (c *crash) awaitSettled(f *foster, checks ...check) {
	c.t.Helper()
	child := c.awaitWhole(c.want, checks...)
	lab.Eventually(c.t, patience, "foster at rest", func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, l := range slices.Backward(f.lines) {
			// The run is stable: nothing else ends in a timer that moves nothing.
			if l.text("event") == "Fired" {
				return nil
			}
		}
		return errNotYet
	})
	if c.when != lateRequest { // else it may be about to end, by an order of the dead one
		c.awaitWhole(c.want, same(child))
	}
}

// hasChild: it has launched its child, at once or after a failure, or taken it over.
func (f *foster) hasChild() error {
	if len(f.said("launched"))+len(f.said("recovered"))+len(f.said("adopted")) == 0 {
		return errors.New("neither launched nor adopted")
	}
	return nil
}

func (f *foster) awaitChild() {
	f.w.t.Helper()
	lab.Eventually(f.w.t, patience, "foster and its child", f.hasChild)
}

// dies waits for the death; false means that foster has come through instead.
func (c *crash) dies(d *doom, through func() error) bool {
	c.t.Helper()
	died := false
	lab.Eventually(c.t, patience, "the death, or the end of what foster does", func() error {
		select {
		case <-d.f.done:
			d.mu.Lock()
			defer d.mu.Unlock()
			if died = d.dead; !died && d.f.code != 0 {
				return fmt.Errorf("foster ended with %d", d.f.code)
			}
			return nil
		default:
		}
		err := through()
		if err == nil && !d.spare() {
			return errors.New("it is dying")
		}
		return err
	})
	if died {
		c.deaths = append(c.deaths, d.at)
	}
	return died
}

// verdict: it has died often enough, and nothing is left.
func (c *crash) verdict(call string) {
	c.t.Helper()
	c.nothingLeft()
	c.neverTwo(0)
	var what []string
	for _, at := range c.deaths {
		what = append(what, strings.ReplaceAll(at, c.project, "…"))
	}
	c.t.Logf("%d deaths %s: %s", len(c.deaths), c.when, strings.Join(what, ", "))
	if c.when == afterEvent {
		call = "container" // which of its events it dies after is chance: networks tell of it as well
	}
	first, _, _ := strings.Cut(call, "*")
	if !slices.ContainsFunc(c.deaths, func(at string) bool { return strings.HasPrefix(at, first) }) {
		c.t.Errorf("it never died at %s", call)
	}
	if len(c.deaths) < 4 {
		c.t.Errorf("%d deaths are too few", len(c.deaths))
	}
}

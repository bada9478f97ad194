package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"

	"foster/test/lab"
	"foster/test/relay"
)

// awaitFaults waits until n faults were told and recovered from; there must not
// be more of either.
func (f *foster) awaitFaults(n int) {
	f.w.t.Helper()
	lab.Eventually(f.w.t, patience, fmt.Sprintf("recovery %d", n), func() error {
		if got := len(f.said("recovered")); got < n {
			return fmt.Errorf("there are %d", got)
		}
		return nil
	})
	if told, recovered := len(f.said("fault:")), len(f.said("recovered")); told != n || recovered != n {
		f.w.t.Fatalf("%d faults are told and %d recoveries, want %d", told, recovered, n)
	}
}

// someFault harms the child in one of the ways that need a new container, or an
// endpoint, and says which.
func (w *world) someFault(chance *rand.Rand, c container.InspectResponse, networks ...string) (what string, renews bool) {
	w.t.Helper()
	switch chance.IntN(4) {
	case 0:
		w.signalChild(c, syscall.SIGKILL)
		return "SIGKILL", true
	case 1:
		w.docker("kill", c.ID)
		return "docker kill", true
	case 2:
		w.docker("rm", "--force", "--volumes", c.ID)
		return "docker rm -f", true
	}
	n := networks[chance.IntN(len(networks))]
	w.cut(c.ID, n)
	return "cut off " + n, false
}

// TestStreamCutEverySecond: the event stream breaks off every second for a
// minute, while the child dies, is removed and is cut off networks at random.
// Each fault is recovered from once, and told once.
func TestStreamCutEverySecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	ext := w.externalNetwork("ext")
	r, address := w.relay()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	f := w.foster(address, "LAUNCH_NETWORKS=front", "LAUNCH_EXT_NETWORKS="+ext)
	want := wanted(w.net("front"), ext)
	child := w.awaitWhole(want)
	f.awaitSaid("launched")

	const during = time.Minute
	begin, cuts := time.Now(), 0
	var cutting sync.WaitGroup
	ended, end := context.WithTimeout(t.Context(), during)
	cutting.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ended.Done():
				return
			case <-tick.C:
				cuts += r.CutStreams()
			}
		}
	})
	t.Cleanup(func() {
		end()
		cutting.Wait()
	})
	n, slowest, slowWhat := 0, time.Duration(0), ""
	for time.Since(begin) < during {
		at := time.Now()
		what, renews := w.someFault(chance, child, w.net("front"), ext)
		n++
		f.awaitFaults(n)
		took := time.Since(at)
		if took > slowest {
			slowest, slowWhat = took, what
		}
		if renews {
			child = w.awaitWhole(want, newer(child))
		} else {
			child = w.awaitWhole(want, same(child))
		}
	}
	cutting.Wait()
	t.Logf("%d faults within %d ends of the stream; the slowest recovery took %s (%s)", n, cuts, slowest.Round(time.Millisecond), slowWhat)
	if cuts == 0 || n < 3 {
		t.Errorf("only %d faults within %d cuts", n, cuts)
	}
	w.awaitWhole(want, same(child))
	f.awaitFaults(n)
	f.stop()
	w.nothingLeft()
	w.neverTwo(0)
}

// TestRepeatedEvents: the engine says everything twice, at once and again long
// after it happened.
func TestRepeatedEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	r, address := w.relay()
	r.OnEvent(func(relay.Event) { r.RepeatEvents(1) })
	f := w.foster(address, "LAUNCH_NETWORKS=front")
	want := wanted(w.net("front"))
	child := w.awaitWhole(want)
	f.awaitSaid("launched")
	for n := 0; n < 6; n += 2 {
		w.signalChild(child, syscall.SIGKILL)
		f.awaitFaults(n + 1)
		child = w.awaitWhole(want, newer(child))
		if r.RepeatEvents(256) < 5 {
			t.Error("there is nothing to repeat")
		}
		w.cut(child.ID, w.net("front"))
		f.awaitFaults(n + 2)
		child = w.awaitWhole(want, same(child))
		r.RepeatEvents(256)
		r.CutStreams() // and the engine itself repeats the last
	}
	w.cut(child.ID, w.net("front"))
	f.awaitFaults(7)
	f.stop()
	w.nothingLeft()
	w.created(4)
	w.neverTwo(0)
}

// ring is how many events the engine keeps.
const ring = 256

// TestRingOverrun: the stream is away while the child is harmed, and the engine
// forgets the event over those of somebody else's container.
func TestRingOverrun(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		fault func(w *world, c container.InspectResponse)
		lost  events.Action
		renew bool
	}{
		{"death", func(w *world, c container.InspectResponse) { w.signalChild(c, syscall.SIGKILL) }, "die", true},
		{"removal", func(w *world, c container.InspectResponse) { w.docker("rm", "--force", "--volumes", c.ID) }, "destroy", true},
		{"cut", func(w *world, c container.InspectResponse) { w.cut(c.ID, w.net("front")) }, "disconnect", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plainEngine(t))
			r, address := w.relay()
			f := w.foster(address, "LAUNCH_NETWORKS=front")
			want := wanted(w.net("front"))
			child := w.awaitWhole(want)
			f.awaitSaid("launched")
			foreign := w.docker("create", "--name", w.name("foreign"), lab.BusyboxImage, "true")

			back := make(chan struct{})
			var once sync.Once
			t.Cleanup(func() { once.Do(func() { close(back) }) })
			r.Intercept(func(x relay.Exchange) relay.Action {
				if x.Is("GET", "/events") && x.Point == relay.Before {
					<-back
				}
				return relay.Pass()
			})
			if r.CutStreams() != 1 {
				t.Fatal("there is no stream to cut")
			}
			begin := time.Now()
			row.fault(w, child)
			lab.Eventually(t, patience, "the engine's word", func() error {
				if len(w.rec.All(lab.Container(child.ID), lab.Action(string(row.lost)))) == 0 {
					return errNotYet
				}
				return nil
			})
			// More than once, should the fault's last events be late.
			renames := 0
			lab.Eventually(t, patience, "the engine to forget", func() error {
				for range ring + 1 {
					renames++
					if err := w.Client().ContainerRename(t.Context(), foreign, fmt.Sprintf("%s-%d", w.name("foreign"), renames)); err != nil {
						return err
					}
				}
				if left := w.replayed(begin, child.ID); len(left) != 0 {
					return fmt.Errorf("it still has %v", left)
				}
				return nil
			})
			once.Do(func() { close(back) })
			f.awaitFaults(1)
			t.Logf("recovered %s after the fault", time.Since(begin).Round(time.Millisecond))
			if row.renew {
				w.awaitWhole(want, newer(child))
			} else {
				w.awaitWhole(want, same(child))
			}
			w.docker("rm", foreign)
			f.stop()
			w.nothingLeft()
			w.neverTwo(0)
		})
	}
}

// replayed is what of a container the engine still has from a time on.
func (w *world) replayed(since time.Time, id string) []string {
	w.t.Helper()
	stamp := func(t time.Time) string { return fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond()) }
	messages, errs := w.Client().Events(w.t.Context(), events.ListOptions{Since: stamp(since), Until: stamp(time.Now())})
	var found []string
	for {
		select {
		case m := <-messages:
			if m.Actor.ID == id || m.Actor.Attributes["container"] == id {
				found = append(found, strings.Join([]string{string(m.Type), string(m.Action)}, " "))
			}
		case <-errs:
			return found
		}
	}
}

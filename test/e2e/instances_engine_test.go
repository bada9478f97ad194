package e2e

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"foster/test/lab"
)

// TestThreeInstances: three containers of one project. The first is killed, and
// the second takes its child as it is; the second is stopped, and the third
// launches. It is not parallel: it means its seconds.
func TestThreeInstances(t *testing.T) {
	w := newWorld(t, plainEngine(t))
	want := wanted(w.net("front"))
	first := w.fosterContainer(nil, "LAUNCH_NETWORKS=front")
	child := w.awaitWhole(want)
	first.awaitSaid("launched")
	second := w.fosterContainer(nil, "LAUNCH_NETWORKS=front")
	second.awaitStandsBy(first.container)
	third := w.fosterContainer(nil, "LAUNCH_NETWORKS=front")
	third.awaitStandsBy(first.container)
	w.still(child)
	first.relays(child, "while they wait")

	first.kill()
	adopted := second.awaitSaid("adopted")
	third.awaitStandsBy(second.container)
	handedOver(t, handOver, "adopted", w.death(first.container), adopted.at(t))
	w.awaitWhole(want, same(child))
	second.relays(child, "handed over")
	first.relayedOnce(second, "while they wait")

	second.stop()
	next := w.awaitWhole(want, newer(child))
	handedOver(t, handOver, "launched", w.death(second.container), w.startOf(next))
	third.stop()
	w.neverTwo(0)
	w.nothingLeft()
	w.created(2)
}

// TestStoppedWhileStandingBy: one that waits leaves at once, and leaves
// everything as it is, be it stopped or killed.
func TestStoppedWhileStandingBy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	first := w.fosterContainer(nil, "LAUNCH_NETWORKS=front")
	child := w.awaitWhole(wanted(w.net("front")))
	first.awaitSaid("launched")
	stopped := w.fosterContainer(nil, "LAUNCH_NETWORKS=front", "LAUNCH_ENVIRONMENTS=CHANGED=1")
	killed := w.fosterContainer(nil, "LAUNCH_NETWORKS=front other")
	stopped.awaitStandsBy(first.container)
	killed.awaitStandsBy(first.container)
	stopped.signal(syscall.SIGTERM)
	stopped.ended(0, busyHandOver)
	killed.kill()
	w.still(child)
	// Faults are the owner's to mend, as before.
	w.docker("kill", child.ID)
	w.awaitWhole(wanted(w.net("front")), newer(child))
	first.stop()
	w.neverTwo(0)
	w.nothingLeft()
	w.created(2)
}

// TestTwoOnTheHost: outside of containers the lock tells them apart. It is free
// when its holder is killed, and when it is stopped. It is not parallel: it means
// its seconds.
func TestTwoOnTheHost(t *testing.T) {
	w := newWorld(t, plainEngine(t))
	want := wanted(w.net("front"))
	first := w.foster("LAUNCH_NETWORKS=front")
	child := w.awaitWhole(want)
	first.awaitSaid("launched")
	second := w.foster("LAUNCH_NETWORKS=front")
	second.awaitStandsBy(fmt.Sprintf("process %d", first.cmd.Process.Pid))
	w.still(child)
	first.relays(child, "while they wait")

	ended := time.Now()
	first.kill()
	adopted := second.awaitSaid("adopted")
	handedOver(t, handOver, "adopted", ended, adopted.at(t))
	w.awaitWhole(want, same(child))
	second.relays(child, "handed over")
	first.relayedOnce(second, "while they wait")

	third := w.foster("LAUNCH_NETWORKS=front")
	third.awaitStandsBy(fmt.Sprintf("process %d", second.cmd.Process.Pid))
	fourth := w.foster("LAUNCH_NETWORKS=front")
	fourth.awaitStandsBy(fmt.Sprintf("process %d", second.cmd.Process.Pid))
	fourth.stop()
	ended = time.Now()
	second.stop()
	next := w.awaitWhole(want, newer(child))
	handedOver(t, handOver, "launched", ended, w.startOf(next))
	third.stop()
	w.neverTwo(0)
	w.nothingLeft()
	w.created(2)
}

// TestOtherProjectsDoNotWait: fosters of other projects, and other commands of
// the same image, are nobody's elders.
func TestOtherProjectsDoNotWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	other := newWorld(t, w.engine)
	theirs := other.fosterContainer(nil, "LAUNCH_NETWORKS=front")
	other.awaitWhole(wanted(other.net("front")))
	// Nobody's watch, with all the settings of the foster to come.
	watch := w.residentWith([]string{"reap", "--watch", "--project", w.name("nobody")},
		[]string{"--volume", "/run/docker.sock:/var/run/docker.sock"}, "LAUNCH_NETWORKS=front")
	lab.Eventually(t, patience, "the watch", func() error {
		if len(w.residentLog(t.Context(), watch).said("foster reap watches")) == 0 {
			return errNotYet
		}
		return nil
	})
	f := w.fosterContainer(nil, "LAUNCH_NETWORKS=front")
	f.awaitSaid("launched")
	if n := len(f.said(standsBy)); n != 0 {
		t.Errorf("it waited for another project's foster: %v", f.said(standsBy))
	}
	f.stop()
	theirs.stop()
	w.docker("stop", watch)
	w.nothingLeft()
	other.nothingLeft()
}

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
	"foster/test/lab"
)

// TestStopWithASleepingEngine: the engine stands still in the middle of the
// stop, for longer than the children's grace; then the stop goes on.
func TestStopWithASleepingEngine(t *testing.T) {
	t.Parallel()
	e := ownEngine(t, lab.Options{})
	var worlds []*world
	var fosters []*foster
	for _, command := range []string{"loyal", "stubborn"} {
		w := newWorld(t, e)
		f := w.foster("LAUNCH_COMMAND="+command, "LAUNCH_STOP_GRACE_PERIOD=2s", "LAUNCH_NETWORKS=front")
		w.awaitWhole(wanted(w.net("front")))
		f.awaitSaid("launched")
		worlds, fosters = append(worlds, w), append(fosters, f)
	}
	for i, w := range worlds {
		fosters[i].signal(syscall.SIGTERM)
		w.awaitEvent(0, "kill")
	}
	if err := e.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	// As long as the pause lasts nothing is to be known: it is the time that counts.
	pause := time.NewTimer(8 * time.Second)
	<-pause.C
	if err := e.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, w := range worlds {
		fosters[i].ended(0, patience)
		w.nothingLeft()
		w.created(1)
	}
	if err := e.noVolumes(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestStopWithoutAnEngine: the engine is killed in the middle of the stop. One
// that is back in time finds foster still at it; one that is not is left, and
// what was on it is told by name and collected by the next foster of the project.
// A foster of another project does not touch it.
func TestStopWithoutAnEngine(t *testing.T) {
	t.Parallel()
	t.Run("back in time", func(t *testing.T) {
		t.Parallel()
		e := newMortalEngine(t, lab.Options{})
		w := newWard(t, e, "host")
		w.watch()
		if err := e.KillEngine(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.host.signal(syscall.SIGTERM)
		w.host.awaitSaid("failed, it is tried again: stop")
		_, answers := e.back(t)
		w.host.ended(0, patience)
		t.Logf("foster ended %.2f s after the engine answered", time.Since(answers).Seconds())
		w.nothingLeft()
	})
	t.Run("gone", func(t *testing.T) {
		t.Parallel()
		e := newMortalEngine(t, lab.Options{})
		w := newWard(t, e, "host")
		w.watch("FOSTER_STOP_GRACE=8s")
		if err := e.KillEngine(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.host.signal(syscall.SIGTERM)
		asked := w.host.awaitSaid("stopping").at(t)
		w.host.ended(69, patience)
		took := w.host.awaitSaid("left behind").at(t).Sub(asked)
		t.Logf("foster gave up %.2f s after SIGTERM", took.Seconds())
		if took < 7*time.Second || took > 8*time.Second {
			t.Errorf("foster gave up %s after SIGTERM, its grace is 8 s", took)
		}
		w.toldWhatItLeft()
		e.back(t)
		w.collected()
	})
}

// toldWhatItLeft: container, network and volume of the ward are in foster's log, by name.
func (w *ward) toldWhatItLeft() {
	w.t.Helper()
	f := w.log()
	var volume string
	for _, m := range w.child.Mounts {
		volume = m.Name
	}
	for _, what := range []string{
		fmt.Sprintf("container %s (%.12s)", w.container(), w.child.ID), "network " + w.net("front"), "anonymous volume " + volume,
	} {
		if len(f.said("left behind: "+what, "level=error")) != 1 {
			w.t.Errorf("it does not say that it leaves %s:\n%s", what, f.log())
		}
	}
	if w.where == "host" && !strings.Contains(f.stderr.String(), "the next foster of project "+w.project) {
		w.t.Errorf("its last words are %q", f.stderr.String())
	}
	if strings.Contains(f.log(), "left behind: network "+w.ext) {
		w.t.Errorf("it counts the external network among what it leaves:\n%s", f.log())
	}
}

// remains are the IDs of what the project has on the engine.
func (w *world) remains() []string {
	w.t.Helper()
	var ids []string
	list, err := w.children()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range list {
		ids = append(ids, c.ID)
		for _, m := range c.Mounts {
			ids = append(ids, m.Name)
		}
	}
	nets, err := w.Client().NetworkList(w.t.Context(), network.ListOptions{Filters: filters.NewArgs(filters.Arg("label", spec.LabelProject+"="+w.project))})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, n := range nets {
		ids = append(ids, n.ID)
	}
	slices.Sort(ids)
	return ids
}

// collected: what is left of the project is there as long as fosters of other
// projects come and go, and goes with the next foster of its own.
func (w *ward) collected() {
	w.t.Helper()
	left := w.remains()
	if len(left) < 2 {
		w.t.Fatalf("there is left %q, want a container and a network", left)
	}
	other := newWard(w.t, w.e, "host")
	other.watch()
	other.stop()
	if now := w.remains(); !slices.Equal(now, left) {
		w.t.Errorf("another project's foster came and went: there is left %q, was %q", now, left)
	}
	w.where = "host"
	before := w.child
	w.watch()
	if w.child.ID == before.ID {
		w.t.Error("the child is the old container, which had died")
	}
	w.stop()
}

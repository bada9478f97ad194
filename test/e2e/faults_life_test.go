package e2e

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

// TestUnhealthy: a child that its healthcheck gives up on is recreated, and the
// log has what the last probe said.
func TestUnhealthy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_IMAGE="+sickImage, "LAUNCH_NETWORKS=front")
	want := wanted(w.net("front"))
	want.image = sickImage
	healthy := func(c container.InspectResponse) error {
		if c.State.Health == nil || c.State.Health.Status != container.Healthy {
			return fmt.Errorf("its health is %+v", c.State.Health)
		}
		return nil
	}
	before := w.awaitWhole(want, healthy)
	w.docker("exec", before.ID, "touch", "/tmp/sick")
	w.awaitWhole(want, newer(before), healthy)
	f.awaitSaid("recovered", "cause=unhealthy", "did=recreated", "attempt=1")
	f.awaitSaid("fault: the child's healthcheck gave up", "cause=unhealthy", "detail=exit 1: no longer well")
	f.stop()
	w.nothingLeft()
	w.created(2)
}

// TestUnhealthyIgnored: with FOSTER_ON_UNHEALTHY=ignore it is told and left alone.
func TestUnhealthyIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_IMAGE="+sickImage, "LAUNCH_NETWORKS=front", "FOSTER_ON_UNHEALTHY=ignore")
	want := wanted(w.net("front"))
	want.image = sickImage
	before := w.awaitWhole(want)
	w.docker("exec", before.ID, "touch", "/tmp/sick")
	f.awaitSaid("fault:", "cause=unhealthy")
	w.docker("exec", before.ID, "rm", "/tmp/sick")
	w.awaitWhole(want, same(before), func(c container.InspectResponse) error {
		if c.State.Health.Status != container.Healthy {
			return errors.New("it is not healthy again")
		}
		return nil
	})
	f.stop()
	w.nothingLeft()
	w.created(1)
}

// sickened is a foster whose child has become unhealthy, which is to be its end
// after a while.
func (w *world) sickened(after string) (f *foster, child container.InspectResponse, want want) {
	w.t.Helper()
	f = w.foster("LAUNCH_IMAGE="+sickImage, "LAUNCH_NETWORKS=front", "FOSTER_ON_UNHEALTHY=exit", "FOSTER_UNHEALTHY_AFTER="+after)
	want = wanted(w.net("front"))
	want.image = sickImage
	child = w.awaitWhole(want)
	f.awaitSaid("launched")
	w.docker("exec", child.ID, "touch", "/tmp/sick")
	f.awaitSaid("fault:", "cause=unhealthy")
	return f, child, want
}

// TestUnhealthyExit: with FOSTER_ON_UNHEALTHY=exit everything is taken down,
// when it has been unhealthy for as long as was asked for.
func TestUnhealthyExit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f, _, _ := w.sickened("5s")
	f.ended(1, patience)
	died := w.awaitEvent(0, "die")
	if sick := w.awaitEvent(0, "health_status: unhealthy"); died.TimeNano-sick.TimeNano < int64(5*time.Second) {
		t.Errorf("it was ended %s after it was unhealthy", time.Duration(died.TimeNano-sick.TimeNano))
	}
	w.nothingLeft()
	w.created(1)
}

// TestUnhealthyTolerated: for as long as was asked for it is left alone, which
// foster health says; one that is healthy again by then was never lost.
func TestUnhealthyTolerated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f, before, want := w.sickened("1h")
	if verdict := w.hostCommand("health", "--project", w.project); !strings.HasPrefix(verdict, "tolerated: child: unhealthy") {
		t.Errorf("foster health says %s", verdict)
	}
	w.docker("exec", before.ID, "rm", "/tmp/sick")
	f.awaitSaid("recovered", "cause=unhealthy", "did=nothing")
	w.awaitWhole(want, same(before))
	f.stop()
	w.nothingLeft()
	w.created(1)
}

// TestPause: somebody's pause is told and left alone, also by the resync.
func TestPause(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_NETWORKS=front", "FOSTER_RESYNC=1s")
	want := wanted(w.net("front"))
	before := w.awaitWhole(want)
	f.awaitSaid("launched")
	w.docker("pause", before.ID)
	f.awaitSaid("degraded", "cause=paused")
	resyncs := len(f.said("event", "event=ResyncDue"))
	lab.Eventually(t, patience, "two more resyncs", func() error {
		if n := len(f.said("", "effect=observe")); n < resyncs+3 {
			return fmt.Errorf("%d looks", n)
		}
		return nil
	})
	c, err := w.Client().ContainerInspect(t.Context(), before.ID)
	if err != nil || !c.State.Paused {
		t.Fatalf("it is not paused any more: %v", err)
	}
	w.docker("unpause", before.ID)
	w.awaitWhole(want, same(before))
	f.awaitSaid("healed")
	f.stop()
	w.nothingLeft()
	w.created(1)
}

// TestStopOfAPausedChild: a frozen child takes no signals, and goes all the same.
func TestStopOfAPausedChild(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_NETWORKS=front", "FOSTER_STOP_GRACE=5s")
	c := w.awaitWhole(wanted(w.net("front")))
	w.docker("pause", c.ID)
	f.awaitSaid("degraded", "cause=paused")
	f.stop()
	w.nothingLeft()
}

// TestRename: it is told, and the next container has the right name.
func TestRename(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_NETWORKS=front")
	want := wanted(w.net("front"))
	before := w.awaitWhole(want)
	f.awaitSaid("launched")
	w.docker("rename", before.ID, w.name("other"))
	f.awaitSaid("degraded", "cause=renamed")
	if c, err := w.Client().ContainerInspect(t.Context(), before.ID); err != nil || running(c) != nil || c.Name != "/"+w.name("other") {
		t.Fatalf("the renamed child was not left alone: %v", err)
	}
	w.signalChild(before, syscall.SIGKILL)
	w.awaitWhole(want, newer(before))
	f.stop()
	w.nothingLeft()
	w.created(2)
}

// TestFosterKilled: the next foster adopts the running child as it is,
// replaces one of another spec, and one that died meanwhile.
func TestFosterKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	ext := w.externalNetwork("ext")
	settings := []string{"LAUNCH_NETWORKS=front", "LAUNCH_EXT_NETWORKS=" + ext}
	want := wanted(w.net("front"), ext)
	f := w.foster(settings...)
	first := w.awaitWhole(want)
	f.awaitSaid("launched")
	f.kill()

	f = w.foster(settings...)
	f.awaitSaid("adopted")
	w.awaitWhole(want, same(first))
	f.kill()

	// Cut while nobody watched: adopted, and attached again.
	w.docker("network", "disconnect", ext, first.ID)
	f = w.foster(settings...)
	w.awaitWhole(want, same(first))
	f.kill()

	settings = append(settings, "LAUNCH_LABELS=colour=blue")
	f = w.foster(settings...)
	second := w.awaitWhole(want, newer(first), func(c container.InspectResponse) error {
		if c.Config.Labels["colour"] != "blue" {
			return errors.New("it is of the old spec")
		}
		return nil
	})
	f.awaitSaid("recovered")
	f.kill()

	w.signalChild(second, syscall.SIGKILL)
	f = w.foster(settings...)
	w.awaitWhole(want, newer(second))
	f.stop()
	w.nothingLeft()
	w.created(3)
}

// TestFosterContainerKilled: the same with foster in a container, where the
// dead parent is known by its ID.
func TestFosterContainerKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.fosterContainer(nil, "LAUNCH_NETWORKS=front")
	want := wanted(w.net("front"))
	first := w.awaitWhole(want)
	f.awaitSaid("launched")
	f.kill()
	f = w.fosterContainer(nil, "LAUNCH_NETWORKS=front")
	f.awaitSaid("adopted")
	w.awaitWhole(want, same(first))
	f.stop()
	w.nothingLeft()
	w.created(1)
}

// TestForeignContainerHoldsTheName: it is named and left alone; the child
// comes when it is gone.
func TestForeignContainerHoldsTheName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	id := w.docker("run", "--detach", "--init", "--name", w.container(), lab.BusyboxImage, "sleep", "600")
	foreign, err := w.Client().ContainerInspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	f := w.foster("LAUNCH_NETWORKS=front")
	held := f.awaitSaid("waiting: its place is held")
	if !containsAll(held.text("detail"), w.container()) && !containsAll(held.text("detail"), id[:12]) {
		t.Errorf("the log does not name the holder: %v", held)
	}
	// Foster has tried again, and left it alone; it means to wait for 8 s.
	f.awaitSaid("waiting before", "attempt=4")
	is, err := w.Client().ContainerInspect(t.Context(), id)
	if err != nil || same(foreign)(is) != nil {
		t.Fatalf("the foreign container was touched: %v", errors.Join(err, same(foreign)(is)))
	}
	w.docker("rm", "--force", id)
	w.awaitWhole(wanted(w.net("front")), newer(foreign))
	gone, err := w.rec.Wait(t.Context(), lab.Action("destroy"), lab.Container(id))
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Duration(w.awaitEvent(0, "create").TimeNano - gone.TimeNano); took > 3*time.Second {
		t.Errorf("the child was made %s after the name was free: the event was missed", took)
	}
	f.stop()
	w.nothingLeft()
	w.created(1)
}

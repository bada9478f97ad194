package e2e

import (
	"errors"
	"fmt"
	"testing"

	"github.com/docker/docker/api/types/container"

	"foster/spec"
	"foster/test/lab"
)

// runParent runs a container for foster to follow, and returns its ID.
func (w *world) runParent(name string) string {
	w.t.Helper()
	return w.docker("run", "--detach", "--init", "--name", name, lab.BusyboxImage, "sleep", "600")
}

// awaitDown waits until nothing of the project is on the engine, though foster runs on.
func (w *world) awaitDown(f *foster) {
	w.t.Helper()
	lab.Eventually(w.t, patience, "the end of the children with their parent", w.left)
	select {
	case <-f.done:
		w.t.Fatalf("foster ended, with %d", f.code)
	default:
	}
}

// belongsTo: the child's label names this parent.
func belongsTo(parent string) check {
	return func(c container.InspectResponse) error {
		if got := c.Config.Labels[spec.LabelParent]; got != parent {
			return fmt.Errorf("its parent is %.12s, want %.12s", got, parent)
		}
		return nil
	}
}

// TestParentByName: the child lives with the followed container: through stop
// and start, restart, and a new container of the same name.
func TestParentByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	name := w.name("parent")
	parent := w.runParent(name)
	f := w.foster("FOSTER_PARENT="+name, "LAUNCH_NETWORKS=front")
	want := wanted(w.net("front"))
	first := w.awaitWhole(want, belongsTo(parent))
	f.awaitSaid("launched")

	w.docker("stop", name)
	w.awaitDown(f)
	w.docker("start", name)
	second := w.awaitWhole(want, newer(first), belongsTo(parent))

	w.docker("restart", name)
	third := w.awaitWhole(want, newer(second), belongsTo(parent))

	w.docker("rm", "--force", name)
	w.awaitDown(f)
	next := w.runParent(name)
	w.awaitWhole(want, newer(third), belongsTo(next))

	f.stop()
	w.nothingLeft()
	w.created(4)
}

// TestParentByID: by ID it is that one container.
func TestParentByID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	parent := w.runParent(w.name("parent"))
	f := w.foster("FOSTER_PARENT="+parent[:12], "LAUNCH_NETWORKS=front")
	want := wanted(w.net("front"))
	first := w.awaitWhole(want, belongsTo(parent))
	w.docker("stop", parent)
	w.awaitDown(f)
	w.docker("start", parent)
	w.awaitWhole(want, newer(first), belongsTo(parent))
	w.docker("kill", parent)
	w.awaitDown(f)
	f.stop()
	w.nothingLeft()
	w.created(2)
}

// TestParentStopsForGood: with FOSTER_ON_PARENT_STOP=exit its end is foster's.
func TestParentStopsForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	name := w.name("parent")
	w.runParent(name)
	f := w.foster("FOSTER_PARENT="+name, "FOSTER_ON_PARENT_STOP=exit", "LAUNCH_NETWORKS=front")
	w.awaitWhole(wanted(w.net("front")))
	w.docker("stop", name)
	f.ended(0, patience)
	w.nothingLeft()
	w.created(1)
}

// TestParentsNamespace: with LAUNCH_NETWORK_MODE=task the child is in the
// parent's network namespace, whichever that is at the moment.
func TestParentsNamespace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	name := w.name("parent")
	parent := w.runParent(name)
	f := w.foster("FOSTER_PARENT="+name, "LAUNCH_NETWORK_MODE=task")
	inside := func(parent string) check {
		return func(c container.InspectResponse) error {
			if c.HostConfig.NetworkMode != container.NetworkMode("container:"+parent) {
				return fmt.Errorf("its network is %s", c.HostConfig.NetworkMode)
			}
			const link = "/proc/1/ns/net"
			theirs, err := w.Docker(t.Context(), "exec", parent, "readlink", link)
			ours, err2 := w.Docker(t.Context(), "exec", c.ID, "readlink", link)
			if err := errors.Join(err, err2); err != nil {
				return err
			}
			if ours != theirs {
				return fmt.Errorf("it is in %s, the parent in %s", ours, theirs)
			}
			return nil
		}
	}
	first := w.awaitWhole(wanted(), inside(parent))
	f.awaitSaid("launched")
	w.docker("kill", first.ID)
	second := w.awaitWhole(wanted(), newer(first), inside(parent))
	w.docker("restart", name)
	third := w.awaitWhole(wanted(), newer(second), inside(parent))
	w.docker("rm", "--force", name)
	next := w.runParent(name)
	w.awaitWhole(wanted(), newer(third), inside(next))
	f.stop()
	w.nothingLeft()
	w.created(4)
}

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"foster/spec"
	"foster/test/lab"
)

// TestReapWatchThroughARestart: a watch outside of containers gets over a
// restart of the engine, touches nobody then, and hears of the next death.
func TestReapWatchThroughARestart(t *testing.T) {
	t.Parallel()
	e := ownEngine(t, lab.Options{DockerdFlags: []string{"--live-restore"}})
	dies, stays := newWorld(t, e), newWorld(t, e)
	alive := stays.foster("LAUNCH_NETWORKS=front")
	child := stays.awaitWhole(wanted(stays.net("front")))
	watch := dies.start(dies.reapCommand("--watch", "--grace", "3s", "--log-format", "json"), "")
	watch.awaitSaid("foster reap watches")
	dies.orphaned()
	dies.awaitReaped(watch, 1)

	if err := e.StopEngine(t.Context()); err != nil {
		t.Fatal(err)
	}
	watch.awaitSaid("the engine is away")
	if err := e.StartEngine(t.Context()); err != nil {
		t.Fatal(err)
	}
	watch.awaitSaid("the engine is back")
	stays.awaitWhole(wanted(stays.net("front")), same(child))
	dies.orphaned()
	dies.awaitReaped(watch, 2)

	stays.awaitWhole(wanted(stays.net("front")), same(child))
	if n := len(watch.said("removed", "project="+stays.project)); n != 0 {
		t.Errorf("it has removed %d things of a foster that lives", n)
	}
	watch.stop()
	alive.stop()
	dies.dataKept()
	dies.nothingLeft()
	stays.nothingLeft()
}

// awaitReaped waits until a watch has removed what is left of the project, and
// has said so for the n-th time.
func (w *world) awaitReaped(watch *foster, n int) {
	w.t.Helper()
	began := time.Now()
	lab.Eventually(w.t, 2*patience, "nothing left of "+w.project, func() error { return w.projectLeft(w.project) })
	w.t.Logf("nothing left %s after the parent's death", time.Since(began).Round(time.Millisecond))
	lab.Eventually(w.t, patience, "word of it", func() error {
		if got := len(watch.said("removed", "net="+w.net("front"))); got != n {
			return fmt.Errorf("%d times, want %d", got, n)
		}
		return nil
	})
}

// TestReapService: the reaper of examples/ as a service of a swarm. A service
// that is removed while its foster is dead leaves a child that nobody will ever
// take over; one that stays has its next task soon.
func TestReapService(t *testing.T) {
	t.Parallel()
	e := ownEngine(t, lab.Options{Swarm: true})
	if err := e.buildStackImage(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, e)
	file := filepath.Join(t.TempDir(), "reaper.yml")
	if err := os.WriteFile(file, []byte(exampleText(t, "reaper.yml")), 0o644); err != nil {
		t.Fatal(err)
	}
	w.docker("stack", "deploy", "--resolve-image", "never", "--compose-file", file, w.name("watch"))

	launch := func(service, delay string) (task string, child container.InspectResponse) {
		w.docker("service", "create", "--detach", "--quiet", "--no-resolve-image", "--name", service, "--restart-delay", delay,
			"--mount", "type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock",
			"--env", "LAUNCH_IMAGE="+childImage, "--env", "LAUNCH_PULL=never", "--env", "LAUNCH_NETWORKS=front", stackImage)
		child = w.serviceChild(service)
		return child.Config.Labels[spec.LabelParent], child
	}
	leaves, stays := w.name("leaves"), w.name("stays")
	lost, _ := launch(leaves, "1h") // no second task, however late the service is removed
	parent, kept := launch(stays, "1s")

	const grace = time.Minute // as examples/reaper.yml says
	killed := time.Now()
	w.docker("kill", lost)
	w.docker("service", "rm", leaves)
	w.docker("kill", parent)
	lab.Eventually(t, 4*time.Minute, "nothing left of the removed service", func() error { return w.projectLeft(leaves) })
	took := time.Since(killed)
	t.Logf("gone %s after its foster, the grace is %s", took.Round(time.Second), grace)
	if took < grace {
		t.Errorf("it was removed within the grace, after %s", took)
	}
	if err := same(kept)(w.serviceChild(stays)); err != nil {
		t.Errorf("the child of the service that stays: %v", err)
	}
	var said []string
	lab.Eventually(t, patience, "word of it", func() error {
		out, err := w.Docker(t.Context(), "service", "logs", "--raw", w.name("watch")+"_reaper")
		said = nil
		for line := range strings.Lines(out) {
			if strings.Contains(line, `"message":"removed"`) {
				said = append(said, line)
			}
		}
		if len(said) < 3 {
			return fmt.Errorf("it says %q (%v)", out, err)
		}
		return nil
	})
	if log := strings.Join(said, ""); len(said) != 3 || strings.Contains(log, stays) {
		t.Errorf("the reaper has removed\n%s", log)
	}
	w.docker("service", "rm", stays)
	lab.Eventually(t, patience, "the end of the other service", func() error { return w.projectLeft(stays) })
	w.docker("stack", "rm", w.name("watch"))
	if err := w.canaryUntouched(t.Context()); err != nil {
		t.Error(err)
	}
}

// serviceChild waits for the one running child of a service's task.
func (w *world) serviceChild(service string) container.InspectResponse {
	w.t.Helper()
	var found container.InspectResponse
	lab.Eventually(w.t, 2*patience, "a child of "+service, func() error {
		list, err := w.Client().ContainerList(w.t.Context(), container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", spec.LabelProject+"="+service))})
		if err != nil {
			return err
		}
		if len(list) != 1 {
			return fmt.Errorf("%d containers of it run", len(list))
		}
		found, err = w.Client().ContainerInspect(w.t.Context(), list[0].ID)
		return err
	})
	return found
}

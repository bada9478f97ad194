package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"

	"foster/test/lab"
)

// The tests of a child on an attachable overlay of a worker have swarms of
// three: a manager, on which the overlays are made and the child's peers live,
// and two workers with a foster each.

// overlayPatience is for what waits for a swarm: an engine that asks a manager
// in vain gives each overlay 20 s, also before it answers anything after a start.
const overlayPatience = 150 * time.Second

// swarms bounds the labs of three nodes that are up at once.
var swarms = make(chan struct{}, 3)

// workers is a swarm of three whose nodes 2 and 3 are furnished.
type workers struct {
	*lab.Lab
	manager *lab.Node
	engines [2]*engine
}

// newWorkers starts a swarm for one test, which may harm it.
func newWorkers(t *testing.T) *workers {
	t.Helper()
	swarms <- struct{}{}
	t.Cleanup(func() { <-swarms })
	l := lab.New(t, lab.Options{Nodes: 3, Swarm: true, DockerdFlags: []string{
		"--default-address-pool=base=10.64.0.0/12,size=24",
		"--debug", // the engines log every call
	}})
	s := &workers{Lab: l, manager: l.Node(1)}
	for i := range s.engines {
		e, err := furnish(t.Context(), l.Node(i+2))
		if err != nil {
			t.Fatal(err)
		}
		s.engines[i] = e
	}
	return s
}

// worker is one test's part of a worker: a child on an overlay of its own.
type worker struct {
	*world
	swarm   *workers
	overlay string
	alone   []string // containers that only the engine looks after
}

// newWorker begins a test on worker 0 or 1: an overlay, and a peer on the manager.
func (s *workers) newWorker(t *testing.T, i int) *worker {
	t.Helper()
	w := &worker{world: newWorld(t, s.engines[i]), swarm: s}
	t.Cleanup(w.tell)
	w.overlay = w.name("ov")
	w.makeOverlay()
	return w
}

// peer is the name of a service with one task on the manager that shares the
// overlay.
func (w *worker) peer() string { return w.name("peer") }

// peerTask is the container of that task.
func (w *worker) peerTask() (string, error) {
	list, err := w.swarm.manager.Client().ContainerList(w.t.Context(), container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", "com.docker.swarm.service.name="+w.peer()))})
	if err != nil {
		return "", err
	}
	if len(list) != 1 {
		return "", fmt.Errorf("%d containers of the peer run", len(list))
	}
	return list[0].ID, nil
}

// onManager runs the docker CLI against the manager.
func (w *worker) onManager(args ...string) string {
	w.t.Helper()
	out, err := w.swarm.manager.Docker(w.t.Context(), args...)
	if err != nil {
		w.t.Fatalf("on the manager: docker %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// makeOverlay makes the overlay, and the peer on it. Soon after an overlay of
// that name was removed, the name is taken until its last user has let it go.
func (w *worker) makeOverlay() {
	w.t.Helper()
	lab.Eventually(w.t, overlayPatience, "the overlay "+w.overlay, func() error {
		_, err := w.swarm.manager.Docker(w.t.Context(), "network", "create", "--driver", "overlay", "--attachable", w.overlay)
		return err
	})
	w.onManager("service", "create", "--detach", "--name", w.peer(), "--endpoint-mode", "dnsrr", "--no-resolve-image", "--init",
		"--constraint", "node.role==manager", "--network", w.overlay, lab.BusyboxImage, "httpd", "-f", "-p", "80", "-h", "/www")
}

// launch starts foster beside the engine with the child on the overlay, and
// waits for the child.
func (w *worker) launch(settings ...string) (*foster, container.InspectResponse) {
	w.t.Helper()
	f := w.foster(append([]string{"LAUNCH_EXT_NETWORKS=" + w.overlay, "FOSTER_BACKOFF_MAX=" + overlayBackoff.String()}, settings...)...)
	return f, w.awaitReached(patience)
}

// overlayBackoff bounds the pauses between foster's tries in these tests, and
// with them the time between "possible again" and whole.
const overlayBackoff = 5 * time.Second

// awaitReached waits until there is one child, attached to the overlay alone,
// that reaches its peer and is reached by it, by names.
func (w *worker) awaitReached(within time.Duration, checks ...check) container.InspectResponse {
	w.t.Helper()
	c := w.awaitWholeWithin(within, wanted(w.overlay), checks...)
	lab.Eventually(w.t, overlayPatience, "the child and its peer on the manager to reach each other", func() error {
		peer, err := w.peerTask()
		if err != nil {
			return err
		}
		return errors.Join(w.reaches(w.engine.Node, c.ID, w.peer()), w.reaches(w.swarm.manager, peer, childName), w.reaches(w.swarm.manager, peer, w.container()))
	})
	return c
}

// reaches says whether a container on a node gets a page by a name.
func (w *worker) reaches(n *lab.Node, from, name string) error {
	out, err := n.Docker(w.t.Context(), "exec", from, "timeout", "3", "wget", "-q", "-O", "-", "http://"+name+"/")
	if err == nil && out != "ok" {
		err = fmt.Errorf("it answers %q", out)
	}
	return err
}

// leaveAlone starts containers on the same engine that nobody but the engine
// restarts, each of them with `--restart always`.
func (w *worker) leaveAlone(network string, n int) {
	w.t.Helper()
	for range n {
		name := fmt.Sprintf("%s-%d", w.name("alone"), len(w.alone)+1)
		w.docker("run", "--detach", "--restart", "always", "--name", name, "--network", network, childImage)
		w.alone = append(w.alone, name)
	}
}

// lost waits until the engine has given up at least so many of the containers
// that were left alone, and returns what it says of each that does not run.
func (w *worker) lost(least int) []string {
	w.t.Helper()
	var lost []string
	lab.Eventually(w.t, overlayPatience, "the engine to give up what is left to it", func() error {
		lost = nil
		for _, name := range w.alone {
			c, err := w.Client().ContainerInspect(w.t.Context(), name)
			if err != nil {
				return err
			}
			if !c.State.Running && !c.State.Restarting {
				lost = append(lost, fmt.Sprintf("%s (%d): %s", c.State.Status, c.State.ExitCode, c.State.Error))
			}
		}
		if len(lost) < least {
			return fmt.Errorf("%d of %d do not run", len(lost), len(w.alone))
		}
		return nil
	})
	return lost
}

// calls counts the changes that were asked of the worker's engine: containers
// made, started and removed, endpoints connected and disconnected.
func (w *worker) calls() int {
	w.t.Helper()
	raw, err := os.ReadFile(filepath.Join(w.Dir, "dockerd.log"))
	if err != nil {
		w.t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(raw)) {
		_, call, found := strings.Cut(line, "msg=\"Calling ")
		if found && (strings.HasPrefix(call, "DELETE ") || strings.HasPrefix(call, "POST ") && !strings.Contains(call, "/exec")) {
			n++
		}
	}
	return n
}

// bare checks, after foster's end, that nothing of it is left on the worker,
// that the canary is still there (its engine may have stopped it), and that no
// endpoint of foster's keeps the overlay from being removed.
func (w *worker) bare() {
	w.t.Helper()
	for _, name := range w.alone {
		w.docker("rm", "--force", "--volumes", name)
	}
	w.alone = nil
	lab.Eventually(w.t, patience, "nothing left of "+w.project, w.left)
	if _, err := w.Client().ContainerInspect(w.t.Context(), w.canary.container.ID); err != nil {
		w.t.Errorf("the canary: %v", err)
	}
	w.removeOverlay()
}

// removeOverlay removes the overlay and the peer on it.
func (w *worker) removeOverlay() {
	w.t.Helper()
	w.onManager("service", "rm", w.peer())
	lab.Eventually(w.t, patience, "the removal of "+w.overlay, func() error {
		return w.swarm.manager.Client().NetworkRemove(w.t.Context(), w.overlay)
	})
}

// ready waits until the manager sees n ready nodes.
func (s *workers) ready(t *testing.T, n int) {
	t.Helper()
	lab.Eventually(t, overlayPatience, fmt.Sprintf("%d ready nodes", n), func() error {
		nodes, err := s.manager.Client().NodeList(t.Context(), swarm.NodeListOptions{})
		if err != nil {
			return err
		}
		ready := 0
		for _, node := range nodes {
			if node.Status.State == swarm.NodeStateReady {
				ready++
			}
		}
		if ready != n {
			return fmt.Errorf("%d are", ready)
		}
		return nil
	})
}

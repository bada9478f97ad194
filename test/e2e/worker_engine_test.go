package e2e

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

// workerFaults are what befalls a worker, in this order.
var workerFaults = []struct {
	name        string
	fault, back func(n *lab.Node, ctx context.Context) error
	alone       int  // containers that are left to the engine; each may cost it 20 s
	deaf        bool // the worker hears of no manager until its engine is back
}{
	{"dockerd SIGTERM", (*lab.Node).StopEngine, startEngineOf, 2, false},
	{"dockerd SIGKILL", (*lab.Node).KillEngine, startEngineOf, 2, false},
	{"power cut", (*lab.Node).Crash, func(n *lab.Node, ctx context.Context) error { return n.Boot(ctx) }, 2, false},
	{"dockerd SIGKILL off the wire", (*lab.Node).KillEngine, startEngineOf, 1, true},
}

func startEngineOf(n *lab.Node, ctx context.Context) error { return n.StartEngine(ctx) }

// TestWorkerRestart is moby#32607: after a restart of its engine a container on
// an attachable overlay is not started again, whatever its restart policy. When
// the engine starts its containers it may not be back in its swarm; it waits
// 20 s for an attachment, answering nobody meanwhile, and then gives that
// container up for good with "attaching to network failed". Whether that
// happens is a race (on an idle machine one of three containers is lost after
// every SIGKILL and power cut), but for a worker that cannot reach a manager
// yet: it loses all of them. So do the containers here that are left to their
// `--restart always`, while foster's child comes back each time.
func TestWorkerRestart(t *testing.T) {
	t.Parallel()
	s := newWorkers(t)
	// A subtest that asks to be parallel comes after every test of the package that
	// has not begun, and these two are the longest: they would run last, alone.
	var rows sync.WaitGroup
	defer rows.Wait()
	for i, row := range []struct {
		name   string
		launch func(w *worker) (end func(), c container.InspectResponse)
	}{
		{"foster on the host", func(w *worker) (func(), container.InspectResponse) {
			f, c := w.launch()
			return f.stop, c
		}},
		{"foster as a task", func(w *worker) (func(), container.InspectResponse) {
			return w.withdraw, w.deploy()
		}},
	} {
		suffer := func(t *testing.T) {
			w := s.newWorker(t, i)
			end, c := row.launch(w)
			for _, fault := range workerFaults {
				w.leaveAlone(w.overlay, fault.alone)
				calls := w.calls()
				if fault.deaf {
					if err := w.Cut(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if err := fault.fault(w.engine.Node, t.Context()); err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				if err := fault.back(w.engine.Node, t.Context()); err != nil {
					t.Fatal(err)
				}
				up := time.Now()
				if fault.deaf {
					w.lost(len(w.alone)) // or this row proves nothing
					if err := w.Heal(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				possible := time.Now()
				c = w.awaitReached(overlayPatience, newer(c))
				t.Logf("%s: the engine answered %s after its start, the child was whole %s after it could be", fault.name, up.Sub(start).Round(10*time.Millisecond), w.restored(c, possible))
				t.Logf("%s: left to the engine: %q", fault.name, w.lost(0))
				for _, name := range w.alone {
					w.docker("rm", "--force", "--volumes", name)
				}
				w.alone = nil
				n := w.calls() - calls
				t.Logf("%s: %d changes were asked of the engine", fault.name, n)
				if n > 60 {
					t.Errorf("%s: that is too many", fault.name)
				}
				w.neverTwo(start.UnixNano())
			}
			end()
			w.bare()
		}
		rows.Go(func() { t.Run(row.name, suffer) })
	}
}

// TestWorkerScopedBridge is moby#40402: a bridge of the swarm's scope, on a
// worker that loses its power. Engine 20.10 comes back with a record of the
// network that it does not show and that is in the way of every attachment
// ("network … exists" in its log): all that it says is that a manager did not
// answer, to any container, after clean restarts too. Foster goes on trying,
// and has the child back when the network was made anew under its name.
func TestWorkerScopedBridge(t *testing.T) {
	t.Parallel()
	s := newWorkers(t)
	w := &worker{world: newWorld(t, s.engines[0]), swarm: s}
	bridge := w.name("bridge")
	create := []string{"network", "create", "--scope", "swarm", "--driver", "bridge", "--attachable", bridge}
	w.onManager(create...)
	f := w.foster("LAUNCH_EXT_NETWORKS="+bridge, "FOSTER_BACKOFF_MAX="+overlayBackoff.String())
	c := w.awaitWhole(wanted(bridge))
	w.leaveAlone(bridge, 1)
	if err := w.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	calls := w.calls()
	if err := w.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	up := time.Now()
	t.Logf("left to the engine: %q", w.lost(1))
	if out, err := w.Docker(t.Context(), "run", "--rm", "--network", bridge, lab.BusyboxImage, "true"); err == nil {
		t.Errorf("the engine has its network (%s): this row proves nothing", out)
	}
	lab.Eventually(t, overlayPatience, "the removal of "+bridge, func() error {
		return s.manager.Client().NetworkRemove(t.Context(), bridge)
	})
	n := w.calls() - calls
	t.Logf("%d changes were asked of the engine in %s", n, time.Since(up).Round(time.Second))
	if n > 60 {
		t.Error("that is too many")
	}
	lab.Eventually(t, overlayPatience, "the network "+bridge, func() error {
		_, err := s.manager.Docker(t.Context(), create...)
		return err
	})
	possible := time.Now()
	c = w.awaitWholeWithin(overlayPatience, wanted(bridge), newer(c))
	t.Logf("whole %s after the network was made anew", w.restored(c, possible))
	w.neverTwo(up.UnixNano())
	f.stop()
	for _, name := range w.alone {
		w.docker("rm", "--force", "--volumes", name)
	}
	lab.Eventually(t, patience, "nothing left of "+w.project, w.left)
	lab.Eventually(t, patience, "the removal of "+bridge, func() error {
		return s.manager.Client().NetworkRemove(t.Context(), bridge)
	})
}

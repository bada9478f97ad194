package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"foster/test/lab"
)

// TestGraceLongerThanFosters: what a child may take to stop does not fit into
// foster's own grace. That is said at the start, with both numbers and the way
// out; at the stop the child is killed in time for foster to clean up. It is not
// parallel: it means its seconds.
func TestGraceLongerThanFosters(t *testing.T) {
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_COMMAND=stubborn", "LAUNCH_NETWORKS=front", "LAUNCH_STOP_GRACE_PERIOD=60s", "FOSTER_STOP_GRACE=5s")
	w.awaitWhole(wanted(w.net("front")))
	warned := f.said("the stop grace of the children is 1m0s", "level=warn")
	if len(warned) != 1 || !containsAll(warned[0].text("message"), "foster's own 5s", "killed after 2s", "stop_grace_period", "FOSTER_STOP_GRACE", "raised to 1m3s") {
		t.Errorf("it warns so: %v", warned)
	}
	f.signal(syscall.SIGTERM)
	f.ended(0, 5*time.Second)
	w.nothingLeft()
	w.created(1)
}

// TestStubbornTaskWithALongGrace: the same as a task whose service has Swarm's
// default grace, which foster finds out by itself on a manager. When Swarm's own
// SIGKILL would come, nothing is left.
func TestStubbornTaskWithALongGrace(t *testing.T) {
	t.Parallel()
	s := newStack(t, "")
	s.deploy(launcherStack(s, nil, []string{"LAUNCH_COMMAND: stubborn", "LAUNCH_STOP_GRACE_PERIOD: 60s"}))
	task := s.awaitTask()
	child := s.awaitWhole(s.wantedChild(), madeBy(task))
	lab.Eventually(t, patience, "the warning", func() error {
		for line := range strings.Lines(s.logs.text()) {
			if containsAll(line, `"level":"warn"`, "the stop grace of the children is 1m0s", "foster's own 10s", "raised to 1m3s") {
				return nil
			}
		}
		return errNotYet
	})
	s.docker("service", "rm", s.service)
	s.taskEnded(task) // by itself
	s.childEnded(child, "137")
	signals := s.rec.All(lab.Type("container"), lab.Container(task.ID), lab.Action("kill"))
	for _, m := range signals {
		if m.Actor.Attributes["signal"] == "9" {
			t.Errorf("Swarm killed foster: %v", signals)
		}
	}
	s.awaitNothing()
}

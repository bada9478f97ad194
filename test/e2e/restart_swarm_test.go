package e2e

import (
	"fmt"
	"os/exec"
	"testing"
	"time"

	"foster/test/lab"
)

// ownStack is a stack on a swarm of one that the test may end and start again.
func ownStack(t *testing.T) (*stack, *mortalEngine) {
	t.Helper()
	e := newMortalEngine(t, lab.Options{Swarm: true})
	if err := e.buildStackImage(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, e.engine)
	s := &stack{world: w, e: &stackEngine{engine: e.engine}, unique: w.project, name: w.project}
	s.launcher(childName)
	t.Cleanup(s.sweepStack)
	return s, e
}

// follow reads what a container says, as it says it: Swarm removes a task's
// container, and its log with it, while the engine ends.
func (w *world) follow(container string) *foster {
	w.t.Helper()
	cmd := exec.Command("docker", "logs", "--follow", container)
	cmd.Env = w.Env()
	return w.start(cmd, container)
}

// TestEngineRestartUnderATask: task and child go with their engine, and the task
// says what it leaves, having no connection for its child's output. Swarm starts another task, and that one collects.
func TestEngineRestartUnderATask(t *testing.T) {
	t.Parallel()
	for _, end := range ends {
		t.Run(end.name, func(t *testing.T) {
			t.Parallel()
			s, e := ownStack(t)
			s.deploy(launcherStack(s, []string{"deploy: {restart_policy: {delay: 1s}}"}, []string{"FOSTER_FORWARD_LOGS: 'false'"}))
			task := s.awaitTask()
			child := s.awaitWhole(s.wantedChild(), madeBy(task))
			f := s.follow(task.ID)
			if end.orderly {
				quiet()
			}

			asked := time.Now()
			if err := end.do(e.Node, t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Logf("the engine ended %.1f s after %s", time.Since(asked).Seconds(), end.name)
			<-f.done
			begin, answers := e.back(t)
			if !end.orderly {
				was, err := s.Client().ContainerInspect(t.Context(), task.ID)
				if err != nil {
					t.Fatalf("the first task's container: %v", err)
				}
				if was.State.Running || was.State.ExitCode != 69 {
					t.Errorf("the first task's foster has not ended with 69: %+v", was.State)
				}
				f = s.residentLog(t.Context(), task.ID)
			}
			for _, what := range []string{fmt.Sprintf("container %s (%.12s)", s.container(), child.ID), "network " + s.net("own")} {
				if len(f.said("left behind: "+what, "level=error")) != 1 {
					t.Errorf("the first task does not say that it leaves %s:\n%s", what, f.log())
				}
			}

			next := s.awaitOther(task, 1, patience)
			child = s.awaitWhole(s.wantedChild(), newer(child), madeBy(next))
			t.Logf("whole %.2f s after the engine answered, %.2f s after the new task's start",
				startedAt(t, child).Sub(answers).Seconds(), startedAt(t, child).Sub(startedAt(t, next)).Seconds())
			if n := s.startedSince(begin); n != 1 {
				t.Errorf("since then the child was started %d times, want once", n)
			}
			s.docker("service", "rm", s.service)
			s.taskEnded(next)
			s.childEnded(child, "0")
			lab.Eventually(t, patience, "nothing left", s.left)
			if err := e.canaryUntouched(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

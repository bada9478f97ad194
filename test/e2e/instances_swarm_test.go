package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

func nameOf(c container.InspectResponse) string { return strings.TrimPrefix(c.Name, "/") }

// TestStartFirst: Swarm starts the new task before it stops the old one. The new
// one waits for the old one's end, and has its child running right after.
func TestStartFirst(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		update []string
		env    string // that the new child must have
	}{
		{"same", nil, ""},
		{"changed", []string{"--env-add", "LAUNCH_ENVIRONMENTS=COLOUR=blue"}, "COLOUR=blue"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, "")
			// The child has a healthcheck: it is launched when that has succeeded.
			file := launcherStack(s, []string{"deploy: {update_config: {order: start-first}}"}, nil)
			s.deploy(strings.Replace(file, "LAUNCH_IMAGE: "+childImage, "LAUNCH_IMAGE: "+sickImage, 1))
			want := s.wantedChild()
			want.image = sickImage
			old := s.awaitTask()
			child := s.awaitWhole(want, madeBy(old))

			update := append([]string{"service", "update", "--detach", "--force"}, row.update...)
			s.docker(append(update, s.service)...)
			task := s.awaitOther(old, 2, 2*patience)
			f := s.follow(task.ID)
			f.awaitStandsBy(nameOf(old))
			s.taskEnded(old)
			next := s.awaitWhole(want, newer(child), madeBy(task), healthy)
			if row.env != "" && !slices.Contains(next.Config.Env, row.env) {
				t.Errorf("its environment is %q", next.Config.Env)
			}
			handedOver(t, busyHandOver, "launched", s.death(old.ID), s.startOf(next))
			s.wellSince(s.death(old.ID), task.ID, f)
			t.Logf("the child was away for %s", s.startOf(next).Sub(s.death(child.ID)).Round(time.Millisecond))
			s.docker("service", "rm", s.service)
			s.taskEnded(task)
			s.awaitNothing()
		})
	}
}

// wellSince: since then no probe of a foster's task was told that Swarm is to end
// it, unless something had failed. How many it would take to be ended is the stack's
// business. The engine keeps the last five.
func (s *stack) wellSince(then time.Time, task string, f *foster) {
	s.t.Helper()
	for _, trouble := range []string{"failed, it is tried again", "not whole yet", "fault:"} {
		if len(f.said(trouble)) > 0 {
			return
		}
	}
	c, err := s.Client().ContainerInspect(s.t.Context(), task)
	if err != nil || c.State.Health == nil {
		s.t.Fatalf("the task has no healthcheck (%v)", err)
	}
	for _, p := range c.State.Health.Log {
		answered := !strings.HasPrefix(p.Output, "foster: ") // else it was too busy to
		if p.Start.After(then) && p.ExitCode == 1 && answered {
			s.t.Errorf("a probe was told %q", p.Output)
		}
	}
}

// TestSlowStop: Swarm waits a minute for the old task, and starts the new one
// while the old child still takes its time.
func TestSlowStop(t *testing.T) {
	t.Parallel()
	s := newStack(t, "")
	s.deploy(launcherStack(s, []string{"stop_grace_period: 10m"}, []string{"LAUNCH_COMMAND: stubborn", "LAUNCH_STOP_GRACE_PERIOD: 9m"}))
	old := s.awaitTask()
	child := s.awaitWhole(s.wantedChild(), madeBy(old))
	s.docker("service", "update", "--detach", "--force", s.service)
	task := s.awaitOther(old, 2, 3*time.Minute)
	f := s.follow(task.ID)
	f.awaitStandsBy(nameOf(old))
	s.still(child)
	s.docker("kill", child.ID) // it would take eight minutes more
	s.taskEnded(old)
	s.childEnded(child, "137")
	next := s.awaitWhole(s.wantedChild(), newer(child), madeBy(task))
	handedOver(t, busyHandOver, "launched", s.death(old.ID), s.startOf(next))
	// Its end would take as long again: it is spared that.
	s.docker("service", "rm", s.service)
	lab.Eventually(t, 2*patience, "the signal to the new child", func() error {
		if len(s.rec.All(lab.Type("container"), lab.Container(next.ID), lab.Action("kill"))) == 0 {
			return fmt.Errorf("there was none")
		}
		return nil
	})
	s.docker("kill", next.ID)
	s.taskEnded(task)
	s.awaitNothing()
}

// TestScaleWithAFixedProject: the second replica has the first one's project and
// stands by, whichever of the two Swarm takes away again.
func TestScaleWithAFixedProject(t *testing.T) {
	t.Parallel()
	s := newStack(t, "")
	s.deploy(launcherStack(s, nil, []string{"LAUNCH_PROJECT_NAME: " + s.project}))
	first := s.awaitTask()
	child := s.awaitWhole(s.wantedChild(), madeBy(first))
	s.docker("service", "scale", "--detach", s.service+"=2")
	second := s.awaitOther(first, 2, 2*patience)
	f := s.follow(second.ID)
	f.awaitStandsBy(nameOf(first))
	s.still(child)

	// The owner's container goes: its replacement is a third one.
	s.docker("kill", first.ID)
	adopted := f.awaitSaid("adopted")
	handedOver(t, busyHandOver, "adopted", s.death(first.ID), adopted.at(t))
	s.awaitWhole(s.wantedChild(), same(child))
	lab.Eventually(t, 2*patience, "two tasks again", func() error {
		if n := len(s.tasks(false)); n != 2 {
			return fmt.Errorf("%d tasks run", n)
		}
		return nil
	})

	s.docker("service", "scale", "--detach", s.service+"=1")
	lab.Eventually(t, 2*patience, "one task", func() error {
		if n := len(s.tasks(false)); n != 1 {
			return fmt.Errorf("%d tasks run", n)
		}
		return nil
	})
	left := s.awaitTask()
	if left.ID == second.ID {
		t.Log("Swarm took the one away that stood by")
		s.awaitWhole(s.wantedChild(), same(child))
	} else {
		t.Log("Swarm took the owner away")
		next := s.awaitWhole(s.wantedChild(), newer(child), madeBy(left))
		handedOver(t, busyHandOver, "launched", s.death(second.ID), s.startOf(next))
	}
	s.docker("service", "rm", s.service)
	s.taskEnded(left)
	s.awaitNothing()
}

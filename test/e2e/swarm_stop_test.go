package e2e

import (
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"foster/test/lab"
)

// TestSwarmStop: however a task is ended, foster ends by itself within its
// grace and nothing of the child is left. Where Swarm makes a new task, that
// one makes exactly one child again.
func TestSwarmStop(t *testing.T) {
	stubborn := []string{"LAUNCH_COMMAND: stubborn"}
	serviceRm := func(s *stack, _ container.InspectResponse) { s.docker("service", "rm", s.service) }
	for _, row := range []struct {
		name        string
		deploy      []string
		environment []string
		stop        func(s *stack, task container.InspectResponse)
		again       bool   // a new task follows
		exit        string // the child's exit code
	}{
		{name: "service rm", stop: serviceRm, exit: "0"},
		{name: "stack rm", stop: func(s *stack, _ container.InspectResponse) {
			// It refuses to remove the stack's network as long as the child is attached.
			if _, err := s.Docker(s.t.Context(), "stack", "rm", s.name); err == nil || !strings.Contains(err.Error(), "in use by task") {
				s.t.Errorf("docker stack rm says %v", err)
			}
		}, exit: "0"},
		{name: "scale 0", stop: func(s *stack, _ container.InspectResponse) {
			s.docker("service", "scale", "--detach", s.service+"=0")
		}, exit: "0"},
		{name: "update force", stop: func(s *stack, _ container.InspectResponse) {
			s.docker("service", "update", "--detach", "--force", s.service)
		}, again: true, exit: "0"},
		{name: "docker stop", stop: func(s *stack, task container.InspectResponse) {
			s.docker("stop", task.ID)
		}, deploy: []string{"deploy: {restart_policy: {delay: 1s}}"}, again: true, exit: "0"},
		// The rest ignores SIGTERM: foster must kill in time for its own grace.
		{name: "stubborn service rm", environment: stubborn, stop: serviceRm, exit: "137"},
		{name: "stubborn update force", environment: stubborn, stop: func(s *stack, _ container.InspectResponse) {
			s.docker("service", "update", "--detach", "--force", s.service)
		}, again: true, exit: "137"},
		{name: "stubborn docker stop", environment: stubborn, stop: func(s *stack, task container.InspectResponse) {
			s.docker("stop", task.ID)
		}, deploy: []string{"deploy: {restart_policy: {condition: none}}"}, exit: "137"},
		{
			name: "stubborn long grace", environment: append([]string{"LAUNCH_STOP_GRACE_PERIOD: 2s"}, stubborn...),
			stop: serviceRm, deploy: []string{"stop_grace_period: 30s"}, exit: "137",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, "")
			s.deploy(launcherStack(s, row.deploy, row.environment))
			task := s.awaitTask()
			child := s.awaitWhole(s.wantedChild(), madeBy(task))

			row.stop(s, task)
			s.taskEnded(task)
			s.childEnded(child, row.exit)
			if row.again {
				s.awaitWhole(s.wantedChild(), newer(child), madeBy(s.awaitOther(task, 1, patience)))
				s.docker("service", "rm", s.service)
			}
			s.awaitNothing()
		})
	}
}

// childEnded fails the test unless the child ended with a code, and before its
// foster did. Nothing of it may be there once its foster has ended.
func (s *stack) childEnded(child container.InspectResponse, code string) {
	s.t.Helper()
	ends := s.rec.All(lab.Container(child.ID), lab.Action("die", "destroy"), lab.Type("container"))
	if len(ends) != 2 || ends[0].Action != "die" || ends[1].Action != "destroy" {
		s.t.Fatalf("foster has ended, and the child's end is %v", ends)
	}
	if got := ends[0].Actor.Attributes["exitCode"]; got != code {
		s.t.Errorf("the child ended with %s, want %s", got, code)
	}
	for _, m := range child.Mounts {
		if m.Type != mount.TypeVolume {
			continue
		}
		if _, err := s.Client().VolumeInspect(s.t.Context(), m.Name); err == nil {
			s.t.Errorf("volume %s of the child is left", m.Name)
		}
	}
}

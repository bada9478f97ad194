package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/swarm"

	"foster/test/lab"
)

// strict replaces the healthcheck of launcherStack by one that soon gives up
// what was healthy once. A launch has the image's start period.
func strict(stack string) string {
	lines := strings.Split(stack, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "    healthcheck:") {
			lines[i] = "    healthcheck: {interval: 1s, retries: 3}"
		}
	}
	return strings.Join(lines, "\n")
}

// TestSwarmRollback: an update whose child never becomes healthy is taken back
// by Swarm itself, and the former child runs again.
func TestSwarmRollback(t *testing.T) {
	t.Parallel()
	s := newStack(t, "")
	s.deploy(strict(launcherStack(s, []string{"deploy: {update_config: {failure_action: rollback, monitor: 3s}, restart_policy: {delay: 1s}}"}, nil)))
	good := s.awaitTask()
	before := s.awaitWhole(s.wantedChild(), madeBy(good))

	// The file makes the child's healthcheck fail from the first probe on.
	s.docker("service", "update", "--detach", "--no-resolve-image", "--health-start-period", "3s", "--env-add", "LAUNCH_IMAGE="+sickImage, "--env-add", "LAUNCH_VOLUMES=/etc/hostname:/tmp/sick:ro", s.service)
	var after swarm.Service
	lab.Eventually(t, 2*patience, "the end of the rollback", func() error {
		var err error
		after, _, err = s.Client().ServiceInspectWithRaw(t.Context(), s.service, swarm.ServiceInspectOptions{})
		if err == nil && (after.UpdateStatus == nil || after.UpdateStatus.State != swarm.UpdateStateRollbackCompleted) {
			err = fmt.Errorf("the update is %+v", after.UpdateStatus)
		}
		return err
	})
	if env := strings.Join(after.Spec.TaskTemplate.ContainerSpec.Env, " "); strings.Contains(env, sickImage) || !strings.Contains(env, childImage) {
		t.Errorf("the service has %s", env)
	}
	task := s.awaitTask()
	s.awaitWhole(s.wantedChild(), newer(before), madeBy(task), func(c container.InspectResponse) error {
		if c.Config.Image != childImage {
			return fmt.Errorf("its image is %s", c.Config.Image)
		}
		return nil
	})
	if states := s.docker("service", "ps", "--no-trunc", "--format", "{{.CurrentState}} {{.Error}}", s.service); !strings.Contains(states, "unhealthy container") {
		t.Errorf("no task is told to have been unhealthy:\n%s", states)
	}
	for _, m := range s.rec.All(lab.Type("container"), lab.Action("health_status: healthy"), lab.Label("com.docker.swarm.service.name", s.service)) {
		if m.Actor.ID != good.ID && m.Actor.ID != task.ID {
			t.Errorf("task %.12s with the sick child was healthy", m.Actor.ID)
		}
	}
	s.docker("service", "rm", s.service)
	s.awaitNothing()
}

// TestSwarmUnhealthy: one recovery of an unhealthy child is foster's business.
// When that has not helped, the task is unhealthy too, Swarm replaces it, and
// says why.
func TestSwarmUnhealthy(t *testing.T) {
	t.Parallel()
	s := newStack(t, "")
	dir := t.TempDir()
	file := strict(launcherStack(s, []string{"deploy: {restart_policy: {condition: on-failure, delay: 1s}}"}, []string{"LAUNCH_VOLUMES: " + dir + ":/tmp"}))
	s.deploy(strings.Replace(file, "LAUNCH_IMAGE: "+childImage, "LAUNCH_IMAGE: "+sickImage, 1))
	task := s.awaitTask()
	sick := s.wantedChild()
	sick.image = sickImage
	s.awaitWhole(sick, madeBy(task), healthy)
	if err := os.WriteFile(filepath.Join(dir, "sick"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	lab.Eventually(t, 2*patience, "a task that failed for its health", func() error {
		states := s.docker("service", "ps", "--no-trunc", "--format", "{{.CurrentState}} {{.Error}}", s.service)
		if !strings.Contains(states, "unhealthy container") {
			return errors.New(states)
		}
		return nil
	})
	if err := os.Remove(filepath.Join(dir, "sick")); err != nil {
		t.Fatal(err)
	}
	next := s.awaitTask()
	s.awaitWhole(sick, healthy, madeBy(next))
	if next.ID == task.ID {
		t.Error("the task is the one that failed")
	}
	s.docker("service", "rm", s.service)
	s.awaitNothing()
}

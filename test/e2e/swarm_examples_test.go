package e2e

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
	"foster/test/lab"
)

// TestSwarmExamples deploys swarm-launcher's own stack files, of which only the
// images were changed; the child's is pulled from a registry.
func TestSwarmExamples(t *testing.T) {
	t.Parallel()
	e, err := sharedStacks()
	if err != nil {
		t.Fatal(err)
	}
	shared := newWorld(t, e.engine)
	web := shared.docker("network", "create", "--attachable", "--driver", "overlay", "--opt", "encrypted=true", "traefik-web")
	t.Run("group", func(t *testing.T) {
		t.Run("as printed", exampleAsPrinted)
		t.Run("ext-networks", exampleExtNetworks)
		t.Run("ext-networks-existing", exampleExtNetworksExisting)
		t.Run("networks", exampleNetworks)
	})
	n, err := shared.Client().NetworkInspect(t.Context(), "traefik-web", network.InspectOptions{})
	if err != nil || n.ID != web || len(n.Containers) > 0 {
		t.Errorf("traefik-web is now %s with %v (%v)", n.ID, n.Containers, err)
	}
	// The manager forgets an attachment a moment after the container is gone.
	lab.Eventually(t, overlayPatience, "the end of traefik-web", func() error {
		_, err := shared.Docker(t.Context(), "network", "rm", "traefik-web")
		return err
	})
}

// exampleAsPrinted: what the comment in ext-networks.yml says of the original.
func exampleAsPrinted(t *testing.T) {
	t.Parallel()
	s := newStack(t, "")
	s.launcher("runner-launcher")
	text := strings.Replace(s.example("ext-networks.yml"), "driver: overlay", "driver: bridge", 1)
	_, err := s.Docker(t.Context(), "stack", "deploy", "--resolve-image", "never", "--compose-file", s.file(text), s.name)
	if err == nil || !strings.Contains(err.Error(), "cannot be used with services") {
		t.Errorf("docker stack deploy says %v", err)
	}
}

func exampleExtNetworks(t *testing.T) {
	t.Parallel()
	s := newStack(t, "ci-runners")
	s.launcher("runner-launcher")
	s.deployExample("ext-networks.yml")
	want := runner{name: "gitlab-ci-runner", networks: []string{"ci-runners_runners"}}
	child := s.awaitRunner(want)
	s.docker("kill", child.ID)
	child = s.awaitRunner(want, newer(child))
	// The first probe is after 30 s, Docker's default interval. Swarm counts the task as running from then on.
	lab.Eventually(t, 2*patience, "a healthy task", func() error {
		tasks := s.tasks(false)
		if len(tasks) != 1 {
			return fmt.Errorf("%d tasks run", len(tasks))
		}
		task, err := s.Client().ContainerInspect(t.Context(), tasks[0].ID)
		if err == nil && task.State.Health.Status != container.Healthy {
			err = fmt.Errorf("it is %s: %+v", task.State.Health.Status, task.State.Health.Log)
		}
		return err
	})
	task := s.awaitTask()
	s.awaitRunner(want, same(child), madeBy(task))
	s.runnerStops(task, child)
}

func exampleExtNetworksExisting(t *testing.T) {
	t.Parallel()
	s := newStack(t, "ci-runners-web")
	s.launcher("runner-launcher")
	s.deployExample("ext-networks-existing.yml")
	task := s.awaitTask()
	child := s.awaitRunner(runner{name: s.project + "-runner-launcher-1", networks: []string{"traefik-web"}}, madeBy(task))
	s.docker("network", "disconnect", "traefik-web", child.ID)
	s.awaitRunner(runner{name: s.project + "-runner-launcher-1", networks: []string{"traefik-web"}}, same(child))
	s.sameTask(task)
	s.runnerStops(task, child)
}

// exampleNetworks deploys networks.yml and over it networks-combined.yml, as the guide does.
func exampleNetworks(t *testing.T) {
	t.Parallel()
	s := newStack(t, "ci-runner-starter")
	s.launcher("runner-launcher")
	s.project = "ci-runner"
	s.deployExample("networks.yml")
	task := s.awaitTask()
	want := runner{name: "ci-runner-runner-launcher-1", networks: []string{"ci-runner_amazing"}}
	child := s.awaitRunner(want, madeBy(task))
	n, err := s.Client().NetworkInspect(t.Context(), "ci-runner_amazing", network.InspectOptions{})
	if err != nil || n.Driver != "bridge" || !n.Attachable || n.Labels["com.docker.compose.network"] != "amazing" || n.Labels["com.docker.compose.project"] != "ci-runner" {
		t.Errorf("its network is %+v (%v)", n, err)
	}

	s.deployExample("networks-combined.yml")
	s.taskEnded(task)
	s.childEnded(child, "0")
	task = s.awaitOther(task, 1, patience)
	want.networks = append(want.networks, "traefik-web")
	child = s.awaitRunner(want, newer(child), madeBy(task))
	s.runnerStops(task, child)
}

// runner is the examples' child.
type runner struct {
	name     string
	networks []string
}

// awaitRunner waits until exactly one child is there, as the stack file has it.
func (s *stack) awaitRunner(want runner, checks ...check) container.InspectResponse {
	s.t.Helper()
	var found container.InspectResponse
	lab.Eventually(s.t, patience, "the runner", func() error {
		ctx := s.t.Context()
		list, err := s.Client().ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(
			filters.Arg("label", spec.LabelProject+"="+s.project), filters.Arg("label", spec.LabelStartedBy+"="+spec.StartedBy))})
		if err != nil || len(list) != 1 {
			return errors.Join(fmt.Errorf("there are %d containers of it", len(list)), err)
		}
		found, err = s.Client().ContainerInspect(ctx, list[0].ID)
		if err != nil {
			return err
		}
		errs := []error{running(found)}
		for what, ok := range map[string]bool{
			"name":        found.Name == "/"+want.name,
			"image":       found.Config.Image == s.e.runner,
			"privileged":  found.HostConfig.Privileged,
			"stop signal": found.Config.StopSignal == "SIGQUIT",
			"command":     slices.Equal(found.Config.Cmd, []string{"run", "--listen-address=:9252", "--user=gitlab-runner", "--working-directory=/home/gitlab-runner"}),
			"restart":     found.HostConfig.RestartPolicy.IsNone(),
			"mounts": slices.Equal(slices.Sorted(maps.Keys(mounted(found))),
				[]string{"/etc/gitlab-runner", "/home/gitlab-runner", "/var/run/docker.sock"}) &&
				mounted(found)["/etc/gitlab-runner"] == "/var/storage/docker/gitlab-runner" && mounted(found)["/var/run/docker.sock"] == "/var/run/docker.sock",
			"networks": slices.Equal(slices.Sorted(maps.Keys(found.NetworkSettings.Networks)), want.networks),
		} {
			if !ok {
				errs = append(errs, errors.New("its "+what+" is not as the stack file has it"))
			}
		}
		for _, n := range found.NetworkSettings.Networks {
			if n.EndpointID == "" {
				errs = append(errs, errors.New("it is cut off a network"))
			}
		}
		for _, check := range checks {
			errs = append(errs, check(found))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
		metrics, err := s.Docker(ctx, "exec", found.ID, "timeout", "3", "wget", "-q", "-O", "-", "http://127.0.0.1:9252/metrics")
		if err == nil && metrics != "gitlab_runner_jobs 0" {
			err = fmt.Errorf("it serves %q", metrics)
		}
		return err
	})
	return found
}

// mounted is where each mount of a container comes from.
func mounted(c container.InspectResponse) map[string]string {
	from := map[string]string{}
	for _, m := range c.Mounts {
		from[m.Destination] = m.Source
	}
	return from
}

// runnerStops removes the service: the runner must end by the signal of its
// image, leaving nothing, and the image must have been pulled for it.
func (s *stack) runnerStops(task, child container.InspectResponse) {
	s.t.Helper()
	if by := s.docker("ps", "--quiet", "--no-trunc", "--filter", "label=ai.ix.started-by=ix.ai/swarm-launcher"); !strings.Contains(by, child.ID) {
		s.t.Errorf("docker ps by swarm-launcher's label shows %q", by)
	}
	pull := func(m events.Message) bool { return m.Actor.ID == s.e.runner }
	if len(s.rec.All(lab.Type("image"), lab.Action("pull"), pull)) == 0 {
		s.t.Error("LAUNCH_PULL is true, and the image was not pulled")
	}
	begin := time.Now()
	s.docker("service", "rm", s.service)
	s.taskEnded(task)
	s.childEnded(child, "0")
	if kills := s.rec.All(lab.Container(child.ID), lab.Action("kill")); len(kills) != 1 || kills[0].Actor.Attributes["signal"] != "3" {
		s.t.Errorf("the runner was stopped by %v, want one SIGQUIT", kills)
	}
	s.awaitNothing()
	s.t.Logf("stopped in %s", time.Since(begin).Round(10*time.Millisecond))
}

package e2e

import (
	"errors"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

// TestCIRunner deploys gitlab-runner.yml on two nodes: each task is healthy by
// the healthcheck that asks its own runner, and each runner comes back without
// its task or the other node noticing. (ext-networks.yml, the same runner on one
// node as swarm-launcher's guide has it, is in TestSwarmExamples.)
func TestCIRunner(t *testing.T) {
	t.Parallel()
	sites := newSites(t, "runner-launcher")
	sites[0].deployExample("gitlab-runner.yml")
	metrics := map[string]string{":9252/metrics": "gitlab_runner_jobs 0"}
	tasks, children := make([]container.InspectResponse, 2), make([]container.InspectResponse, 2)
	for i, s := range sites {
		tasks[i], children[i] = s.awaitSite(sites[1-i], metrics, ciRunner)
	}
	for i, s := range sites {
		s.awaitHealthyTask(tasks[i])
	}

	sites[1].docker("kill", children[1].ID)
	_, children[1] = sites[1].awaitSite(sites[0], metrics, ciRunner, newer(children[1]))
	sites[0].docker("kill", children[0].ID)
	_, children[0] = sites[0].awaitSite(sites[1], metrics, ciRunner, newer(children[0]))
	sites[1].awaitSite(sites[0], metrics, same(children[1]))
	for i, s := range sites {
		s.awaitHealthyTask(tasks[i])
	}
	sitesEnd(sites, tasks, children, "3")
	for _, s := range sites {
		s.awaitNothing()
	}
}

// ciRunner: it is as gitlab-runner.yml has it.
func ciRunner(c container.InspectResponse) error {
	var errs []error
	for what, ok := range map[string]bool{
		"name":       c.Name == "/gitlab-ci-runner",
		"image":      strings.HasSuffix(c.Config.Image, "/gitlab-runner:alpine"),
		"privileged": c.HostConfig.Privileged,
		"config":     mounted(c)["/etc/gitlab-runner"] == "/var/storage/docker/gitlab-runner",
		"socket":     mounted(c)["/var/run/docker.sock"] == "/var/run/docker.sock",
		"grace":      c.Config.StopTimeout != nil && *c.Config.StopTimeout == 60,
	} {
		if !ok {
			errs = append(errs, errors.New("its "+what+" is not as the stack file has it"))
		}
	}
	return errors.Join(errs...)
}

// awaitHealthyTask waits until a task, in the container that it had, is healthy.
func (s *stack) awaitHealthyTask(task container.InspectResponse) {
	s.t.Helper()
	lab.Eventually(s.t, patience, "a healthy task on "+s.Name, func() error {
		now, err := s.Client().ContainerInspect(s.t.Context(), task.ID)
		if err != nil {
			return err
		}
		return errors.Join(same(task)(now), healthy(now))
	})
}

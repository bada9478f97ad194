package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"foster/spec"
	"foster/test/lab"
)

// TestCIDind deploys runner-dind.yml: one child is a real engine, the other
// runs containers in it. Each comes back alone when it dies.
func TestCIDind(t *testing.T) {
	t.Parallel()
	s := newVolumeStack(t, (*stack).buildDind)
	s.deployDind()
	task := s.awaitTask()
	docker := s.awaitDindChild("docker", healthy, madeBy(task))
	runner := s.awaitDindChild("runner", madeBy(task))
	if mode := docker.HostConfig; !mode.Privileged || runner.HostConfig.Privileged {
		t.Errorf("privileged: docker %t, runner %t", docker.HostConfig.Privileged, runner.HostConfig.Privileged)
	}
	// The runner tries its first job once: it was started when the engine was healthy, not before.
	s.awaitFirstJob(runner, "imported", docker)
	s.createdChildren("runner", 1)

	s.docker("kill", docker.ID)
	docker = s.awaitDindChild("docker", newer(docker), healthy)
	s.awaitDindChild("runner", same(runner))
	// The name leads to the new engine, and the volume has kept the image.
	if got, want := s.docker("exec", runner.ID, "job"), dindJob("found", docker); got != want {
		t.Errorf("the second job says %q, want %q", got, want)
	}

	s.docker("kill", runner.ID)
	runner = s.awaitDindChild("runner", newer(runner))
	s.awaitDindChild("docker", same(docker))
	s.awaitFirstJob(runner, "found", docker)
	s.createdChildren("runner", 2)
	s.createdChildren("docker", 2)
	s.sameTask(task)

	if out := s.docker("ps", "--all", "--quiet", "--filter", "ancestor=job"); out != "" {
		t.Errorf("the node's own engine has run the jobs: %s", out)
	}
	s.docker("stack", "rm", s.name)
	s.taskEnded(task)
	for _, c := range []container.InspectResponse{runner, docker} {
		if code := s.endOf(c); code != "0" {
			t.Errorf("%s ended with %s, want 0", c.Name, code)
		}
	}
	s.volumesLeft("builds", "cache", "config", "engine")
	s.removeVolumes(s.project)
	lab.Eventually(t, patience, "nothing left of "+s.project, s.left)
}

// deployDind deploys the example with the stand-ins' names in its compose file.
func (s *stack) deployDind() {
	s.t.Helper()
	dir := s.t.TempDir()
	images := strings.NewReplacer("docker:28-dind", dindImage, "gitlab/gitlab-runner:alpine", dindRunnerImage)
	for _, name := range []string{"runner-dind.yml", "runner-dind.compose.yml"} {
		text, err := os.ReadFile(filepath.Join(tree, "examples", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), []byte(images.Replace(string(text))), 0o644)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	s.dockerCLI("stack", "deploy", "--resolve-image", "never", "--compose-file", filepath.Join(dir, "runner-dind.yml"), s.name)
	s.logs.follow(s)
}

// healthy: its healthcheck says so.
func healthy(c container.InspectResponse) error {
	if c.State.Health == nil || c.State.Health.Status != container.Healthy {
		return fmt.Errorf("its health is %+v", c.State.Health)
	}
	return nil
}

// awaitDindChild waits until exactly one container of a service of the compose
// file is there, running, and passes the checks.
func (s *stack) awaitDindChild(service string, checks ...check) container.InspectResponse {
	s.t.Helper()
	var found container.InspectResponse
	lab.Eventually(s.t, patience, "the child "+service, func() error {
		list, err := s.Client().ContainerList(s.t.Context(), container.ListOptions{All: true, Filters: filters.NewArgs(
			filters.Arg("label", spec.LabelProject+"="+s.project), filters.Arg("label", spec.LabelChild+"="+service))})
		if err != nil || len(list) != 1 {
			return errors.Join(fmt.Errorf("there are %d containers of it", len(list)), err)
		}
		if found, err = s.Client().ContainerInspect(s.t.Context(), list[0].ID); err != nil {
			return err
		}
		errs := []error{running(found)}
		if name := "/" + s.project + "-" + service + "-1"; found.Name != name {
			errs = append(errs, fmt.Errorf("its name is %s, want %s", found.Name, name))
		}
		if n := found.NetworkSettings.Networks[s.net("default")]; n == nil || n.EndpointID == "" || len(found.NetworkSettings.Networks) != 1 {
			errs = append(errs, fmt.Errorf("it is not on %s alone", s.net("default")))
		}
		for _, check := range checks {
			errs = append(errs, check(found))
		}
		return errors.Join(errs...)
	})
	return found
}

// dindJob is what a job says that ran in an engine: an engine has the host name of its container.
func dindJob(image string, engine container.InspectResponse) string {
	return fmt.Sprintf("job: image %s, engine %s, pid 1", image, engine.Config.Hostname)
}

// awaitFirstJob waits for the end of the job that a runner begins with.
func (s *stack) awaitFirstJob(runner container.InspectResponse, image string, engine container.InspectResponse) {
	s.t.Helper()
	want := dindJob(image, engine) + "\nidle"
	lab.Eventually(s.t, patience, "the runner's first job", func() error {
		said, err := s.Docker(s.t.Context(), "logs", runner.ID)
		if err == nil && said != want {
			err = fmt.Errorf("it says %q, want %q", said, want)
		}
		return err
	})
}

// createdChildren says how many containers of one child were made so far.
func (s *stack) createdChildren(service string, want int) {
	s.t.Helper()
	made := s.rec.All(lab.Type("container"), lab.Label(spec.LabelProject, s.project), lab.Label(spec.LabelChild, service), lab.Action("create"))
	if len(made) != want {
		s.t.Errorf("%d containers of %s were created, want %d", len(made), service, want)
	}
}

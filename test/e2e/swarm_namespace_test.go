package e2e

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"foster/spec"
	"foster/test/lab"
)

// TestSwarmTaskNetwork: the child in its task's network namespace has the
// service's published port and its networks, before and after it is recreated.
func TestSwarmTaskNetwork(t *testing.T) {
	t.Parallel()
	s := newStack(t, "")
	s.launcher("gateway")
	s.deployExample("task-network.yml")
	task := s.awaitTask()
	child := s.awaitSharing(task)
	for _, fault := range []string{"kill", "stop"} {
		s.docker(fault, child.ID)
		child = s.awaitSharing(task, newer(child))
		s.sameTask(task)
	}
	s.docker("service", "rm", s.service)
	s.taskEnded(task)
	s.childEnded(child, "0")
	s.awaitNothing()
}

// awaitSharing waits for a child in the task's namespace that answers on the
// port of the service, and hears the services of its network.
func (s *stack) awaitSharing(task container.InspectResponse, checks ...check) container.InspectResponse {
	s.t.Helper()
	var found container.InspectResponse
	lab.Eventually(s.t, patience, "a child in the task's namespace", func() error {
		ctx := s.t.Context()
		list, err := s.Client().ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", spec.LabelProject+"="+s.project))})
		if err != nil || len(list) != 1 {
			return errors.Join(fmt.Errorf("there are %d children", len(list)), err)
		}
		if found, err = s.Client().ContainerInspect(ctx, list[0].ID); err != nil {
			return err
		}
		for _, check := range append(checks, running, madeBy(task)) {
			if err := check(found); err != nil {
				return err
			}
		}
		if mode := string(found.HostConfig.NetworkMode); mode != "container:"+task.ID {
			return fmt.Errorf("its network mode is %s", mode)
		}
		// The VIP of a service needs more of
		// the kernel than every machine has; the names of its tasks do not.
		page, err := s.Docker(ctx, "exec", found.ID, "timeout", "3", "wget", "-q", "-O", "-", "http://tasks.backend/")
		if err != nil || page != "ok" {
			return errors.Join(fmt.Errorf("it gets %q from the other service", page), err)
		}
		answer, err := s.HTTP().Get("http://127.0.0.1:8080/")
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err == nil && strings.TrimSpace(string(body)) != "ok" {
			err = fmt.Errorf("the published port answers %s %q", answer.Status, body)
		}
		return err
	})
	return found
}

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"

	"foster/spec"
	"foster/test/lab"
)

// composed starts a foster outside any container that launches a compose file.
func (w *world) composed(text string, settings ...string) *foster {
	w.t.Helper()
	return w.composedAt(w.onDisk(text), settings...)
}

// onDisk is the path of a compose file of that text.
func (w *world) onDisk(text string) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "compose.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *world) composedAt(path string, settings ...string) *foster {
	w.t.Helper()
	cmd := exec.Command(fosterBinary(w.t), "--file", path)
	for _, kv := range w.Env() {
		if !slices.ContainsFunc([]string{"LAUNCH_", "FOSTER_", "LOGIN_", "COMPOSE_"}, func(p string) bool { return strings.HasPrefix(kv, p) }) {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	settings = append([]string{"LAUNCH_IMAGE=", "LAUNCH_SERVICE_NAME=", "LAUNCH_PULL="}, settings...)
	cmd.Env = append(cmd.Env, w.settings(settings)...)
	cmd.Dir = w.t.TempDir()
	return w.start(cmd, "")
}

// of finds the one container of a child of the project, running or not.
func (w *world) of(child string) (container.InspectResponse, error) {
	list, err := w.Client().ContainerList(w.t.Context(), container.ListOptions{All: true, Filters: filters.NewArgs(
		filters.Arg("label", spec.LabelProject+"="+w.project), filters.Arg("label", spec.LabelChild+"="+child))})
	if err != nil {
		return container.InspectResponse{}, err
	}
	if len(list) != 1 {
		return container.InspectResponse{}, fmt.Errorf("there are %d containers of %s", len(list), child)
	}
	return w.Client().ContainerInspect(w.t.Context(), list[0].ID)
}

// awaitRuns waits until a child runs in one container, on which the checks hold.
func (w *world) awaitRuns(child string, checks ...check) container.InspectResponse {
	w.t.Helper()
	var found container.InspectResponse
	lab.Eventually(w.t, patience, child+" running", func() (err error) {
		if found, err = w.of(child); err != nil {
			return err
		}
		if !found.State.Running {
			return fmt.Errorf("%s is %s", child, found.State.Status)
		}
		errs := make([]error, len(checks))
		for i, check := range checks {
			errs[i] = check(found)
		}
		return errors.Join(errs...)
	})
	w.awaitReady(found)
	return found
}

// namespace is the network namespace that a container's process lives in.
func (w *world) namespace(c container.InspectResponse) (string, error) {
	out, err := w.Exec(w.t.Context(), "readlink", fmt.Sprintf("/proc/%d/ns/net", c.State.Pid))
	return strings.TrimSpace(out), err
}

// shares: it lives in the network namespace of the other child's present run.
func (w *world) shares(owner string) check {
	return func(c container.InspectResponse) error {
		o, err := w.of(owner)
		if err != nil {
			return err
		}
		if !o.State.Running {
			return fmt.Errorf("%s is %s", owner, o.State.Status)
		}
		mine, err := w.namespace(c)
		if err != nil {
			return err
		}
		theirs, err := w.namespace(o)
		if err != nil {
			return err
		}
		if mine != theirs {
			return fmt.Errorf("it lives in %s, %s in %s", mine, owner, theirs)
		}
		return nil
	}
}

// on: it is attached to these networks.
func on(networks ...string) check {
	return func(c container.InspectResponse) error {
		for _, n := range networks {
			if e := c.NetworkSettings.Networks[n]; e == nil || e.EndpointID == "" {
				return fmt.Errorf("it is not attached to %s", n)
			}
		}
		return nil
	}
}

// about are the events of one child's containers.
func (w *world) about(child string, actions ...string) []events.Message {
	return w.rec.All(lab.Type("container"), lab.Label(spec.LabelProject, w.project), lab.Label(spec.LabelChild, child), lab.Action(actions...))
}

// first is the first such event; the test fails when there is none.
func (w *world) first(child, action string) events.Message {
	w.t.Helper()
	all := w.about(child, action)
	if len(all) == 0 {
		w.t.Fatalf("no %s of %s", action, child)
	}
	return all[0]
}

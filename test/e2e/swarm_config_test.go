package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

// TestSwarmBadConfiguration: a task that can never work ends with 78, says why
// in the service's log, and has made nothing.
func TestSwarmBadConfiguration(t *testing.T) {
	t.Parallel()
	s := newStack(t, "")
	s.deploy(launcherStack(s, []string{"deploy: {restart_policy: {condition: none}}"}, []string{"LAUNCH_VOLUME: /data", "FOSTER_RESTART: sometimes"}))
	lab.Eventually(t, patience, "a failed task", func() error {
		state, err := s.Docker(t.Context(), "service", "ps", "--no-trunc", "--format", "{{.CurrentState}}: {{.Error}}", s.service)
		if err != nil || !strings.HasPrefix(state, "Failed") || !strings.Contains(state, "non-zero exit (78)") {
			return errors.Join(fmt.Errorf("service ps says %q", state), err)
		}
		return nil
	})
	lab.Eventually(t, patience, "the reasons in the service's log", func() error {
		out := s.logs.text()
		for _, want := range []string{"foster: LAUNCH_VOLUME", "LAUNCH_VOLUMES", "foster: FOSTER_RESTART", "on-failure"} {
			if !strings.Contains(out, want) {
				return fmt.Errorf("no %q in %q", want, out)
			}
		}
		return nil
	})
	if made := s.events("create"); len(made) > 0 {
		t.Errorf("it created %v", made)
	}
	s.awaitNothing()
}

// TestSwarmSecret: a variable's value out of a Swarm secret reaches the child
// and nobody else.
func TestSwarmSecret(t *testing.T) {
	t.Parallel()
	const token, region = "glrt-9f3c51d7ba", "Middle of Nowhere"
	s := newStack(t, "")
	s.launcher("launcher")
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("TOKEN="+token+" \"REGION="+region+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.docker("secret", "create", "runner_environment", path)
	s.deploy(strings.Replace(s.example("secrets.yml"), "    environment:\n", "    environment:\n      FOSTER_LOG_LEVEL: debug\n", 1))
	task := s.awaitTask()
	var child container.InspectResponse
	awaitChild := func(checks ...check) {
		lab.Eventually(t, patience, "a child with the secret", func() error {
			var err error
			if child, err = s.Client().ContainerInspect(t.Context(), s.project+"-launcher-1"); err != nil {
				return err
			}
			for _, check := range append(checks, running, madeBy(task)) {
				if err := check(child); err != nil {
					return err
				}
			}
			if !slices.Contains(child.Config.Env, "TOKEN="+token) || !slices.Contains(child.Config.Env, "REGION="+region) {
				return fmt.Errorf("its environment is %q", child.Config.Env)
			}
			return nil
		})
	}
	awaitChild()
	s.docker("kill", child.ID)
	awaitChild(newer(child))
	labels, err := json.Marshal(child.Config.Labels)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{
		"a label":         string(labels),
		"foster config":   s.docker("exec", task.ID, "/foster", "config"),
		"config as JSON":  s.docker("exec", task.ID, "/foster", "config", "--format", "json"),
		"foster check":    s.docker("exec", task.ID, "/foster", "check"),
		"service inspect": s.docker("service", "inspect", s.service),
	}
	if !strings.Contains(shown["foster config"], "TOKEN") {
		t.Errorf("foster config does not name the variable: %s", shown["foster config"])
	}
	s.docker("service", "rm", s.service)
	s.taskEnded(task)
	s.awaitNothing()
	// The log is complete once nothing more comes from the task that has ended.
	lab.Eventually(t, patience, "the last line of the log", func() error {
		if shown["the log"] = s.logs.text(); !strings.Contains(shown["the log"], "foster ends") {
			return errors.New("it is not there yet")
		}
		return nil
	})
	for what, text := range shown {
		if strings.Contains(text, token) || strings.Contains(text, region) {
			t.Errorf("%s shows the secret: %s", what, text)
		}
	}
	s.docker("secret", "rm", "runner_environment")
}

package compose_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"foster/test/lab"
)

// testUnderstood: docker compose, as a plugin of the docker CLI and with no file
// at hand, takes foster's child for one of its own.
func (p *pair) testUnderstood(t *testing.T) {
	plugins := filepath.Join(p.lab.ConfigDir(), "cli-plugins")
	if err := os.MkdirAll(plugins, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(p.binary, filepath.Join(plugins, "docker-compose")); err != nil {
		t.Fatal(err)
	}
	docker := func(args ...string) string {
		t.Helper()
		out, err := p.foster.Docker(t.Context(), args...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	project := launchCase{name: "understood", env: []string{
		"LAUNCH_SERVICE_NAME=web", "LAUNCH_NETWORKS=own", "LAUNCH_VOLUMES=data:/data", "LAUNCH_PORTS=8700:80",
		`LAUNCH_COMMAND=sh -c "trap 'exit 0' TERM; echo hello from the child; while :; do sleep 0.1; done"`,
	}}.load(t).Project
	launch(t, p.foster.Client(), project, "")
	const container = "p-understood-web-1"

	var listed []struct{ Name, Status, ConfigFiles string }
	if err := json.Unmarshal([]byte(docker("compose", "ls", "--format", "json", "--filter", "name=p-understood")), &listed); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(listed); got != "[{p-understood running(1) /docker-compose.yml}]" {
		t.Errorf("compose ls: %s", got)
	}
	var running struct {
		Name, Service, State, Project string
		Publishers                    []struct{ TargetPort, PublishedPort int }
	}
	if err := json.Unmarshal([]byte(docker("compose", "--project-name", project.Name, "ps", "--format", "json")), &running); err != nil {
		t.Fatal(err)
	}
	if running.Name != container || running.Service != "web" || running.State != "running" || len(running.Publishers) == 0 || running.Publishers[0].PublishedPort != 8700 {
		t.Errorf("compose ps: %+v", running)
	}
	lab.Eventually(t, 10*time.Second, "the child's words in compose logs", func() error {
		if got := docker("compose", "--project-name", project.Name, "logs", "web"); got != "web-1  | hello from the child" {
			return fmt.Errorf("got %q", got)
		}
		return nil
	})
	// The one that swarm-launcher's users have in their scripts.
	if got := docker("ps", "--filter", "label=ai.ix.started-by=ix.ai/swarm-launcher", "--filter", "name="+container, "--format", "{{.Names}}"); got != container {
		t.Errorf("docker ps by swarm-launcher's label: %q", got)
	}
	docker("compose", "--project-name", project.Name, "down", "--volumes")
	for _, args := range [][]string{
		{"ps", "--all", "--quiet"}, {"network", "ls", "--quiet"}, {"volume", "ls", "--quiet"},
	} {
		if left := docker(append(args, "--filter", "label=com.docker.compose.project="+project.Name)...); strings.TrimSpace(left) != "" {
			t.Errorf("after compose down, docker %s: %s", args[0], left)
		}
	}
}

package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/docker/docker/api/types/container"

	"foster/spec"
	"foster/test/lab"
)

// launcherStack is a stack file whose service child launches childImage onto a
// network of its own and the stack's attachable overlay. deploy and environment
// are further lines of YAML.
func launcherStack(s *stack, deploy, environment []string) string {
	lines := func(indent string, list []string) string {
		var b strings.Builder
		for _, l := range list {
			b.WriteString(indent + l + "\n")
		}
		return b.String()
	}
	return `version: "3.7"
services:
  child:
    image: ` + stackImage + `
    networks: [front]
    volumes: ['/var/run/docker.sock:/var/run/docker.sock']
    healthcheck: {interval: 1s, retries: 30} # Swarm waits for the first success; a busy machine is no reason to end a task
` + lines("    ", deploy) + `    environment:
      LAUNCH_IMAGE: ` + childImage + `
      LAUNCH_NETWORKS: own
      LAUNCH_EXT_NETWORKS: ` + s.name + `_front
      FOSTER_STABLE_AFTER: 100ms
` + lines("      ", environment) + `networks:
  front: {driver: overlay, attachable: true}
`
}

// wantedChild is what launcherStack wants.
func (s *stack) wantedChild() want { return wanted(s.net("own"), s.name+"_front") }

// TestSwarmRecovery: every fault of the child is repaired inside the same task,
// with each docker CLI of this machine, for global and replicated services.
func TestSwarmRecovery(t *testing.T) {
	t.Parallel()
	clis, modes := dockerCLIs(), []string{"global", "replicated"}
	if len(clis) == 0 {
		t.Fatal("no docker CLI on PATH")
	}
	for i := range max(len(clis), len(modes)) {
		mode, cli := modes[i%len(modes)], clis[i%len(clis)]
		t.Run(fmt.Sprintf("%s-%d", mode, i), func(t *testing.T) {
			t.Parallel()
			s := newStack(t, "")
			s.cli = cli
			t.Logf("%s: %s", cli, s.dockerCLI("version", "--format", "{{.Client.Version}}"))
			s.deploy(launcherStack(s, []string{"deploy: {mode: " + mode + "}"}, nil))
			s.recovers()
		})
	}
}

func (s *stack) recovers() {
	s.t.Helper()
	task := s.awaitTask()
	child := s.awaitWhole(s.wantedChild(), madeBy(task))
	if by := s.docker("ps", "--filter", "label="+spec.LabelStartedBy+"="+spec.StartedBy, "--filter", "name=^"+s.container()+"$", "--format", "{{.Names}}"); by != s.container() {
		s.t.Errorf("docker ps by swarm-launcher's label shows %q", by)
	}
	for _, fault := range []struct {
		name string
		do   func(c container.InspectResponse)
		then func(before container.InspectResponse) check
	}{
		{"docker kill", func(c container.InspectResponse) { s.docker("kill", c.ID) }, newer},
		{"cut overlay", func(c container.InspectResponse) { s.docker("network", "disconnect", s.name+"_front", c.ID) }, same},
		{"SIGKILL", func(c container.InspectResponse) { s.signalChild(c, syscall.SIGKILL) }, newer},
		{"cut bridge", func(c container.InspectResponse) { s.docker("network", "disconnect", "--force", s.net("own"), c.ID) }, same},
		{"docker rm", func(c container.InspectResponse) { s.docker("rm", "--force", "--volumes", c.ID) }, newer},
	} {
		before := child
		s.awaitStable(child)
		fault.do(child)
		child = s.awaitWhole(s.wantedChild(), madeBy(task), fault.then(before))
		s.sameTask(task)
		if s.t.Failed() {
			s.t.Fatalf("after %s", fault.name)
		}
	}
	runs := len(s.events("start"))
	lab.Eventually(s.t, patience, "the output of every run in the service's log", func() error {
		if got := strings.Count(s.docker("service", "logs", "--raw", s.service), "the child speaks"); got != runs {
			return fmt.Errorf("there are %d of %d", got, runs)
		}
		return nil
	})
	s.docker("service", "rm", s.service)
	s.taskEnded(task)
	s.awaitNothing()
}

// TestSwarmReplicas: two replicas on one node keep apart without a name being set.
func TestSwarmReplicas(t *testing.T) {
	t.Parallel()
	s := newStack(t, "")
	second := &stack{world: newWorld(t, s.engine), e: s.e, name: s.name, service: s.service}
	second.project = s.project + "-2"
	s.deploy(launcherStack(s, []string{"deploy: {replicas: 2}"}, nil))
	first, other := s.awaitWhole(s.wantedChild()), second.awaitWhole(second.wantedChild())
	if a, b := first.Config.Labels[spec.LabelTask], other.Config.Labels[spec.LabelTask]; a == "" || a == b {
		t.Errorf("the children's tasks are %q and %q", a, b)
	}
	s.docker("kill", first.ID)
	s.awaitWhole(s.wantedChild(), newer(first))
	second.awaitWhole(second.wantedChild(), same(other))
	s.docker("service", "scale", "--detach", s.service+"=1")
	// Swarm chooses which of the two goes.
	lab.Eventually(t, patience, "one child fewer", func() error {
		a, b := s.left(), second.left()
		if (a == nil) == (b == nil) {
			return fmt.Errorf("left: %v; %v", a, b)
		}
		return nil
	})
	s.docker("service", "rm", s.service)
	s.awaitNothing()
	second.awaitNothing()
}

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
	"foster/test/lab"
)

// The tests of foster as a Swarm task deploy stack files on a swarm of one node,
// with the image that the Dockerfile makes.

// stackEngine is the manager of a swarm of one for tests with tasks.
type stackEngine struct {
	*engine
	registry *lab.Registry
	runner   string // where the registry has runnerImage
	slots    chan struct{}
}

// maxStacks is how many stacks are deployed at once: a swarm's manager that
// gets no processor time drops its own node.
const maxStacks = 4

var sharedStacks = sync.OnceValues(func() (*stackEngine, error) {
	ctx := context.Background()
	shared, err := sharedEngine(lab.Options{Swarm: true})()
	if err != nil {
		return nil, err
	}
	e := &stackEngine{engine: shared, slots: make(chan struct{}, maxStacks)}
	// What stack files mount from below /var is made there by the engine: in a
	// layer of the node, not on this machine.
	if _, err := e.Exec(ctx, "sh", "-ec", `mkdir /run/var /run/var.work
		mount -t overlay -o lowerdir=/var,upperdir=/run/var,workdir=/run/var.work overlay /var`); err != nil {
		return nil, fmt.Errorf("lay a private layer over /var: %w", err)
	}
	if err := e.buildStackImage(ctx); err != nil {
		return nil, err
	}
	if err := e.build(ctx, runnerImage, map[string]string{
		"Dockerfile": runnerDockerfile, "entrypoint": runnerScript, "metrics": "gitlab_runner_jobs 0\n",
	}); err != nil {
		return nil, err
	}
	if e.registry, err = e.Registry(ctx, lab.RegistryOptions{}); err != nil {
		return nil, err
	}
	e.runner, err = e.registry.Push(ctx, runnerImage, "gitlab-runner:alpine")
	return e, err
})

// stack is one deployed stack file whose launcher is a single service.
type stack struct {
	*world
	e       *stackEngine
	unique  string // project name that nobody else has
	name    string // of the stack
	service string // of the launcher, with the stack's name
	cli     string // the docker CLI that deploys and removes it; "": the lab's

	logs taskLogs
}

// newStack begins a test of a stack whose launcher is the service child: its
// project is then STACK_child, and the child's container STACK_child-child-1.
// With name "" the stack has a name of its own.
func newStack(t testing.TB, name string) *stack {
	t.Helper()
	e, err := sharedStacks()
	if err != nil {
		t.Fatal(err)
	}
	e.slots <- struct{}{}
	t.Cleanup(func() { <-e.slots })
	w := newWorld(t, e.engine)
	s := &stack{world: w, e: e, unique: w.project, name: name}
	if name == "" {
		s.name = w.project
	}
	s.launcher(childName)
	t.Cleanup(s.sweepStack)
	return s
}

// launcher says which service of the stack is foster's.
func (s *stack) launcher(service string) {
	s.service = s.name + "_" + service
	s.project = s.service
}

// sweepStack removes what the test has left of the stack; of a failed one it
// tells the events and the log first.
func (s *stack) sweepStack() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if s.t.Failed() {
		s.tell(ctx)
	}
	left, _ := s.Client().ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", "com.docker.stack.namespace="+s.name))})
	// Gone already is as well; what stays of it fails the tests' end.
	_, _ = s.Docker(ctx, "stack", "rm", s.name)
	for _, c := range left {
		_, _ = s.rec.Wait(ctx, lab.Type("container"), lab.Container(c.ID), lab.Action("destroy"))
	}
	s.logs.end()
	children, _ := s.Client().ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", spec.LabelProject+"="+s.project))})
	for _, c := range children {
		_ = s.Client().ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	}
	nets, _ := s.Client().NetworkList(ctx, network.ListOptions{})
	for _, n := range nets {
		if strings.HasPrefix(n.Name, s.project+"_") {
			_ = s.Client().NetworkRemove(ctx, n.ID)
		}
	}
	// The world's own sweep goes by the beginning of names: it may not meet a
	// project whose name the test has not made up.
	s.project = s.unique
}

// tell logs what happened to the launcher's tasks and children.
func (s *stack) tell(ctx context.Context) {
	states, err := s.Docker(ctx, "service", "ps", "--no-trunc", "--format", "{{.Name}}: {{.CurrentState}} {{.Error}}", s.service)
	s.t.Logf("tasks of %s (%v):\n%s", s.service, err, states)
	for _, m := range s.rec.All(lab.Type("container"), func(m events.Message) bool {
		ours := m.Actor.Attributes["com.docker.swarm.service.name"] == s.service || m.Actor.Attributes[spec.LabelProject] == s.project
		return ours && !strings.HasPrefix(string(m.Action), "exec_") // those of healthchecks
	}) {
		s.t.Logf("%s %s %.12s %s", time.Unix(0, m.TimeNano).UTC().Format("05.000"), m.Action, m.Actor.ID, m.Actor.Attributes["exitCode"])
	}
	s.t.Logf("log of the tasks of %s:\n%s", s.service, s.logs.text())
	s.t.Logf("log of the engine:\n%s", s.Log(40))
}

// deploy deploys a stack file under the stack's name.
func (s *stack) deploy(text string) {
	s.t.Helper()
	s.dockerCLI("stack", "deploy", "--resolve-image", "never", "--compose-file", s.file(text), s.name)
	s.logs.follow(s)
}

// file is a file with a stack in it.
func (s *stack) file(text string) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "stack.yml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// deployExample deploys a file of examples/ with nothing but the child's image
// changed: to the stand-in in the registry, or to that of the other tests.
func (s *stack) deployExample(file string) {
	s.t.Helper()
	s.deploy(s.example(file))
}

func (s *stack) example(file string) string {
	s.t.Helper()
	return strings.NewReplacer(runnerImage, s.e.runner, "nginx:alpine", childImage).Replace(exampleText(s.t, file))
}

// dockerCLI runs the stack's own docker CLI, which must succeed.
func (s *stack) dockerCLI(args ...string) string {
	s.t.Helper()
	if s.cli == "" {
		return s.docker(args...)
	}
	cmd := exec.CommandContext(s.t.Context(), s.cli, args...)
	cmd.Env = s.Env()
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s", s.cli, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// dockerCLIs are all that PATH has, each once.
func dockerCLIs() []string {
	var found []string
	var seen []os.FileInfo
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path, err := exec.LookPath(filepath.Join(dir, "docker"))
		if err != nil {
			continue
		}
		info, err := os.Stat(path)
		if err == nil && !slices.ContainsFunc(seen, func(other os.FileInfo) bool { return os.SameFile(info, other) }) {
			found, seen = append(found, path), append(seen, info)
		}
	}
	return found
}

package compose_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"foster/actions"
	"foster/spec"
	"foster/state"
	"foster/test/compose"
	"foster/test/lab"
)

// neighbour is a container that is on every engine: children can share its
// namespaces. Its network namespace stands for that of foster's own container.
const neighbour = "neighbour"

// furniture is what every engine has beside it. The engine hands out addresses
// of the upper halves; those that cases ask for are from the lower.
var furniture = [][]string{
	{"network", "create", "--subnet", "10.5.0.0/24", "--ip-range", "10.5.0.128/25", "front"},
	{"network", "create", "--subnet", "10.6.0.0/24", "--ip-range", "10.6.0.128/25", "back"},
	{"network", "create", "--subnet", "10.7.0.0/24", "--ip-range", "10.7.0.128/25", "--ipv6", "--subnet", "fd00:7::/64", "dual"},
	{"volume", "create", "kept"},
	{"run", "--detach", "--name", neighbour, lab.BusyboxImage, "sleep", "100000"},
}

// pair is two engines that are alike: compose works on one, foster on the other.
type pair struct {
	compose, foster *lab.Node
	lab             *lab.Lab
	binary          string
}

func TestEngines(t *testing.T) {
	p := newPair(t)
	t.Run("launch", p.testLaunch)
	t.Run("file", p.testFile)
	t.Run("understood", p.testUnderstood)
}

func newPair(t *testing.T) *pair {
	t.Helper()
	binary, err := compose.Binary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Projects are left until the end, and each has a network.
	l := lab.New(t, lab.Options{Nodes: 2, DockerdFlags: []string{"--default-address-pool", "base=10.128.0.0/9,size=24"}})
	p := &pair{l.Node(1), l.Node(2), l, binary}
	// Each engine imports that image for itself; here its ID must be the same.
	image := filepath.Join(t.TempDir(), "busybox.tar")
	if _, err := p.compose.Docker(t.Context(), "save", "--output", image, lab.BusyboxImage); err != nil {
		t.Fatal(err)
	}
	if err := p.foster.Load(t.Context(), image); err != nil {
		t.Fatal(err)
	}
	for _, n := range l.Nodes() {
		for _, args := range furniture {
			if _, err := n.Docker(t.Context(), args...); err != nil {
				t.Fatal(err)
			}
		}
	}
	return p
}

// run calls docker compose against an engine and returns what it printed.
func run(ctx context.Context, binary string, n *lab.Node, environ []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(n.Env(), environ...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("docker compose %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}

// write puts a document into a directory of its own.
func write(t *testing.T, document string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "docker-compose.yml")
	if err := os.WriteFile(path, []byte(document), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// launch makes networks, volumes and the running children of a project the way
// foster does: the effects of a first start, carried out by a Runner.
func launch(t *testing.T, engine actions.Engine, project *spec.Project, parent string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	effects, events := make(chan state.Effect), make(chan state.Event)
	runner := actions.New(actions.Config{
		Engine: engine, Project: project, Log: zerolog.Nop(),
		Parent: func(context.Context) (string, error) { return parent, nil },
	})
	var wg sync.WaitGroup
	wg.Go(func() { _ = runner.Run(ctx, effects, events) })
	defer func() { cancel(); wg.Wait() }()
	op := 0
	carryOut := func(make func(op int) state.Effect) string {
		t.Helper()
		op++
		effect := make(op)
		effects <- effect
		done := (<-events).(state.Done)
		if done.Op != op || done.Class != state.OK {
			t.Fatalf("%s: %s: %s", effect, done.Class, done.Detail)
		}
		return done.ID
	}
	for _, n := range project.Networks {
		carryOut(func(op int) state.Effect { return state.EnsureNetwork{Op: op, Network: n.Name} })
	}
	started := map[string]bool{}
	for len(started) < len(project.Children) {
		before := len(started)
		for _, c := range project.Children {
			if started[c.Name] || !all(started, c.Precursors()) {
				continue
			}
			carryOut(func(op int) state.Effect { return state.Prepare{Op: op, Child: c.Name, Fresh: true} })
			id := carryOut(func(op int) state.Effect { return state.Create{Op: op, Child: c.Name} })
			carryOut(func(op int) state.Effect { return state.Start{Op: op, Child: c.Name, ID: id} })
			started[c.Name] = true
		}
		if len(started) == before {
			t.Fatal("children wait for each other")
		}
	}
}

func all(have map[string]bool, names []string) bool {
	for _, name := range names {
		if !have[name] {
			return false
		}
	}
	return true
}

// equal brings a project up on both engines and compares what they tell of it.
func (p *pair) equal(t *testing.T, project *spec.Project, environ, args []string, also ...allowance) {
	t.Helper()
	other, err := p.foster.Client().ContainerInspect(t.Context(), neighbour)
	if err != nil {
		t.Fatal(err)
	}
	var up error
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		_, up = run(t.Context(), p.binary, p.compose, environ, append(args, "up", "--detach", "--no-build", "--quiet-pull")...)
	})
	launch(t, p.foster.Client(), project, other.ID)
	wg.Wait()
	if up != nil {
		t.Fatal(up)
	}
	compose, foster := facts(t.Context(), t, p.compose, project), facts(t.Context(), t, p.foster, project)
	for _, d := range differences("", compose, foster, isUnordered) {
		if !isAllowed(d, also) {
			t.Error(d)
		}
	}
}

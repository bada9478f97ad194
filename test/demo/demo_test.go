package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"go.uber.org/goleak"

	"foster/test/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// screen is what a demo prints. It calls seen once, when the text is there.
type screen struct {
	mu    sync.Mutex
	text  bytes.Buffer
	until string
	seen  func()
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(p)
	if s.seen != nil && strings.Contains(s.text.String(), s.until) {
		s.seen()
		s.seen = nil
	}
	return len(p), nil
}

// play runs a demo and expects an exit code.
func play(ctx context.Context, t *testing.T, s *screen, code int, args ...string) string {
	t.Helper()
	got := run(ctx, args, s, s)
	out := s.text.String()
	t.Logf("demo %s:\n%s", strings.Join(args, " "), out)
	if got != code {
		t.Fatalf("exit code %d, want %d", got, code)
	}
	return out
}

// wants checks that the lines are there in this order; a line is a regular expression.
func wants(t *testing.T, out string, lines ...string) {
	t.Helper()
	rest := out
	for _, line := range lines {
		at := regexp.MustCompile("(?m)^ *" + line).FindStringIndex(rest)
		if at == nil {
			t.Fatalf("no line %q, or not in its place", line)
		}
		rest = rest[at[1]:]
	}
	for line := range strings.Lines(out) {
		if n := len([]rune(strings.TrimSpace(line))); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
		if strings.Contains(line, "\x1b") {
			t.Errorf("colour where there is no terminal: %q", line)
		}
	}
}

// faultLines are those of every demo.
var faultLines = []string{
	`\$ docker kill \S+-web`, `died: .* \d\.\d\d s`,
	`\$ docker network disconnect \S+_front \S+-web`, `cut off: .* \d\.\d\d s`,
	`\$ docker rm -f \S+-web`, `removed: .* \d\.\d\d s`,
	`\$ docker stop \S+-web`, `stopped: .* \d\.\d\d s`,
}

const nothingLeft = `left of it all on the engine \.+ 0 containers, 0 networks, 0 volumes`

func TestKeptEngine(t *testing.T) {
	t.Parallel()
	base, err := os.MkdirTemp("/tmp", "fdemo-") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	dir := filepath.Join(base, "lab")
	t.Cleanup(func() {
		if l, err := lab.Open(dir); err == nil {
			t.Error("the demo's engine is left")
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	out := play(t.Context(), t, &screen{}, 0, "-keep", "-dir", dir)
	wants(t, out, append(slices.Concat([]string{"foster demo", `\$ docker stack deploy`, "foster launched its child"}, faultLines),
		`\$ docker service rm demo_foster`, "foster stopped its child", nothingLeft, "deploy the stack again", `\$ export DOCKER_HOST=unix://`+dir, `\$ make demo-down`)...)

	l, err := lab.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := l.Node(1).Client().ContainerInspect(t.Context(), "demo-web"); err != nil || !c.State.Running {
		t.Errorf("the child of the kept stack does not run: %v", err)
	}
	if err := l.Node(1).Client().Close(); err != nil {
		t.Error(err)
	}
	wants(t, play(t.Context(), t, &screen{}, exitBroken, "-keep", "-dir", dir), "The engine of an earlier demo is up", `demo: end the earlier demo first`)
	wants(t, play(t.Context(), t, &screen{}, 0, "-down", "-dir", dir), "end the private engine")
	wants(t, play(t.Context(), t, &screen{}, 0, "-down", "-dir", dir), "no engine of a demo")
}

func TestGivenEngine(t *testing.T) {
	for name, o := range map[string]struct {
		swarm  bool
		faults []string
	}{
		"container": {false, []string{"it is no manager of a swarm", `\$ docker run -d`, "foster launched its child"}},
		"swarm":     {true, []string{`\$ docker stack deploy`, "foster launched its child"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, before := somebodys(t, o.swarm)
			out := play(t.Context(), t, &screen{}, 0, "-engine", n.Host())
			wants(t, out, append(slices.Concat(o.faults, faultLines), nothingLeft, "your engine: unchanged, 1 container, ", "All of it was as promised")...)
			same(t, n, before)
		})
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	n, before := somebodys(t, true)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	wants(t, play(ctx, t, &screen{until: "$ docker network disconnect", seen: cancel}, exitInterrupted, "-engine", n.Host()), "demo: interrupted")
	same(t, n, before)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code int
		line string
		args []string
	}{
		{exitBroken, "demo: ask the engine at unix:///nowhere.sock for its version", []string{"-engine", "unix:///nowhere.sock"}},
		{exitBroken, `demo: engine "nowhere": write it like unix://`, []string{"-engine", "nowhere"}},
		{exitUsage, "demo: only a private engine can be kept", []string{"-engine", "unix:///nowhere.sock", "-keep"}},
		{exitUsage, `demo: unexpected argument "up"`, []string{"up"}},
	} {
		out := play(t.Context(), t, &screen{}, c.code, c.args...)
		if !strings.Contains(out, c.line) {
			t.Errorf("no line %q", c.line)
		}
	}
}

// somebodys is an engine with things on it that the demo must not touch.
func somebodys(t *testing.T, swarm bool) (*lab.Node, []string) {
	t.Helper()
	n := lab.New(t, lab.Options{Swarm: swarm}).Node(1)
	if swarm { // which is ready a moment before its engine's own networks are
		lab.Eventually(t, 10*time.Second, "the swarm's own networks", func() error {
			for _, name := range []string{"ingress", "docker_gwbridge"} {
				if _, err := n.Client().NetworkInspect(t.Context(), name, network.InspectOptions{}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, args := range [][]string{
		{"network", "create", "theirs"},
		{"volume", "create", "theirs"},
		{"run", "--detach", "--name", "theirs", "--network", "theirs", "--volume", "theirs:/data", "--volume", "/more", lab.BusyboxImage, "sleep", "600"},
	} {
		if _, err := n.Docker(t.Context(), args...); err != nil {
			t.Fatal(err)
		}
	}
	return n, inventory(t, n)
}

func same(t *testing.T, n *lab.Node, before []string) {
	t.Helper()
	if after := inventory(t, n); !slices.Equal(before, after) {
		t.Errorf("the engine has changed:\nbefore %v\nafter  %v", before, after)
	}
}

// inventory is the test's own list of everything on an engine.
func inventory(t *testing.T, n *lab.Node) []string {
	t.Helper()
	var all []string
	containers, err := n.Client().ContainerList(t.Context(), container.ListOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range containers {
		all = append(all, "container "+c.ID+" "+c.State)
	}
	networks, err := n.Client().NetworkList(t.Context(), network.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range networks {
		all = append(all, "network "+n.Name+" "+n.ID)
	}
	volumes, err := n.Client().VolumeList(t.Context(), volume.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range volumes.Volumes {
		all = append(all, "volume "+v.Name)
	}
	images, err := n.Docker(t.Context(), "images", "--all", "--no-trunc", "--format", "image {{.ID}} {{.Repository}}:{{.Tag}}")
	if err != nil {
		t.Fatal(err)
	}
	all = append(all, strings.Split(images, "\n")...)
	slices.Sort(all)
	return all
}

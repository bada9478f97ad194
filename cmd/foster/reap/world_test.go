package reap

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/system"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.uber.org/goleak"

	"foster/spec"
	"foster/test/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is an engine in memory with fosters on it. A test sees each of reap's
// calls before it is made.
type world struct {
	*engine.Engine
	t *testing.T

	mu     sync.Mutex
	before func(n int, verb, target string) // n counts from 1
	after  func(id string)                  // of an inspect, with its answer on the way
	calls  []string                         // "verb target"
	clock  time.Duration                    // that the engine's clock is ahead
	stale  []container.Summary              // what the list says instead of what is
}

var _ Engine = (*world)(nil)

func newWorld(t *testing.T, version string) *world {
	t.Helper()
	w := &world{Engine: engine.New(engine.Options{Version: version}), t: t}
	t.Cleanup(w.Close)
	w.AddImage("app:1", engine.Image{Config: dockerspec.DockerOCIImageConfig{ImageConfig: ocispec.ImageConfig{Volumes: map[string]struct{}{"/data": {}}}}})
	w.AddImage("foster:1", engine.Image{Config: dockerspec.DockerOCIImageConfig{ImageConfig: ocispec.ImageConfig{Labels: map[string]string{spec.LabelLauncher: "true"}}}})
	return w
}

func (w *world) call(verb, target string) {
	w.mu.Lock()
	w.calls = append(w.calls, verb+" "+target)
	n, before := len(w.calls), w.before
	w.mu.Unlock()
	if before != nil {
		before(n, verb, target)
	}
}

func (w *world) Info(context.Context) (system.Info, error) {
	w.call("info", "")
	return system.Info{SystemTime: time.Now().Add(w.clock).Format(time.RFC3339Nano)}, nil
}

func (w *world) ContainerList(ctx context.Context, o container.ListOptions) ([]container.Summary, error) {
	w.call("list", "")
	w.mu.Lock()
	stale := w.stale
	w.mu.Unlock()
	if stale != nil {
		return stale, nil
	}
	return w.Engine.ContainerList(ctx, o)
}

// freeze has the list say from now on what is there now, or what is true again.
func (w *world) freeze(frozen bool) {
	var stale []container.Summary
	if frozen {
		stale = w.LookList(container.ListOptions{All: true})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stale = stale
}

func (w *world) ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error) {
	w.call("inspect", id)
	c, err := w.Engine.ContainerInspect(ctx, id)
	if err == nil {
		c.Args = c.Config.Cmd
	}
	w.mu.Lock()
	after := w.after
	w.mu.Unlock()
	if after != nil {
		after(id)
	}
	return c, err
}

func (w *world) ContainerStop(ctx context.Context, id string, o container.StopOptions) error {
	w.call("stop", id)
	return w.Engine.ContainerStop(ctx, id, o)
}

func (w *world) ContainerRemove(ctx context.Context, id string, o container.RemoveOptions) error {
	w.call("remove", id)
	return w.Engine.ContainerRemove(ctx, id, o)
}

func (w *world) NetworkList(ctx context.Context, o network.ListOptions) ([]network.Summary, error) {
	w.call("networks", "")
	return w.Engine.NetworkList(ctx, o)
}

func (w *world) NetworkRemove(ctx context.Context, id string) error {
	w.call("remove network", id)
	return w.Engine.NetworkRemove(ctx, id)
}

// forgetCalls begins the count anew.
func (w *world) forgetCalls() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = nil
}

// called says how often a call was made.
func (w *world) called(call string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// foster is a running container with a foster in it; settings are NAME=value,
// and swarm.service=name makes it a task.
func (w *world) foster(name string, settings ...string) (id string) {
	w.t.Helper()
	c := &container.Config{Image: "foster:1", Labels: map[string]string{}}
	for _, kv := range settings {
		if service, ok := strings.CutPrefix(kv, "swarm.service="); ok {
			c.Labels[labelSwarmTask], c.Labels[labelSwarmService] = "", service
		} else if command, ok := strings.CutPrefix(kv, "command="); ok {
			c.Cmd = strings.Fields(command)
		} else {
			c.Env = append(c.Env, kv)
		}
	}
	id, err := w.Run(engine.Container{Name: name, Config: c, Host: &container.HostConfig{NetworkMode: "none"}})
	w.must(err)
	return id
}

// child is a running one as foster makes it, with labels over the usual ones;
// "" takes one away.
func (w *world) child(project, name, parent string, labels map[string]string, networks ...string) (id string) {
	w.t.Helper()
	all := map[string]string{
		spec.LabelProject: project, spec.LabelChild: name, spec.LabelParent: parent, spec.LabelSpecHash: "h", spec.LabelVersion: "v",
		spec.LabelContainer: project + "-" + name + "-1", spec.LabelImage: "app:1",
		labelComposeProject: project, "com.docker.compose.service": name, labelComposeHash: "h",
	}
	maps.Copy(all, labels)
	maps.DeleteFunc(all, func(k, v string) bool { return v == "" && k != labelSwarmTask })
	id, err := w.Run(engine.Container{
		Name: project + "-" + name + "-1", Config: &container.Config{Image: "app:1", Labels: all},
		Host: &container.HostConfig{NetworkMode: container.NetworkMode(append(networks, "bridge")[0]), Binds: []string{project + "_data:/named"}},
	})
	w.must(err)
	return id
}

// network is one that foster created.
func (w *world) network(project, key string) (name string) {
	w.t.Helper()
	name = project + "_" + key
	_, err := w.AddNetwork(name, network.CreateOptions{Labels: map[string]string{
		spec.LabelProject: project, labelComposeProject: project, labelComposeNetwork: key, labelComposeHash: "h",
	}})
	w.must(err)
	return name
}

// gone is the ID of a container that is not there any more.
func gone(n int) string { return fmt.Sprintf("%064x", n) }

// once runs one reap.
func (w *world) once(c Config) ([]Finding, error) {
	c.Engine = w
	found, err := New(c).Once(w.t.Context())
	Sort(found)
	return found, err
}

// verdicts are "kind name: verdict, reason", volumes without their names.
func verdicts(found []Finding) []string {
	var out []string
	for _, f := range found {
		name := f.Name
		if f.Kind == Volume {
			name = "*"
		}
		out = append(out, fmt.Sprintf("%s %s: %s, %s", f.Kind, name, f.Verdict, f.Reason))
	}
	return out
}

func (w *world) expect(found []Finding, want ...string) {
	w.t.Helper()
	if got := verdicts(found); !slices.Equal(got, want) {
		w.t.Errorf("found\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// left fails the test unless these containers, and no others, are there.
func (w *world) left(want ...string) {
	w.t.Helper()
	slices.Sort(want)
	if got := w.Containers(); !slices.Equal(got, want) {
		w.t.Errorf("containers left: %q, want %q", got, want)
	}
}

// changes are the calls that change something.
func (w *world) changes() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.calls), func(c string) bool { return !strings.HasPrefix(c, "stop") && !strings.HasPrefix(c, "remove") })
}

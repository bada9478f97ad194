package chaos

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/system"
	"go.uber.org/goleak"

	"foster/spec"
	"foster/test/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is the engine in memory, with what it lacks.
type memory struct{ *engine.Engine }

func (memory) Info(context.Context) (system.Info, error) {
	return system.Info{SystemTime: time.Now().Format(time.RFC3339Nano)}, nil
}

// world is an engine in a synctest bubble, with a parent whose foster the test
// plays: it brings back what dies, after a time that the test knows.
type world struct {
	t      *testing.T
	e      memory
	parent string
	out    buffer // of the report
	errs   buffer
	stop   chan struct{}

	mu     sync.Mutex
	heals  bool
	delay  time.Duration // from a death to the next start
	rejoin time.Duration // from a cut to the next connect
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// bubble runs a test in one.
func bubble(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			t: t, e: memory{engine.New(engine.Options{Version: "28.0"})}, stop: make(chan struct{}),
			heals: true, delay: 200 * time.Millisecond, rejoin: 50 * time.Millisecond,
		}
		t.Cleanup(w.e.Close)
		w.e.AddImage("app:1", engine.Image{})
		for _, n := range []string{"front", "p_back"} {
			if _, err := w.e.AddNetwork(n, network.CreateOptions{Driver: "bridge"}); err != nil {
				t.Fatal(err)
			}
		}
		w.parent = w.run("foster", map[string]string{spec.LabelLauncher: "true"})
		ctx, cancel := context.WithCancel(t.Context())
		var healer sync.WaitGroup
		healer.Go(func() { w.heal(ctx) })
		synctest.Wait() // until it listens
		defer healer.Wait()
		defer cancel()
		test(t, w)
	})
}

// run starts a container on the networks.
func (w *world) run(name string, labels map[string]string, networks ...string) string {
	w.t.Helper()
	endpoints := map[string]*network.EndpointSettings{}
	for _, n := range networks {
		endpoints[n] = &network.EndpointSettings{Aliases: []string{name}}
	}
	id, err := w.e.Run(engine.Container{Name: name, Config: &container.Config{Image: "app:1", Labels: labels}, Host: &container.HostConfig{}, Endpoints: endpoints})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// child starts one of the parent's, on front and p_back.
func (w *world) child(project, name string) string {
	w.t.Helper()
	return w.run(project+"-"+name, w.labels(project, name, w.parent), "front", "p_back")
}

// labels are those that foster gives a child in the container project-name.
func (w *world) labels(project, name, parent string) map[string]string {
	labels := map[string]string{
		spec.LabelProject: project, spec.LabelChild: name, spec.LabelSpecHash: "h",
		spec.LabelContainer: project + "-" + name, spec.LabelImage: "app:1",
		"com.docker.compose.project": project, "com.docker.compose.service": name, "com.docker.compose.config-hash": "h",
	}
	if parent != "" {
		labels[spec.LabelParent] = parent
	}
	return labels
}

// copy is somebody's docker commit of a container, and a run of the image.
func (w *world) copy(of, name string, networks ...string) string {
	w.t.Helper()
	c, err := w.e.Look(of)
	if err != nil {
		w.t.Fatal(err)
	}
	w.e.AddImage("snapshot:1", engine.Image{})
	endpoints := map[string]*network.EndpointSettings{}
	for _, n := range networks {
		endpoints[n] = &network.EndpointSettings{}
	}
	id, err := w.e.Run(engine.Container{
		Name: name, Config: &container.Config{Image: "snapshot:1", Labels: c.Config.Labels}, Host: &container.HostConfig{}, Endpoints: endpoints,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// asleep lets the played foster do nothing from now on.
func (w *world) asleep() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heals = false
}

// takes sets how long the played foster takes from a death to a start.
func (w *world) takes(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay = d
}

func (w *world) heal(ctx context.Context) {
	var work sync.WaitGroup
	defer work.Wait()
	messages, errs := w.e.Events(ctx, events.ListOptions{})
	for {
		select {
		case m := <-messages:
			w.mu.Lock()
			heals, delay, rejoin := w.heals, w.delay, w.rejoin
			w.mu.Unlock()
			if !heals {
				continue
			}
			switch {
			case m.Type == events.ContainerEventType && m.Action == events.ActionDie && m.Actor.Attributes["name"] == m.Actor.Attributes[spec.LabelContainer]:
				work.Go(func() { w.again(ctx, m.Actor.ID, m.Actor.Attributes, delay) })
			case m.Type == events.NetworkEventType && m.Action == events.ActionDisconnect:
				work.Go(func() {
					if pause(ctx, rejoin) {
						if c, err := w.e.Look(m.Actor.Attributes["container"]); err == nil && c.State.Running {
							_ = w.e.Join(m.Actor.Attributes["name"], c.ID, &network.EndpointSettings{Aliases: []string{c.Name[1:]}}) // joined already is as well
						}
					}
				})
			}
		case <-errs:
			return
		}
	}
}

func (w *world) again(ctx context.Context, id string, attributes map[string]string, delay time.Duration) {
	if !pause(ctx, delay) {
		return
	}
	_ = w.e.Destroy(id) // it may be gone
	labels := maps.Clone(attributes)
	maps.DeleteFunc(labels, func(k, _ string) bool {
		return !strings.HasPrefix(k, "foster.") && !strings.HasPrefix(k, "com.docker.compose.")
	})
	w.run(attributes["name"], labels, "front", "p_back")
}

// options are those of the flags' defaults, over which a test writes.
func options() Options {
	return Options{
		Every: 2 * time.Second, Rounds: 10, Timeout: time.Minute, Seed: 1, PauseFor: 500 * time.Millisecond, Kinds: []Kind{Kill},
	}
}

// chaos surveys and runs.
func (w *world) chaos(ctx context.Context, o Options, probe *Probe) (*Summary, error) {
	w.t.Helper()
	if p := o.Check(); len(p) > 0 {
		w.t.Fatal(p)
	}
	found, err := Survey(ctx, w.e, o)
	if err != nil {
		w.t.Fatal(err)
	}
	report := &Report{Out: &w.out, Err: &w.errs}
	report.Head(o, found, probe)
	s, err := Run(ctx, Config{Engine: w.e, Options: o, Targets: found.Targets, Probe: probe, Tell: report, Stop: w.stop})
	report.Summary(s)
	return s, err
}

// must surveys and runs without an error.
func (w *world) must(o Options) *Summary {
	w.t.Helper()
	s, err := w.chaos(w.t.Context(), o, nil)
	if err != nil {
		w.t.Fatalf("%v\n%s%s", err, w.out.String(), w.errs.String())
	}
	return s
}

// untouched fails when a container's run is another one than before.
func (w *world) untouched(before container.InspectResponse) {
	w.t.Helper()
	now, err := w.e.Look(before.ID)
	if err != nil || now.State.StartedAt != before.State.StartedAt || !now.State.Running || now.State.Paused ||
		!slices.Equal(slices.Sorted(maps.Keys(now.NetworkSettings.Networks)), slices.Sorted(maps.Keys(before.NetworkSettings.Networks))) {
		w.t.Errorf("%s was touched: %v", before.Name, err)
	}
}

// actions counts the faults that the engine was asked for.
func (w *world) actions() int {
	return w.e.Count(engine.ContainerKill) + w.e.Count(engine.ContainerStop) + w.e.Count(engine.ContainerRemove) +
		w.e.Count(engine.ContainerPause) + w.e.Count(engine.NetworkDisconnect)
}

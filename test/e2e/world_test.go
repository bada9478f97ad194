package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
	"foster/test/lab"
)

const (
	// patience is for what takes at most a second or two on an idle machine.
	patience = 30 * time.Second
	// childName is the child's service name in every test.
	childName = "child"
)

// errNotYet is for what is awaited and says nothing until then.
var errNotYet = errors.New("not yet")

var worlds atomic.Int64

// world is one test's part of an engine: a project name that nobody else has,
// and what the test itself made for it.
type world struct {
	t testing.TB
	*engine
	project  string
	external map[string]string // name -> ID of the networks that the test made
}

// newWorld begins a test. Whatever is left of it at the test's end is removed.
func newWorld(t testing.TB, e *engine) *world {
	t.Helper()
	name := strings.ToLower(t.Name()[strings.LastIndex(t.Name(), "/")+1:])
	name = strings.TrimPrefix(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, name), "test")
	w := &world{t: t, engine: e, external: map[string]string{}}
	w.project = fmt.Sprintf("%.24s-%d", name, worlds.Add(1))
	t.Cleanup(w.sweep)
	return w
}

func (w *world) sweep() {
	if w.t.Failed() {
		w.t.Logf("log of the engine:\n%s", w.Log(40))
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	all, _ := w.Client().ContainerList(ctx, container.ListOptions{All: true})
	for _, c := range all {
		if c.Labels[spec.LabelProject] == w.project || slices.ContainsFunc(c.Names, func(n string) bool { return w.mine(strings.TrimPrefix(n, "/")) }) {
			// What is gone already was not left.
			_ = w.Client().ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		}
	}
	nets, _ := w.Client().NetworkList(ctx, network.ListOptions{})
	for _, n := range nets {
		if w.mine(n.Name) {
			_ = w.Client().NetworkRemove(ctx, n.ID)
		}
	}
	images, _ := w.Client().ImageList(ctx, image.ListOptions{})
	for _, i := range images {
		for _, tag := range i.RepoTags {
			if w.mine(tag) {
				_, _ = w.Client().ImageRemove(ctx, tag, image.RemoveOptions{PruneChildren: true})
			}
		}
	}
}

// mine: a name of this test, not of one whose number only begins the same.
func (w *world) mine(name string) bool {
	return name == w.project || strings.HasPrefix(name, w.project+"-") || strings.HasPrefix(name, w.project+"_")
}

// docker runs the CLI, which must succeed: for the faults that people make by hand.
func (w *world) docker(args ...string) string {
	w.t.Helper()
	out, err := w.Docker(w.t.Context(), args...)
	if err != nil {
		w.t.Fatalf("docker %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// name is that of an object of this test alone.
func (w *world) name(what string) string { return w.project + "-" + what }

// container is the child's container name.
func (w *world) container() string { return w.project + "-" + childName + "-1" }

// net is the engine's name of a network that foster creates for LAUNCH_NETWORKS.
func (w *world) net(key string) string { return w.project + "_" + key }

// externalNetwork makes a network for LAUNCH_EXT_NETWORKS; foster must leave it
// where it is. flags are those of docker network create.
func (w *world) externalNetwork(what string, flags ...string) string {
	w.t.Helper()
	name := w.name(what)
	w.external[name] = w.docker(append(append([]string{"network", "create"}, flags...), name)...)
	return name
}

// children lists the containers of the project's child, running or not.
func (w *world) children() ([]container.Summary, error) {
	return w.Client().ContainerList(w.t.Context(), container.ListOptions{All: true, Filters: filters.NewArgs(
		filters.Arg("label", spec.LabelProject+"="+w.project), filters.Arg("label", spec.LabelChild+"="+childName))})
}

// events are those of the project's containers.
func (w *world) events(actions ...string) []events.Message {
	return w.rec.All(lab.Type("container"), lab.Label(spec.LabelProject, w.project), lab.Action(actions...))
}

// awaitEvent waits for one of them, past the first n that match.
func (w *world) awaitEvent(n int, actions ...string) events.Message {
	w.t.Helper()
	var found events.Message
	lab.Eventually(w.t, patience, fmt.Sprintf("event %d of %v", n+1, actions), func() error {
		all := w.events(actions...)
		if len(all) <= n {
			return fmt.Errorf("there are %d", len(all))
		}
		found = all[n]
		return nil
	})
	return found
}

// heard waits for the first event on the engine that matches.
func (w *world) heard(match ...lab.Match) events.Message {
	w.t.Helper()
	ctx, cancel := context.WithTimeoutCause(w.t.Context(), patience, fmt.Errorf("not within %s", patience))
	defer cancel()
	m, err := w.rec.Wait(ctx, match...)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// created says how many containers foster made in all. Call it after foster's end.
func (w *world) created(want int) {
	w.t.Helper()
	// The destroy of the last one is behind every create.
	w.awaitEvent(want-1, "create")
	if got := len(w.events("create")); got != want {
		w.t.Errorf("%d containers were created, want %d", got, want)
	}
}

// neverTwo fails the test if the engine's events after a time say that of one
// child two containers ran at once. An engine that was away tells no death, but
// the removal.
func (w *world) neverTwo(after int64) {
	w.t.Helper()
	running := map[string]map[string]bool{}
	for _, m := range w.events("start", "die", "destroy") {
		child := m.Actor.Attributes[spec.LabelChild]
		switch {
		case m.TimeNano <= after:
		case m.Action != events.ActionStart:
			delete(running[child], m.Actor.ID)
		default:
			if running[child] == nil {
				running[child] = map[string]bool{}
			}
			if running[child][m.Actor.ID] = true; len(running[child]) > 1 {
				w.t.Errorf("%d containers of %s ran at once at %d", len(running[child]), child, m.TimeNano)
				for _, m := range w.events("start", "die", "kill", "destroy") {
					w.t.Logf("%s %s %.12s %s", time.Unix(0, m.TimeNano).UTC().Format("05.000"), m.Action, m.Actor.ID, m.Actor.Attributes["name"])
				}
			}
		}
	}
}

// nothingLeft fails the test unless the project is gone from the engine and
// all that is somebody else's is as it was.
func (w *world) nothingLeft() {
	w.t.Helper()
	if err := w.left(); err != nil {
		w.t.Errorf("after the end: %v", err)
	}
	for name, id := range w.external {
		if n, err := w.Client().NetworkInspect(w.t.Context(), name, network.InspectOptions{}); err != nil {
			w.t.Errorf("external network: %v", err)
		} else if n.ID != id {
			w.t.Errorf("external network %s is another one", name)
		}
	}
	if err := w.canaryUntouched(w.t.Context()); err != nil {
		w.t.Error(err)
	}
}

// left says what of the project is still on the engine.
func (w *world) left() error {
	ctx := w.t.Context()
	var errs []error
	all, err := w.Client().ContainerList(ctx, container.ListOptions{All: true})
	errs = append(errs, err)
	for _, c := range all {
		if c.Labels[spec.LabelProject] == w.project || c.Labels["com.docker.compose.project"] == w.project || slices.Contains(c.Names, "/"+w.container()) {
			errs = append(errs, fmt.Errorf("container %.12s %s is left, %s", c.ID, c.Names, c.Status))
		}
	}
	nets, err := w.Client().NetworkList(ctx, network.ListOptions{})
	errs = append(errs, err)
	for _, n := range nets {
		if strings.HasPrefix(n.Name, w.project+"_") || n.Labels["com.docker.compose.project"] == w.project {
			errs = append(errs, fmt.Errorf("network %s is left", n.Name))
		}
	}
	ours := map[string]bool{}
	for _, m := range w.events("create") {
		ours[m.Actor.ID] = true
	}
	for _, m := range w.rec.All(lab.Type("volume"), lab.Action("mount")) {
		if !ours[m.Actor.Attributes["container"]] {
			continue
		}
		if _, err := w.Client().VolumeInspect(ctx, m.Actor.ID); err == nil {
			errs = append(errs, fmt.Errorf("anonymous volume %s is left", m.Actor.ID))
		} else if !errdefs.IsNotFound(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// attached says whether a container has a live endpoint on a network.
func (w *world) attached(id, net string) bool {
	w.t.Helper()
	c, err := w.Client().ContainerInspect(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	e := c.NetworkSettings.Networks[net]
	return e != nil && e.EndpointID != ""
}

// composeFile are the flags of docker run that mount a compose file for foster.
func (w *world) composeFile(text string) []string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "compose.yml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return []string{"--volume", path + ":" + spec.DefaultFile + ":ro"}
}

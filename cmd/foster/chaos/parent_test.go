package chaos

import (
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/spec"
	"foster/test/engine"
)

const labelTask = "com.docker.swarm.task.id"

// launcher runs a foster, of Swarm's task if it is not "".
func (w *world) launcher(name, task string, env ...string) string {
	w.t.Helper()
	labels := map[string]string{spec.LabelLauncher: "true"}
	if task != "" {
		labels[labelTask] = task
	}
	id, err := w.e.Run(engine.Container{Name: name, Config: &container.Config{Image: "app:1", Labels: labels, Env: env}})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// TestFollowedParent: a container that foster follows (FOSTER_PARENT) is the
// child's parent and runs on when foster is dead. Then nobody brings it back.
func TestFollowedParent(t *testing.T) {
	for _, x := range []struct {
		name  string
		lives func(*world, *Options)
		want  time.Duration // the foster's stable time; 0: refused
	}{
		{"no foster", func(*world, *Options) {}, 0},
		{"its foster in a container", func(w *world, _ *Options) {
			w.launcher("foster-2", "", "LAUNCH_PROJECT_NAME=p", "FOSTER_STABLE_AFTER=3s")
		}, 3 * time.Second},
		{"another project's", func(w *world, _ *Options) { w.launcher("foster-2", "", "LAUNCH_PROJECT_NAME=q") }, 0},
		{"a foster that is paused", func(w *world, _ *Options) {
			if err := w.e.Pause(w.launcher("foster-2", "", "LAUNCH_PROJECT_NAME=p")); err != nil {
				w.t.Fatal(err)
			}
		}, 0},
		{"a foster that is dead", func(w *world, _ *Options) {
			if err := w.e.Kill(w.launcher("foster-2", "", "LAUNCH_PROJECT_NAME=p")); err != nil {
				w.t.Fatal(err)
			}
		}, 0},
		{"its foster on the host", func(_ *world, o *Options) { o.Hosted = func(project string) bool { return project == "p" } }, DefaultStable},
		{"another project's on the host", func(_ *world, o *Options) { o.Hosted = func(project string) bool { return project == "q" } }, 0},
		{"one that the operator knows of", func(_ *world, o *Options) { o.OnHost = true }, DefaultStable},
	} {
		bubble(t, func(t *testing.T, w *world) {
			w.run("p-web", w.labels("p", "web", w.run("vpn", nil)), "front")
			o := options()
			x.lives(w, &o)
			found, err := Survey(t.Context(), w.e, o)
			switch {
			case x.want > 0 && (err != nil || found.Targets[0].Stable != x.want):
				t.Errorf("%s: %v, %+v", x.name, err, found.Targets)
			case x.want == 0 && (err == nil || !strings.Contains(err.Error(), "its parent, container vpn, runs but is no foster") || !strings.Contains(err.Error(), "--on-host")):
				t.Errorf("%s: %v", x.name, err)
			}
			if n := w.actions(); n > 0 {
				t.Errorf("%s: %d faults", x.name, n)
			}
		})
	}
}

// TestParentOfATask: of a child that a Swarm task's foster has made, the task
// tells whether the parent is that foster, of whatever image, or is followed.
func TestParentOfATask(t *testing.T) {
	for _, x := range []struct {
		name   string
		parent func(*world) string
		good   bool
	}{
		{"foster's own", func(w *world) string { return w.launcher("foster-2", "task1") }, true},
		{"foster in somebody's own image", func(w *world) string { return w.run("foster-2", map[string]string{labelTask: "task1"}) }, true},
		{"another task's foster, which is followed", func(w *world) string { return w.launcher("foster-2", "task2") }, false},
		{"a container that is followed, while the task runs", func(w *world) string {
			w.launcher("foster-2", "task1") // its project is named in a file
			return w.run("vpn", nil)
		}, true},
		{"a container that is followed, after the task's end", func(w *world) string {
			if err := w.e.Kill(w.launcher("foster-2", "task1")); err != nil {
				w.t.Fatal(err)
			}
			return w.run("vpn", nil)
		}, false},
	} {
		bubble(t, func(t *testing.T, w *world) {
			labels := w.labels("p", "web", x.parent(w))
			labels[spec.LabelTask] = "task1"
			w.run("p-web", labels, "front")
			if _, err := Survey(t.Context(), w.e, options()); (err == nil) != x.good {
				t.Errorf("%s: %v", x.name, err)
			}
		})
	}
}

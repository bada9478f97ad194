package reap

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"foster/test/engine"
)

// TestRemovesWhatIsLeft: dependents first, with the container's own grace, then
// the networks; what belongs to others, and data, stays.
func TestRemovesWhatIsLeft(t *testing.T) {
	for _, version := range []string{"20.10", "28.0"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, version)
			front := w.network("p", "front")
			db := w.child("p", "db", gone(1), nil, front)
			app := w.child("p", "app", gone(1), map[string]string{"com.docker.compose.depends_on": "db:service_started:false,other:service_started:false"}, front)
			once := w.child("p", "once", gone(1), nil, front)
			w.must(w.Exit(once, 0))
			live := w.foster("live", "LAUNCH_PROJECT_NAME=q")
			w.child("q", "app", live, nil, w.network("q", "front"))
			_, err := w.Run(engine.Container{Name: "foreign", Config: &container.Config{Image: "app:1"}})
			w.must(err)
			others := slices.DeleteFunc(w.Volumes(), func(v string) bool { return usedBy(t, w, v, db, app, once) && v != "p_data" })

			// Time in which the others could overtake it.
			w.Inject(engine.ContainerStop, 1, engine.Fault{For: app, Delay: 2 * time.Second})

			found, err := w.once(Config{})
			w.must(err)
			w.expect(found,
				"container p-app-1: removed, its parent is gone",
				"container p-db-1: removed, its parent is gone",
				"container p-once-1: removed, its parent is gone",
				"network p_front: removed, nothing that stays needs it",
				"volume *: removed, it goes with container p-app-1",
				"volume *: removed, it goes with container p-db-1",
				"volume *: removed, it goes with container p-once-1",
				"container q-app-1: kept, its parent runs",
				"network q_front: kept, foster live runs and has this project")
			w.left("foreign", "live", "q-app-1")
			if got := w.Networks(); !slices.Equal(got, []string{"q_front"}) {
				t.Errorf("networks left: %q", got)
			}
			if got := w.Volumes(); !slices.Equal(got, others) {
				t.Errorf("volumes left: %q, want %q", got, others)
			}
			changes := w.changes()
			if at := func(c string) int { return slices.Index(changes, c) }; at("remove "+app) > at("stop "+db) || at("stop "+once) >= 0 || len(changes) != 6 {
				t.Errorf("it made %q", changes)
			}
		})
	}
}

func usedBy(t *testing.T, w *world, volume string, ids ...string) bool {
	t.Helper()
	for _, id := range ids {
		c, err := w.Look(id)
		w.must(err)
		for _, m := range c.Mounts {
			if m.Name == volume {
				return true
			}
		}
	}
	return false
}

// TestGrace: from the parent's end where the engine knows it, else from the
// first look; whoever comes meanwhile keeps what is there.
func TestGrace(t *testing.T) {
	t.Run("known", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "28.0")
			parent := w.foster("dead")
			w.child("p", "app", parent, nil)
			w.must(w.Kill(parent))
			time.Sleep(49600 * time.Millisecond)
			began := time.Now()
			var said strings.Builder
			_, err := w.once(Config{Grace: time.Minute, Progress: &said})
			w.must(err)
			w.left("dead")
			if took := time.Since(began); took < 10*time.Second || took > 11*time.Second {
				t.Errorf("it took %s", took)
			}
			if !strings.HasPrefix(said.String(), "waiting 10s for") {
				t.Errorf("it said %q", said.String())
			}
		})
	})
	t.Run("unknown", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "28.0")
			w.child("p", "app", gone(1), nil)
			began := time.Now()
			var said strings.Builder
			_, err := w.once(Config{Grace: time.Minute, Progress: &said})
			w.must(err)
			w.left()
			if took := time.Since(began); took < time.Minute || took > 61*time.Second {
				t.Errorf("it took %s", took)
			}
			if said.String() != "waiting 1m0s for 1 orphan, which the next foster may take over\n" {
				t.Errorf("it said %q", said.String())
			}
		})
	})
	t.Run("a later foster has had it", func(t *testing.T) {
		// The first parent's end is long ago, the end of the one that took the
		// child over is not.
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "28.0")
			parent := w.foster("first", "LAUNCH_PROJECT_NAME=p")
			w.child("p", "app", parent, nil)
			w.must(w.Kill(parent))
			time.Sleep(time.Hour)
			w.must(w.Kill(w.foster("second", "LAUNCH_PROJECT_NAME=p")))
			began := time.Now()
			_, err := w.once(Config{Grace: time.Minute})
			w.must(err)
			w.left("first", "second")
			if took := time.Since(began); took < time.Minute {
				t.Errorf("it took %s", took)
			}
		})
	})
	t.Run("taken over", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "28.0")
			w.child("p", "app", gone(1), nil, w.network("p", "front"))
			w.child("q", "app", gone(1), nil)
			time.AfterFunc(30*time.Second, func() { w.foster("next", "LAUNCH_PROJECT_NAME=p") })
			time.AfterFunc(40*time.Second, func() { w.child("late", "app", gone(2), nil) })
			time.AfterFunc(50*time.Second, func() { w.must(w.Destroy("q-app-1")) })
			found, err := w.once(Config{Grace: time.Minute})
			w.must(err)
			w.expect(found,
				"container late-app-1: kept, an orphan for less than the grace: its parent is gone",
				"container p-app-1: kept, foster next runs and has this project",
				"network p_front: kept, foster next runs and has this project",
				"container q-app-1: removed, somebody else has removed it")
			if changes := w.changes(); len(changes) > 0 {
				t.Errorf("it made %q", changes)
			}
		})
	})
	t.Run("an orphan only since the first look", func(t *testing.T) {
		// The parent's end is long ago, and who had the child meanwhile left no
		// trace.
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "28.0")
			parent := w.foster("first", "LAUNCH_PROJECT_NAME=p")
			w.child("p", "app", parent, nil)
			w.must(w.Kill(parent))
			time.Sleep(time.Hour)
			w.foster("second", "LAUNCH_PROJECT_NAME=p")
			w.child("q", "app", gone(1), nil)
			time.AfterFunc(30*time.Second, func() { w.must(w.Destroy("second")) })
			found, err := w.once(Config{Grace: time.Minute})
			w.must(err)
			w.left("first", "p-app-1")
			if got := verdicts(found)[0]; got != "container p-app-1: kept, an orphan for less than the grace: its parent has ended" {
				t.Errorf("found %s", got)
			}
		})
	})
	t.Run("not yet in a dry run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "28.0")
			w.child("p", "app", gone(1), nil)
			found, err := w.once(Config{Grace: time.Minute, DryRun: true})
			w.must(err)
			w.expect(found, "container p-app-1: orphan, its parent is gone (due in 1m0s)", "volume *: orphan, it goes with container p-app-1")
		})
	})
}

// TestWhatResists: what cannot be removed is named, and the rest goes.
func TestWhatResists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "20.10")
		bad := w.child("p", "bad", gone(1), nil, w.network("p", "front"))
		deaf := w.child("p", "deaf", gone(1), nil)
		w.child("p", "good", gone(1), nil)
		w.Inject(engine.ContainerRemove, -1, engine.Fault{For: bad, Err: errors.New("device or resource busy")})
		w.Inject(engine.ContainerStop, -1, engine.Fault{For: deaf, Hang: true})
		found, err := w.once(Config{})
		if err == nil || !strings.Contains(err.Error(), "remove container p-bad-1: device or resource busy") || !strings.Contains(err.Error(), "stop container p-deaf-1: context deadline exceeded") {
			t.Errorf("it says %v", err)
		}
		w.left("p-bad-1", "p-deaf-1")
		if got := verdicts(found)[0]; got != "container p-bad-1: failed, remove container p-bad-1: device or resource busy" {
			t.Errorf("found %s", got)
		}
	})
}

// TestRemovedBySomebodyElse: a removal under way elsewhere ends as ours.
func TestRemovedBySomebodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "20.10")
		id := w.child("p", "app", gone(1), nil)
		w.Inject(engine.ContainerRemove, 2, engine.Fault{For: id, Err: fmt.Errorf("removal of container %s is already in progress: %w", id, errdefs.ErrConflict)})
		time.AfterFunc(100*time.Millisecond, func() { _ = w.Destroy(id) })
		_, err := w.once(Config{})
		w.must(err)
		w.left()
	})
}

// TestNoHalfLooks: an engine that does not tell everything is not believed.
func TestNoHalfLooks(t *testing.T) {
	for _, silent := range []string{"", "who", "p-app-1"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "20.10")
			w.foster("who")
			w.child("p", "app", gone(1), nil)
			if silent == "" {
				w.Inject(engine.ContainerList, -1, engine.Fault{Hang: true})
			} else {
				c, err := w.Look(silent)
				w.must(err)
				w.Inject(engine.ContainerInspect, -1, engine.Fault{For: c.ID, Hang: true})
			}
			_, err := w.once(Config{})
			var silence *LookError
			if !errors.As(err, &silence) {
				t.Errorf("with %q silent it says %v", silent, err)
			}
			w.left("p-app-1", "who")
		})
	}
}

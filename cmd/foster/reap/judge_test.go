package reap

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
	"foster/test/engine"
)

// TestVerdicts: one engine with everything that there can be on it.
func TestVerdicts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "20.10")
		service := func(name string) map[string]string { return map[string]string{spec.LabelService: name} }
		dead := w.foster("dead", "LAUNCH_IMAGE=app:1", "LAUNCH_PROJECT_NAME=ended")
		w.must(w.Kill(dead))
		live := w.foster("live", "LAUNCH_IMAGE=app:1", "LAUNCH_PROJECT_NAME=mine")
		made := w.foster("made") // its project is in a file, and seen by its child
		w.foster("ci_a.1.x", "LAUNCH_IMAGE=app:1", "swarm.service=ci_a")
		w.foster("reaper", "LAUNCH_PROJECT_NAME=reaped", "swarm.service=reaper", "command=reap --watch")
		vpn, err := w.Run(engine.Container{Name: "vpn", Config: &container.Config{Image: "app:1"}})
		w.must(err)
		_, err = w.Run(engine.Container{Name: "own.1.x", Config: &container.Config{Image: "app:1", Labels: map[string]string{labelSwarmTask: "", labelSwarmService: "own"}}})
		w.must(err)
		self := w.child("self", "reap", gone(1), nil)

		w.child("mine", "old", gone(1), nil)
		w.child("mine", "new", live, nil)
		w.child("filed", "old", gone(1), nil)
		w.child("filed", "new", made, nil)
		w.child("followed", "app", vpn, nil)
		w.child("ended", "app", dead, nil, w.network("ended", "front"))
		w.child("lost", "app", gone(2), nil)
		w.child("ci_a", "app", gone(1), nil)
		w.child("named", "app", gone(1), service("ci_a"))
		w.child("wrapped", "app", gone(1), service("own"))
		w.child("reaped", "app", gone(1), service("reaper"))
		w.child("host", "app", "", nil)
		w.child("task", "app", gone(1), map[string]string{labelSwarmTask: ""})
		w.child("forged", "half", gone(1), map[string]string{spec.LabelSpecHash: ""})
		w.child("forged", "other", gone(1), map[string]string{labelComposeProject: "else"})
		w.child("forged", "parent", "vpn", nil)
		w.network("empty", "front")
		_, err = w.AddNetwork("copied", network.CreateOptions{Labels: map[string]string{spec.LabelProject: "lost"}})
		w.must(err)
		_, err = w.AddNetwork("lost_wide", network.CreateOptions{Driver: "overlay", Attachable: true, Labels: map[string]string{
			spec.LabelProject: "lost", labelComposeProject: "lost", labelComposeNetwork: "wide", labelComposeHash: "h",
		}})
		w.must(err)
		_, err = w.Run(engine.Container{Name: "guest", Config: &container.Config{Image: "app:1"}, Host: &container.HostConfig{NetworkMode: container.NetworkMode(w.network("lost", "busy"))}})
		w.must(err)
		_, err = w.Make(engine.Container{Name: "sleeper", Config: &container.Config{Image: "app:1"}, Host: &container.HostConfig{NetworkMode: container.NetworkMode(w.network("lost", "planned"))}})
		w.must(err)

		before := w.Containers()
		found, err := w.once(Config{DryRun: true, Self: self, OtherCommands: []string{"reap"}})
		w.must(err)
		const unseen = "its foster ran outside of containers: whether one does cannot be seen from here; run reap on the engine's host, as root"
		w.expect(found,
			"container ci_a-app-1: kept, foster ci_a.1.x runs and has this project",
			"network empty_front: kept, no container tells who has made it: that foster may run outside of containers; run reap on the engine's host, as root",
			"container ended-app-1: orphan, its parent has ended",
			"network ended_front: orphan, nothing that stays needs it",
			"volume *: orphan, it goes with container ended-app-1",
			"container filed-new-1: kept, its parent runs",
			"container filed-old-1: kept, foster made runs and has made other children of this project",
			"container followed-app-1: kept, its parent runs",
			"container forged-half-1: kept, no foster has made it: it lacks the label foster.spec-hash",
			"container forged-other-1: kept, no foster has made it: its labels foster.project and com.docker.compose.project do not agree",
			"container forged-parent-1: kept, no foster has made it: the label foster.parent is not the ID of a container",
			"container host-app-1: kept, "+unseen,
			"container lost-app-1: orphan, its parent is gone",
			"network copied: kept, no foster has made it: it lacks labels of its kind",
			"network lost_busy: kept, container guest stays, which needs it",
			"network lost_planned: kept, container sleeper stays, which needs it",
			"network lost_wide: kept, it is the whole swarm's: fosters on other nodes may use it",
			"volume *: orphan, it goes with container lost-app-1",
			"container mine-new-1: kept, its parent runs",
			"container mine-old-1: kept, foster live runs and has this project",
			"container named-app-1: kept, foster ci_a.1.x runs, a task of the same service",
			"container reaped-app-1: orphan, its parent is gone",
			"volume *: orphan, it goes with container reaped-app-1",
			"container self-reap-1: kept, it is this very program's container",
			"container task-app-1: kept, it is a Swarm task's, not a child",
			"container wrapped-app-1: kept, own.1.x runs, a task of the service that has made it",
		)
		if changes := w.changes(); len(changes) > 0 {
			t.Errorf("a dry run has made %q", changes)
		}
		w.left(before...)

		found, err = w.once(Config{DryRun: true, Projects: []string{"host", "nobody"}})
		w.must(err)
		w.expect(found, "container host-app-1: kept, "+unseen)
	})
}

// TestOpaqueProjects: a foster whose project is in a file that nobody here can
// read may have any project, until its children tell.
func TestOpaqueProjects(t *testing.T) {
	for _, settings := range [][]string{
		{},
		{"LAUNCH_IMAGE=app:1", "LAUNCH_PROJECT_NAME=${TEAM}"},
		{"LAUNCH_IMAGE=app:1", "LAUNCH_PROJECT_NAME_FILE=/run/secrets/name"},
		{"LAUNCH_IMAGE=app:1", "command=--file /compose.yaml"},
		{"swarm.service=stack_foster"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "28.0")
			w.child("p", "app", gone(1), nil)
			id := w.foster("who", settings...)
			found, err := w.once(Config{DryRun: true})
			w.must(err)
			const why = "foster who runs, and its project is named in a file that cannot be seen from here: set its LAUNCH_PROJECT_NAME"
			w.expect(found, "container p-app-1: kept, "+why)

			w.child("other", "app", id, nil)
			found, err = w.once(Config{DryRun: true, Projects: []string{"p"}})
			w.must(err)
			w.expect(found, "container p-app-1: orphan, its parent is gone", "volume *: orphan, it goes with container p-app-1")
		})
	}
	// A name that is set is the name.
	for _, settings := range [][]string{{"COMPOSE_PROJECT_NAME=q"}, {"LAUNCH_PROJECT_NAME=q"}, {"LAUNCH_IMAGE=app:1"}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "28.0")
			w.child("p", "app", gone(1), nil)
			w.foster("who", settings...)
			found, err := w.once(Config{DryRun: true})
			w.must(err)
			w.expect(found, "container p-app-1: orphan, its parent is gone", "volume *: orphan, it goes with container p-app-1")
		})
	}
}

// TestHostFosters: outside of containers a foster's life can be seen, and
// protects whatever its project has.
func TestHostFosters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "28.0")
		w.child("p", "bare", "", nil)
		w.child("p", "taken", gone(1), nil)
		w.network("p", "front")
		alive := true
		c := Config{DryRun: true, HostFosters: func(string) (bool, bool) { return alive, true }}
		found, err := w.once(c)
		w.must(err)
		w.expect(found,
			"container p-bare-1: kept, a foster on this host, outside of containers, has its project",
			"container p-taken-1: kept, a foster on this host, outside of containers, has its project",
			"network p_front: kept, a foster on this host, outside of containers, has its project")
		alive, c.DryRun = false, false
		found, err = w.once(c)
		w.must(err)
		if len(w.Containers()) > 0 || len(w.Networks()) > 0 {
			t.Errorf("left: %q %q\n%q", w.Containers(), w.Networks(), verdicts(found))
		}
	})
}

// TestSeenFromAnotherClock: an engine whose clock is ahead has not ended a
// parent in the future.
func TestSeenFromAnotherClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "28.0")
		w.clock = time.Hour
		dead := w.foster("dead", "LAUNCH_PROJECT_NAME=p")
		w.must(w.Kill(dead))
		w.child("p", "app", dead, nil)
		found, err := w.once(Config{DryRun: true})
		w.must(err)
		if len(found) != 2 || found[0].Since == nil || time.Since(*found[0].Since) < 59*time.Minute {
			t.Errorf("found %+v", found)
		}
	})
}

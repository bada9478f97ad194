package e2e

import (
	"context"
	"syscall"
	"testing"
	"time"

	"foster/test/lab"
)

// ends are the ways in which an engine goes.
var ends = []struct {
	name    string
	do      func(*lab.Node, context.Context) error
	orderly bool
}{
	{"SIGTERM", (*lab.Node).StopEngine, true},
	{"SIGKILL", (*lab.Node).KillEngine, false},
}

// idleConnections is how long foster keeps a connection that it does not use. An
// engine that shuts down takes no new ones, and serves those that are open.
const idleConnections = 30 * time.Second

// notRelayed is for a foster that has no connection for its child's output.
const notRelayed = "FOSTER_FORWARD_LOGS=false"

// quiet lets a foster's unused connections end, which had been made for its
// launch: from then on it has that of its events and, for as long after, those
// of its regular looks.
func quiet() {
	timer := time.NewTimer(idleConnections + time.Second)
	<-timer.C
}

// TestEngineRestart: an engine that ends takes every container along; one that
// was killed does so when it is back. A foster outside makes its child whole
// again by itself. One inside is asked to end by an engine that takes no calls
// any more, or not yet: it can do nothing about its child, says by name what it
// leaves, and does not keep the engine waiting. The next one collects. Only where
// it relays its child's output it has a connection that is free when the child
// has ended, which an engine that was asked to end still serves: everything is
// taken down then.
func TestEngineRestart(t *testing.T) {
	t.Parallel()
	for _, end := range ends {
		t.Run(end.name, func(t *testing.T) {
			t.Parallel()
			e := newMortalEngine(t, lab.Options{})
			host, inside, relaying := newWard(t, e, "host"), newWard(t, e, "container"), newWard(t, e, "container")
			host.watch()
			inside.watch(notRelayed)
			relaying.watch()
			if end.orderly {
				quiet()
			}

			asked := time.Now()
			if err := end.do(e.Node, t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Logf("the engine ended %.1f s after %s", time.Since(asked).Seconds(), end.name)
			begin, answers := e.back(t)

			host.awaitWholeSince(answers, "the engine answered", newer(host.child))
			host.awaitEntry("the engine's event stream is back")
			if n := host.startedSince(begin); n != 1 {
				t.Errorf("since then the child was started %d times, want once", n)
			}
			host.stop()

			if code := inside.insideCode(); code != 69 {
				t.Errorf("foster in the container ended with %d, want 69", code)
			}
			inside.toldWhatItLeft()
			inside.collected()
			if !end.orderly {
				if code := relaying.insideCode(); code != 69 {
					t.Errorf("foster that relays ended with %d, want 69", code)
				}
				relaying.toldWhatItLeft()
				relaying.collected()
				return
			}
			if code := relaying.insideCode(); code != 0 {
				t.Errorf("foster that relays ended with %d, want 0", code)
			}
			relaying.docker("rm", relaying.inside)
			relaying.nothingLeft()
		})
	}
}

// TestEngineRestartWithLiveRestore: containers live on without their engine.
// A child that does keeps its process; one that dies meanwhile is made anew,
// though no event ever tells of its death.
func TestEngineRestartWithLiveRestore(t *testing.T) {
	t.Parallel()
	for _, end := range ends {
		t.Run(end.name, func(t *testing.T) {
			t.Parallel()
			e := newMortalEngine(t, lab.Options{DockerdFlags: []string{"--live-restore"}})
			wards := []*ward{newWard(t, e, "host"), newWard(t, e, "container")}
			for _, w := range wards {
				w.watch()
			}

			if err := end.do(e.Node, t.Context()); err != nil {
				t.Fatal(err)
			}
			_, answers := e.back(t)
			for _, w := range wards {
				w.awaitWholeSince(answers, "the engine answered", same(w.child))
				killed := time.Now()
				w.signalChild(w.child, syscall.SIGKILL)
				w.awaitWholeSince(killed, "its death", newer(w.child))
			}

			if err := end.do(e.Node, t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, w := range wards {
				w.killUnseen(w.child)
			}
			_, answers = e.back(t)
			for _, w := range wards {
				w.awaitWholeSince(answers, "the engine answered", newer(w.child))
			}
			for _, w := range wards {
				w.stop()
				w.created(3)
			}
		})
	}
}

// TestStaleSocket: an engine that makes its socket anew leaves a foster that has
// the file mounted, and lives on, with the old one. It ends and says so; started
// again, as its restart policy does, it has the new one and adopts its child.
func TestStaleSocket(t *testing.T) {
	t.Parallel()
	e := newMortalEngine(t, lab.Options{DockerdFlags: []string{"--live-restore"}})
	w := newWard(t, e, "container")
	w.residence = []string{"--restart", "always", "--volume", e.sockets + "/docker.sock:/var/run/docker.sock"}
	w.watch()
	if err := e.KillEngine(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, answers := e.back(t)
	w.awaitEntry("adopted")
	t.Logf("adopted %.1f s after the engine answered", time.Since(answers).Seconds())
	w.awaitWholeSince(answers, "the engine answered", same(w.child))
	killed := time.Now()
	w.signalChild(w.child, syscall.SIGKILL)
	w.awaitWholeSince(killed, "its death", newer(w.child))
	w.stop()
	w.created(2)
}

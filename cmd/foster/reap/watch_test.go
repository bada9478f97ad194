package reap

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/rs/zerolog"

	"foster/test/engine"
)

// watched is a Watch that runs.
type watched struct {
	*world
	cancel context.CancelFunc
	done   chan error

	logMu sync.Mutex
	log   bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	return w.log.Write(p)
}

func (w *watched) said(text string) int {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	return strings.Count(w.log.String(), text)
}

func (w *world) watch(c Config) *watched {
	ctx, cancel := context.WithCancel(w.t.Context())
	out := &watched{world: w, cancel: cancel, done: make(chan error, 1)}
	c.Engine, c.Log = w, zerolog.New(out)
	go func() { out.done <- New(c).Watch(ctx) }()
	return out
}

// end stops the watch, which ends without an error.
func (w *watched) end() {
	w.t.Helper()
	w.cancel()
	w.must(<-w.done)
	if w.t.Failed() {
		w.t.Logf("its log:\n%s", w.log.String())
	}
}

// TestWatch: the death of a parent begins the grace, the next foster ends it.
func TestWatch(t *testing.T) {
	for _, version := range []string{"20.10", "28.0"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, version)
			one := w.foster("one", "LAUNCH_PROJECT_NAME=p")
			w.child("p", "app", one, nil, w.network("p", "front"))
			r := w.watch(Config{Grace: time.Minute, Resync: time.Hour})
			time.Sleep(10 * time.Minute)

			// Its project's next foster comes in time.
			w.must(w.Destroy("one"))
			time.Sleep(59 * time.Second)
			two := w.foster("two", "LAUNCH_PROJECT_NAME=p")
			time.Sleep(10 * time.Minute)
			w.left("two", "p-app-1")
			if r.said("an orphan: it goes unless") != 2 || r.said("no longer an orphan") != 2 {
				t.Errorf("the child and its network have not been orphans once")
			}

			// One that was made after the last look, and nobody comes for it. With
			// two fosters gone it counts from the end of the second.
			w.child("p", "more", two, nil)
			w.must(w.Kill("two"))
			time.Sleep(59 * time.Second)
			w.left("two", "p-app-1", "p-more-1")
			time.Sleep(15 * time.Second)
			w.left("two")
			if got := w.Networks(); len(got) > 0 {
				t.Errorf("networks left: %q", got)
			}
			r.end()
			if n := r.said(`"message":"removed"`); n != 5 {
				t.Errorf("it tells of %d removals, want 2 containers, 2 volumes and a network", n)
			}
		})
	}
}

// TestWatchHears of every end that matters, without waiting for a look that comes
// by itself.
func TestWatchHears(t *testing.T) {
	for _, who := range []struct {
		name string
		make func(w *world) // makes the container called end, while the watch runs
	}{
		{"a foster that has only taken over", func(w *world) {
			w.child("p", "app", gone(1), nil)
			w.foster("end", "LAUNCH_PROJECT_NAME=p")
		}},
		{"a followed container", func(w *world) {
			id, err := w.Run(engine.Container{Name: "end", Config: &container.Config{Image: "app:1"}})
			w.must(err)
			w.child("p", "app", id, nil)
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "20.10")
			r := w.watch(Config{Grace: time.Minute, Resync: time.Hour})
			time.Sleep(time.Second)
			who.make(w)
			time.Sleep(time.Second)
			w.must(w.Destroy("end"))
			time.Sleep(61 * time.Second)
			if left := w.Containers(); len(left) > 0 {
				t.Errorf("%s: left are %q", who.name, left)
			}
			r.end()
		})
	}
}

// TestWatchAndALateList: the engine's list has a parent as running when its death
// is told.
func TestWatchAndALateList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "20.10")
		r := w.watch(Config{Grace: time.Minute, Resync: time.Hour})
		time.Sleep(time.Second)
		w.child("p", "app", w.foster("dead", "LAUNCH_PROJECT_NAME=p"), nil)
		time.Sleep(time.Second)
		w.freeze(true)
		w.must(w.Kill("dead"))
		time.Sleep(time.Second)
		w.freeze(false)
		time.Sleep(61 * time.Second)
		w.left("dead")
		r.end()
	})
}

// TestWatchIsCheap: what happens to others costs no looks.
func TestWatchIsCheap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "20.10")
		w.child("p", "app", w.foster("one"), nil)
		r := w.watch(Config{Grace: time.Minute})
		time.Sleep(time.Second)
		w.forgetCalls()
		for range 1000 {
			w.must(w.Restart("p-app-1"))
			time.Sleep(time.Second)
		}
		r.end()
		if n := len(w.calls); n > 2*4 {
			t.Errorf("it made %d calls in 17 minutes, %q …", n, w.calls[:8])
		}
	})
}

// TestWatchThroughARestart: an engine that was away has forgotten who ran, and
// the fosters need their time to come again.
func TestWatchThroughARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "20.10")
		w.child("one", "app", w.foster("one", "LAUNCH_IMAGE=app:1"), nil)
		w.child("two", "app", w.foster("two", "LAUNCH_IMAGE=app:1"), nil)
		r := w.watch(Config{Grace: time.Minute})
		time.Sleep(time.Second)
		w.must(w.Kill("two"))
		time.Sleep(50 * time.Second)
		w.Down(true)
		time.Sleep(time.Hour)
		w.Up()
		time.Sleep(50 * time.Second)
		w.left("one", "one-app-1", "two", "two-app-1")
		w.must(w.Start("one"))
		time.Sleep(5 * time.Minute)
		w.left("one", "one-app-1", "two")
		r.end()
		if r.said("the engine is away") != 1 || r.said("the engine is back") != 1 {
			t.Error("it does not tell of the restart once")
		}
	})
}

// TestWatchAnswersFirst: the same where a look succeeds before the stream does,
// after looks that failed and without any; an engine that refuses every stream
// keeps no orphan alive.
func TestWatchAnswersFirst(t *testing.T) {
	for name, x := range map[string]struct {
		down  time.Duration // begins ten seconds before the grace ends
		until time.Duration // the stream comes so long after it; 0: never
	}{
		"looks failed":      {15 * time.Second, 20 * time.Second},
		"no look failed":    {5 * time.Second, 20 * time.Second},
		"no stream, at all": {time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, "20.10")
				w.child("one", "app", w.foster("one", "LAUNCH_IMAGE=app:1"), nil)
				r := w.watch(Config{Grace: time.Minute})
				time.Sleep(time.Second)
				w.must(w.Kill("one"))
				time.Sleep(50 * time.Second)
				w.Inject(engine.Events, -1, engine.Fault{Err: engine.Refused})
				w.Down(false)
				time.Sleep(x.down)
				w.Up()
				waited := max(x.until, 11*time.Minute) // a look that failed is repeated within 5 minutes and a half
				if x.until > 0 {
					time.Sleep(x.until)
					w.left("one", "one-app-1")
					w.Heal()
				}
				time.Sleep(50 * time.Second)
				if x.until > 0 {
					w.left("one", "one-app-1")
				}
				time.Sleep(waited)
				w.left("one")
				r.end()
			})
		})
	}
}

// TestWatchAndABrokenStream: a stream that somebody cuts again and again keeps
// no orphan alive.
func TestWatchAndABrokenStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "20.10")
		w.child("p", "app", gone(1), nil)
		r := w.watch(Config{Grace: time.Minute})
		for range 90 {
			time.Sleep(time.Second)
			w.CutStreams(nil)
		}
		w.left()
		r.end()
		if n := len(w.calls); n > 90*4 {
			t.Errorf("it made %d calls in 90 seconds", n)
		}
	})
}

// TestWatchTriesAgain: what resists is told of once, tried again with longer
// pauses, and told of when it is gone.
func TestWatchTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "20.10")
		id := w.child("p", "app", gone(1), nil)
		w.Inject(engine.ContainerRemove, 5, engine.Fault{For: id, Err: errors.New("device or resource busy")})
		r := w.watch(Config{Grace: time.Second})
		time.Sleep(time.Minute)
		w.left()
		if r.said(`"warn"`) != 1 || r.said("could not be removed, trying again") != 5 || r.said(`"message":"removed"`) != 2 {
			t.Error("it does not tell of it")
		}
		w.Inject(engine.ContainerList, 3, engine.Fault{Err: errors.New("internal error")})
		w.child("q", "app", gone(2), nil)
		time.Sleep(10 * time.Minute)
		w.left()
		r.end()
		if r.said("could not look at the engine") != 3 || r.said("the engine answers again") != 1 {
			t.Error("it does not tell of the engine")
		}
	})
}

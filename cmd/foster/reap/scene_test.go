package reap

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"foster/spec"
)

// TestALookAsksOnce: whatever a container is, one inspect in its life tells.
func TestALookAsksOnce(t *testing.T) {
	w := newWorld(t, "20.10")
	who := w.foster("who", "LAUNCH_PROJECT_NAME=p")
	app := w.child("p", "app", who, nil)
	both := w.child("p", "both", who, map[string]string{spec.LabelLauncher: "true"})
	w.must(w.Kill(w.foster("ended")))
	r := New(Config{Engine: w})
	for _, want := range [][]string{
		{"list ", "inspect " + app, "inspect " + both, "inspect " + who, "networks "},
		{"list ", "networks "},
	} {
		w.forgetCalls()
		s, err := r.scene(t.Context(), true)
		w.must(err)
		if !slices.Equal(w.calls, want) {
			t.Errorf("it made %q, want %q", w.calls, want)
		}
		if len(s.containers) != 4 || len(s.byID) != 4 || len(s.launchers) != 2 || !slices.Equal(s.made[who], []string{"p"}) {
			t.Errorf("it brought %+v", s)
		}
	}
	w.must(w.Destroy("who"))
	_, err := r.look(t.Context())
	w.must(err)
	if _, ok := r.facts[who]; ok || len(r.facts) != 2 {
		t.Errorf("of what is gone it remembers %+v", r.facts)
	}
}

// TestGoneSinceTheList: what the list still has and an inspect does not find is
// not there.
func TestGoneSinceTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "20.10")
		w.child("p", "app", w.foster("who", "LAUNCH_PROJECT_NAME=p"), nil)
		w.child("p", "gone", gone(1), nil)
		w.freeze(true)
		w.must(w.Destroy("who"))
		w.must(w.Destroy("p-gone-1"))
		found, err := w.once(Config{DryRun: true})
		w.must(err)
		w.expect(found, "container p-app-1: orphan, its parent is gone", "volume *: orphan, it goes with container p-app-1")
	})
}

// TestRestartedInPlace: a foster that runs again after its death is asked about
// it once.
func TestRestartedInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "20.10")
		one := w.foster("one", "LAUNCH_PROJECT_NAME=p")
		w.child("p", "app", one, nil)
		r := w.watch(Config{Grace: time.Minute, Resync: time.Minute})
		time.Sleep(time.Second)
		w.forgetCalls()
		w.must(w.Restart("one"))
		time.Sleep(time.Hour)
		if looks, asked := w.called("list "), w.called("inspect "+one); looks < 60 || asked != 1 {
			t.Errorf("it asked %d times in %d looks", asked, looks)
		}
		w.left("one", "p-app-1")
		r.end()
	})
}

// TestDiesAgain: the death of a restarted foster that comes while the engine
// answers for it as running counts, although the list is late.
func TestDiesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "20.10")
		one := w.foster("one", "LAUNCH_PROJECT_NAME=p")
		w.child("p", "app", one, nil)
		r := w.watch(Config{Grace: time.Minute, Resync: time.Hour})
		time.Sleep(time.Second)
		w.mu.Lock()
		w.after = func(id string) {
			if id != one {
				return
			}
			w.mu.Lock()
			w.after = nil
			w.mu.Unlock()
			w.freeze(true)
			w.must(w.Kill("one"))
			time.Sleep(100 * time.Millisecond) // its death is told
		}
		w.mu.Unlock()
		w.must(w.Restart("one"))
		time.Sleep(time.Second)
		w.freeze(false)
		time.Sleep(61 * time.Second)
		w.left("one")
		r.end()
	})
}

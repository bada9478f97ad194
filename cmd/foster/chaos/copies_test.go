package chaos

import (
	"strings"
	"testing"
	"time"
)

// TestCopyBesideTheChild: a container that carries a child's labels, because its
// image is a commit of the child, is no second of it, and is not touched.
func TestCopyBesideTheChild(t *testing.T) {
	for _, when := range []string{"before", "in between"} {
		bubble(t, func(t *testing.T, w *world) {
			w.child("p", "web")
			start := func() { w.copy("p-web", "copy", "front", "p_back") }
			if when == "before" {
				start()
			} else {
				time.AfterFunc(time.Second, start) // after the first fault and before the second
			}
			o := options()
			o.Kinds, o.Cuts, o.Rounds = []Kind{Remove, Pause}, []string{"front"}, 8
			if s := w.must(o); s.Done != 8 || len(s.Never) > 0 {
				t.Errorf("a copy was started %s: %+v\n%s", when, s, w.out.String())
			}
			c, err := w.e.Look("copy")
			if err != nil {
				t.Fatal(err)
			}
			started, err := time.Parse(time.RFC3339Nano, c.State.StartedAt)
			if err != nil || time.Since(started) < 8*time.Second || !c.State.Running || c.State.Paused || len(c.NetworkSettings.Networks) != 2 {
				t.Errorf("the copy was touched: %+v", c.State)
			}
		})
	}
}

// TestCopyWithoutTheChild: where the child itself has ended for good, a copy is
// not taken for it, however it is named.
func TestCopyWithoutTheChild(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		child := w.child("p", "web")
		id := w.copy(child, "copy", "front")
		w.asleep()
		if err := w.e.Destroy(child); err != nil {
			t.Fatal(err)
		}
		const why = "no foster has made container copy: it was made from image snapshot:1, its label foster.image says app:1"
		o := options()
		if _, err := Survey(t.Context(), w.e, o); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("no name: %v", err)
		}
		for _, name := range []string{"web", "p/web", "copy", id} {
			o.Children = []string{name}
			if _, err := Survey(t.Context(), w.e, o); err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("--child %s: %v", name, err)
			}
		}
		o.Children, o.Projects = nil, []string{"p"}
		if _, err := Survey(t.Context(), w.e, o); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("--project: %v", err)
		}

		// Nor does its project make another one ambiguous.
		w.child("q", "web")
		o = options()
		for _, names := range [][]string{nil, {"web"}} {
			o.Children = names
			if found, err := Survey(t.Context(), w.e, o); err != nil || len(found.Targets) != 1 || found.Targets[0].Name() != "q/web" {
				t.Errorf("%v beside another project's copy: %v", names, err)
			}
		}
		if n := w.actions(); n > 0 {
			t.Errorf("%d faults", n)
		}
	})
}

// TestCopyIsNamed: who names the copy does not mean the child.
func TestCopyIsNamed(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.copy(w.child("p", "web"), "copy")
		o := options()
		o.Children = []string{"copy"}
		if _, err := Survey(t.Context(), w.e, o); err == nil || !strings.Contains(err.Error(), "no foster has made container copy") {
			t.Error(err)
		}
	})
}

// TestRenamedChild: foster does not know it under another name, unless it saw
// it before; the operator is told what to do.
func TestRenamedChild(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		if err := w.e.Rename(w.child("p", "web"), "other"); err != nil {
			t.Fatal(err)
		}
		if _, err := Survey(t.Context(), w.e, options()); err == nil || !strings.Contains(err.Error(), "its name is other, its label foster.container says p-web; if it is the child, renamed: rename it back") {
			t.Error(err)
		}
	})
}

// TestNamesAreFosters: completion offers no copies.
func TestNamesAreFosters(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		child := w.child("p", "web")
		w.copy(child, "copy")
		if _, names, _, err := Names(t.Context(), w.e); err != nil || len(names) != 1 || names[0] != "p/web" {
			t.Errorf("%v, %v", names, err)
		}
		w.asleep()
		if err := w.e.Destroy(child); err != nil {
			t.Fatal(err)
		}
		if projects, names, _, err := Names(t.Context(), w.e); err != nil || len(projects)+len(names) > 0 {
			t.Errorf("%v, %v, %v", projects, names, err)
		}
	})
}

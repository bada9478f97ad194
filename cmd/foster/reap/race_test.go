package reap

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// TestRaces starts a foster of the project before each single call of a run:
// what it finds at its first look is never changed after reap could have seen
// it, so that every call that changes something is behind a look that did not.
func TestRaces(t *testing.T) {
	run := func(t *testing.T, act func(w *world, n int)) (calls []string, left []string) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, "20.10")
			parent := w.foster("dead", "LAUNCH_PROJECT_NAME=p")
			w.child("p", "app", parent, nil, w.network("p", "front"))
			w.must(w.Kill(parent))
			w.before = func(n int, _, _ string) { act(w, n) }
			_, err := w.once(Config{})
			w.must(err)
			calls = w.calls
			left = append(w.Containers(), w.Networks()...)
		})
		return calls, left
	}
	calm, left := run(t, func(*world, int) {})
	if fmt.Sprint(left) != "[dead]" {
		t.Fatalf("a run that nobody disturbs leaves %q after %q", left, calm)
	}
	for _, how := range []struct {
		name string
		come func(*world)
	}{
		{"by its settings", func(w *world) { w.foster("next", "LAUNCH_PROJECT_NAME=p") }},
		{"in the same container", func(w *world) { w.must(w.Start("dead")) }},
	} {
		t.Run(how.name, func(t *testing.T) {
			for k := 1; k <= len(calm); k++ {
				calls, left := run(t, func(w *world, n int) {
					if n == k {
						how.come(w)
					}
				})
				// Each change must come before the next look that begins after k.
				seen := slices.IndexFunc(calls[k-1:], func(c string) bool { return strings.HasPrefix(c, "list") })
				if seen < 0 {
					continue // it came after the last look of all
				}
				for i, c := range calls {
					if i > k-1+seen && (strings.HasPrefix(c, "stop") || strings.HasPrefix(c, "remove")) {
						t.Errorf("it came before call %d (%s); call %d is a %s although a look came between\n%q", k, calls[k-1], i+1, c, calls)
					}
				}
				stopped := slices.ContainsFunc(calls, func(c string) bool { return strings.HasPrefix(c, "remove ") && !strings.HasPrefix(c, "remove network") })
				if has := slices.Contains(left, "p-app-1"); has == stopped {
					t.Errorf("it came before call %d: left are %q", k, left)
				}
			}
		})
	}
	t.Run("during the stop", func(t *testing.T) {
		_, left := run(t, func(w *world, n int) {
			if strings.HasPrefix(w.calls[n-1], "stop") {
				w.foster("next", "LAUNCH_PROJECT_NAME=p")
			}
		})
		if fmt.Sprint(left) != "[dead next p-app-1 p_front]" {
			t.Errorf("left are %q", left)
		}
	})
	t.Run("before the list knows", func(t *testing.T) {
		_, left := run(t, func(w *world, n int) {
			if n == 1 {
				w.freeze(true)
				w.must(w.Start("dead"))
			}
		})
		if fmt.Sprint(left) != "[dead p-app-1 p_front]" {
			t.Errorf("left are %q", left)
		}
	})
	t.Run("a child that is started again", func(t *testing.T) {
		for k := 1; k <= len(calm); k++ {
			_, left := run(t, func(w *world, n int) {
				if n == k && slices.Contains(w.Containers(), "p-app-1") {
					_ = w.Restart("p-app-1") // one that is being removed cannot be
				}
			})
			if slices.Contains(left, "p-app-1") != slices.Contains(left, "p_front") {
				t.Errorf("it came before call %d: left are %q", k, left)
			}
		}
	})
}

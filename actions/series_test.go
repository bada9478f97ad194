package actions

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/state"
	"foster/test/engine"
)

// TestDiscardsOfASeries: the end of incomplete containers that could not be
// removed is told, and the next one is a first one.
func TestDiscardsOfASeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := errors.New("busy")
		var connects, removes error
		e := &stub{
			t: t, version: "1.43", create: answering(&made{}, nil), imgInspect: images("sha256:1"),
			connect: func(context.Context, string, string, *network.EndpointSettings) error { return connects },
			remove:  func(context.Context, string, container.RemoveOptions) error { return removes },
		}
		r := run(t, e, project())
		create := func(fails, stays error) {
			connects, removes = fails, stays
			r.in <- state.Create{Op: 1, Child: "web"}
			r.await(t)
		}
		create(refused, refused)
		create(refused, refused)
		create(refused, nil) // which takes it away
		create(refused, refused)
		create(nil, nil) // the core has removed it
		create(nil, nil)
		r.end()
		var said []string
		for _, line := range told(t, r.log) {
			if strings.Contains(line, "incomplete") {
				said = append(said, line)
			}
		}
		const left, over = "an incomplete container is left", "info no incomplete container is left any more"
		want := "warn " + left + "\ndebug " + left + "\n" + over + " 2\nwarn " + left + "\n" + over + " 1"
		if got := strings.Join(said, "\n"); got != want {
			t.Errorf("the log has\n%s\nwant\n%s", got, want)
		}
	})
}

// TestNamesakesOfASeries: as above, of networks that could not be made one.
func TestNamesakesOfASeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ambiguous := invalid("network front is ambiguous (2 matches found on name)")
		refused, answers := error(internal("busy")), []error{ambiguous, ambiguous, nil, ambiguous}
		all := []network.Inspect{twin("n1", "p", 0), twin("n2", "p", time.Hour)}
		e := &stub{
			t: t, create: answering(&made{}, answers...), imgInspect: images("sha256:1"),
			netList: func(context.Context) ([]network.Summary, error) { return all, nil },
			netInspect: func(_ context.Context, id string) (network.Inspect, error) {
				for _, n := range all {
					if n.ID == id {
						return n, nil
					}
				}
				return network.Inspect{}, notFound("network " + id + " not found")
			},
			netRemove: func(context.Context, string) error { return refused },
		}
		r := run(t, e, project())
		for range answers {
			r.in <- state.Create{Op: 1, Child: "web"}
			r.await(t)
		}
		refused = nil
		r.in <- state.Create{Op: 1, Child: "web"}
		r.await(t)
		r.end()
		var said []string
		for _, line := range told(t, r.log) {
			if strings.HasPrefix(line, "warn two") || strings.HasPrefix(line, "debug two") || strings.Contains(line, "again") {
				said = append(said, line)
			}
		}
		want := "warn two networks of one name\ndebug two networks of one name\ninfo one network of this name again 2\nwarn two networks of one name\ninfo one network of this name again 1"
		if got := strings.Join(said, "\n"); got != want {
			t.Errorf("the log has\n%s\nwant\n%s", got, want)
		}
	})
}

// TestStopsAfterHooksOfASeries: as above, of the stop after a hook that failed.
func TestStopsAfterHooksOfASeries(t *testing.T) {
	withHooks(t, nil, func(h hooked) {
		for _, fails := range []bool{true, true, false, true} {
			h.engine.BehaveExec("up one", engine.Command{Code: 1})
			if fails {
				h.engine.Inject(engine.ContainerStop, -1, engine.Fault{Err: engine.BadParameter})
			}
			check(t, h.done(t, h.start()), state.Transient, h.id, "code 1")
			h.engine.Heal()
			if fails {
				if err := h.engine.Stop(h.id); err != nil {
					t.Fatal(err)
				}
			}
		}
		h.end()
		const failed = "the stop after a hook that failed did not work"
		tells(t, h.log, "warn "+failed, "debug "+failed, "info the stop after a hook that failed works again 2", "warn "+failed)
	})
}

// TestWarningsOfTheEngine: what it says at every create is told once, and what
// is new each time is not kept.
func TestWarningsOfTheEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &stub{t: t, create: answering(&made{}, nil), imgInspect: images("sha256:1")}
		r := run(t, e, project())
		for _, warnings := range [][]string{{"no swap"}, {"no swap", "id 1"}, {"id 2"}, nil, {"no swap"}} {
			e.warnings = warnings
			check(t, r.done(t, state.Create{Op: 1, Child: "web"}), state.OK, "c1", "")
		}
		r.end()
		const text = " the engine warns"
		tells(t, r.log, "warn"+text, "debug"+text, "warn"+text, "warn"+text, "warn"+text)
		var w warned
		for _, text := range []string{"a", "b", "c"} {
			w.levels("child web", []string{text})
		}
		if kept := w.last["child web"]; len(w.last) != 1 || len(kept) != 1 || kept[0] != "c" {
			t.Errorf("kept: %v", w.last)
		}
	})
}

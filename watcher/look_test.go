package watcher

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"foster/state"
	"foster/test/engine"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

// look asks and waits for the answer; other events are passed over.
func (b *bench) look(req state.Observe) state.Event {
	b.t.Helper()
	b.observe <- req
	for _, ev := range b.heard(time.Minute) {
		switch ev.(type) {
		case state.Observed, state.ObserveFailed:
			return ev
		}
	}
	b.t.Fatal("no answer")
	return nil
}

func (b *bench) observed(req state.Observe) state.Observed {
	b.t.Helper()
	got, ok := b.look(req).(state.Observed)
	if !ok || got.Op != req.Op || got.Child != req.Child {
		b.t.Fatalf("answer %+v", got)
	}
	return got
}

// names are the children of an answer with their networks.
func names(got state.Observed) string {
	var out []string
	for _, c := range got.Children {
		out = append(out, fmt.Sprintf("%s:%d%v", c.Name, c.Status, c.Attached))
	}
	return strings.Join(out, " ")
}

func TestLookAtTheProject(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.network()
		b.cfg.Networks = []string{"gone", "br1"}
		b.cfg.Parent = "par"
		b.child("web")
		b.child("app")
		b.child("foreign", labelProject, "q")
		b.must(b.Exit("web", 4))
		b.run()
		b.Inject(engine.ContainerList, 1, engine.Fault{Delay: time.Second})
		asked := time.Now()
		got := b.observed(state.Observe{Op: 7})
		if names(got) != "app:1[br1] web:2[]" || got.Children[1].Code != 4 || got.Children[0].Hash != "h" {
			t.Errorf("children %+v", got.Children)
		}
		if !reflect.DeepEqual(got.Networks, []state.NetworkFacts{{Name: "br1", Present: true}, {Name: "gone"}}) {
			t.Errorf("networks %+v", got.Networks)
		}
		if got.ParentUp {
			t.Error("a parent that does not exist is up")
		}
		if got.At.After(asked) {
			t.Errorf("At is %v after the question", got.At.Sub(asked))
		}
		_, err := b.Run(engine.Container{Name: "par", Config: &container.Config{Image: "app:1"}})
		b.must(err)
		if !b.observed(state.Observe{Op: 8}).ParentUp {
			t.Error("the parent is not up")
		}
		b.must(b.Exit("par", 0))
		if b.observed(state.Observe{Op: 9}).ParentUp {
			t.Error("a dead parent is up")
		}
	})
}

func TestLookAtOneChild(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.network()
		b.run()
		old := b.child("app")
		b.child("web")
		if got := b.observed(state.Observe{Op: 1, Child: "app", ID: old}); names(got) != "app:1[br1]" || got.Networks != nil {
			t.Errorf("by ID: %+v", got)
		}
		if got := b.observed(state.Observe{Op: 2, Child: "app"}); names(got) != "app:1[br1]" {
			t.Errorf("by label: %+v", got)
		}
		b.must(b.Destroy("app"))
		if got := b.observed(state.Observe{Op: 3, Child: "app", ID: old}); len(got.Children) != 0 {
			t.Errorf("gone: %+v", got)
		}
		second := b.child("app")
		if got := b.observed(state.Observe{Op: 4, Child: "app", ID: old}); len(got.Children) != 1 || got.Children[0].ID != second {
			t.Errorf("another in its place: %+v", got)
		}
		foreign, err := b.Run(engine.Container{Name: "foreign", Config: &container.Config{Image: "app:1"}})
		b.must(err)
		if got := b.observed(state.Observe{Op: 5, Child: "x", ID: foreign}); len(got.Children) != 0 {
			t.Errorf("a container without our label: %+v", got)
		}
	})
}

func TestAnExactNetworkName(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		id, err := b.AddNetwork("br1", network.CreateOptions{})
		b.must(err)
		b.cfg.Networks = []string{id[:8]} // the engine takes it for the ID
		b.run()
		if got := b.observed(state.Observe{Op: 1}); got.Networks[0].Present {
			t.Error("a network of another name counts as present")
		}
		for words, want := range map[string]bool{
			"network ab is ambiguous (2 matches found based on ID prefix)": false,
			"network ab is ambiguous (2 matches found on name)":            true,
		} {
			b.Inject(engine.NetworkInspect, 1, engine.Fault{Err: fmt.Errorf("%s: %w", words, errdefs.ErrInvalidArgument)})
			if got := b.observed(state.Observe{Op: 2}); got.Networks[0].Present != want {
				t.Errorf("%s: present: %v", words, !want)
			}
		}
	})
}

func TestHolder(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.network()
		b.cfg.Parent = "followed"
		run := func(name string) string {
			id, err := b.Run(engine.Container{Name: name, Config: &container.Config{Image: "app:1"}})
			b.must(err)
			return id
		}
		live, followed, dead := run("svc.2"), run("followed"), run("svc.3")
		b.must(b.Exit("svc.3", 0))
		for name, parent := range map[string]string{"own": "self", "none": "", "held": live, "held2": live, "mine": followed, "orphan": dead, "lost": "nosuch"} {
			b.child(name, labelParent, parent)
		}
		b.run()
		b.ForgetCalls()
		for _, c := range b.observed(state.Observe{Op: 1}).Children {
			want := ""
			if strings.HasPrefix(c.Name, "held") {
				want = "svc.2"
			}
			if c.Holder != want {
				t.Errorf("%s is held by %q, want %q", c.Name, c.Holder, want)
			}
		}
		// Seven children, four parents that are not us, the followed one by name.
		if n := b.Count(engine.ContainerInspect); n != 12 {
			t.Errorf("%d inspects, want 12", n)
		}
	})
}

func TestLooksThatFail(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.network()
		id := b.child("app", labelParent, "other")
		_, err := b.Run(engine.Container{Name: "par", Config: &container.Config{Image: "app:1"}})
		b.must(err)
		b.cfg.Parent = "par"
		b.run()
		for _, c := range []struct {
			name  string
			verb  engine.Verb
			fault engine.Fault
			req   state.Observe
			want  string
		}{
			{"list", engine.ContainerList, engine.Fault{Err: engine.Internal}, state.Observe{}, `list containers of project "p": `},
			{"inspect", engine.ContainerInspect, engine.Fault{For: id, Err: engine.Refused}, state.Observe{Child: "app", ID: id}, "inspect container " + id[:12] + ": "},
			{"hang", engine.ContainerInspect, engine.Fault{For: id, Hang: true}, state.Observe{Child: "app"}, "context deadline exceeded"},
			{"network", engine.NetworkInspect, engine.Fault{Err: engine.Unavailable}, state.Observe{}, `inspect network "br1": `},
			{"parent", engine.ContainerInspect, engine.Fault{For: "par", Err: engine.Internal}, state.Observe{}, `inspect the parent, container "par": `},
			{"holder", engine.ContainerInspect, engine.Fault{For: "other", Err: engine.Internal}, state.Observe{Child: "app"}, "inspect parent of container " + id[:12] + ": "},
		} {
			b.Inject(c.verb, 1, c.fault)
			c.req.Op = 3
			begin := time.Now()
			got, failed := b.look(c.req).(state.ObserveFailed)
			if !failed || got.Op != 3 || got.Child != c.req.Child || !strings.Contains(got.Detail, c.want) {
				t.Errorf("%s: %+v, want %q", c.name, got, c.want)
			}
			if d := time.Since(begin); d > time.Minute {
				t.Errorf("%s: took %v", c.name, d)
			}
			b.Heal()
		}
	})
}

func TestThePoolIsBounded(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.network()
		for i := range 20 {
			b.child(fmt.Sprintf("app%02d", i))
		}
		b.run()
		b.heard(time.Second)
		b.ForgetCalls()
		b.Inject(engine.ContainerInspect, -1, engine.Fault{Delay: time.Second})
		begin := time.Now()
		b.observe <- state.Observe{Op: 1}
		synctest.Wait()
		if n := b.Count(engine.ContainerInspect); n != poolSize {
			t.Errorf("%d inspects at once, want %d", n, poolSize)
		}
		for ev := range b.out {
			if got, ok := ev.(state.Observed); ok {
				if len(got.Children) != 20 || time.Since(begin) != 3*time.Second {
					t.Errorf("%d children after %v", len(got.Children), time.Since(begin))
				}
				return
			}
		}
	})
}

// TestACutDuringALookIsNotLost: the container is known to the reader before it
// is inspected, so that a cut right behind the inspect is heard.
func TestACutDuringALookIsNotLost(t *testing.T) {
	for name, ask := range map[string]func(id string) state.Observe{
		"project": func(string) state.Observe { return state.Observe{Op: 1} },
		"by ID":   func(id string) state.Observe { return state.Observe{Op: 1, Child: "app", ID: id} },
	} {
		onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
			b.network()
			id := b.child("app", labelParent, "other") // not heard of by event
			b.run()
			b.heard(time.Second)
			b.Inject(engine.ContainerInspect, 1, engine.Fault{For: "other", Delay: 5 * time.Second}) // holds the answer back
			b.observe <- ask(id)
			time.Sleep(time.Second)
			b.must(b.Cut("br1", "app"))
			if got := kinds(b.heard(time.Minute)); got != "NetLost NetLost Observed" {
				t.Errorf("%s: heard %q", name, got)
			}
		})
	}
}

func TestAMissedDestroyIsForgotten(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.network()
		w := New(b.cfg)
		id := b.child("app")
		w.known.add("long-gone")
		if _, ok := w.look(t.Context(), state.Observe{Op: 1}).(state.Observed); !ok {
			t.Fatal("no answer")
		}
		if w.known.has("long-gone") || !w.known.has(id) {
			t.Errorf("known: %v", w.known.all())
		}
	})
}

package watcher

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"foster/state"
	"foster/test/engine"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
)

func TestDecodeOwner(t *testing.T) {
	const full = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	at := time.Unix(1, 7).UTC()
	d := decoder{
		launcher: none, awaited: none,
		project: "p", names: []string{"vpn"}, parent: "par", parentID: func() string { return "" },
		ours:   func(string) bool { return false },
		owners: []string{"vpn", "par", full, full[:12], full[:4]},
		// Of the short one only a look can tell what it is.
		ownerID: func(string) string { return "" },
	}
	looked := d
	looked.ownerID = func(owner string) string {
		return map[string]string{full[:4]: full, full[:12]: "fedcba"}[owner]
	}
	for _, c := range []struct {
		name string
		d    decoder
		m    events.Message
		want []state.Event
	}{
		{"die", d, message("container", "die", "x", "name", "vpn"), []state.Event{state.OwnerDied{Name: "vpn", At: at}}},
		{"start", d, message("container", "start", "x", "name", "vpn"), []state.Event{state.OwnerStarted{Name: "vpn", At: at}}},
		{
			"destroy, which also frees a child's name", d, message("container", "destroy", "x", "name", "vpn"),
			[]state.Event{state.OwnerGone{Name: "vpn", At: at}, state.Freed{At: at}},
		},
		{
			"renamed away", d, message("container", "rename", "x", "name", "old", "oldName", "/vpn"),
			[]state.Event{state.OwnerGone{Name: "vpn", At: at}, state.Freed{At: at}},
		},
		{"given the name", d, message("container", "rename", "x", "name", "vpn", "oldName", "/old"), []state.Event{state.ResyncDue{}}},
		{
			"from one owner's name to another's", d, message("container", "rename", "x", "name", "par", "oldName", "/vpn"),
			[]state.Event{state.OwnerGone{Name: "vpn", At: at}, state.ResyncDue{}, state.Freed{At: at}},
		},
		{
			"the followed parent too", d, message("container", "die", "x", "name", "par"),
			[]state.Event{state.ParentDied{At: at}, state.OwnerDied{Name: "par", At: at}},
		},
		{
			"by ID and by prefix", d, message("container", "die", full, "name", "y"),
			[]state.Event{state.OwnerDied{Name: full, At: at}, state.OwnerDied{Name: full[:12], At: at}},
		},
		{
			"what the look found", looked, message("container", "start", full, "name", "y"),
			[]state.Event{state.OwnerStarted{Name: full, At: at}, state.OwnerStarted{Name: full[:4], At: at}},
		},
		{"a name before a prefix", looked, message("container", "die", "fedcba", "name", full[:12]), []state.Event{state.OwnerDied{Name: full[:12], At: at}}},
		{"one of the project", d, message("container", "die", "x", "name", "vpn", labelProject, "p"), []state.Event{state.ChildDied{ID: "x", Code: 255, At: at}}},
		{"killed", d, message("container", "kill", "x", "name", "vpn", "signal", "9"), nil},
		{"paused", d, message("container", "pause", "x", "name", "vpn"), nil},
		{"somebody", d, message("container", "die", "x", "name", "vpn2"), nil},
	} {
		if got := c.d.decode(c.m); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %#v, want %#v", c.name, got, c.want)
		}
	}
}

// outsider runs a container of nobody's.
func (b *bench) outsider(name string) string {
	b.t.Helper()
	id, err := b.Run(engine.Container{Name: name, Config: &container.Config{Image: "app:1"}})
	b.must(err)
	return id
}

func TestOwnersAreHeard(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.cfg.Owners = []string{"vpn"}
		b.run()
		b.expect("StreamBack")
		b.outsider("other")
		b.must(b.Kill("other"))
		b.expect("")
		b.outsider("vpn")
		b.expect("OwnerStarted")
		b.must(b.Restart("vpn"))
		b.expect("OwnerDied OwnerStarted")
		b.must(b.Rename("vpn", "old"))
		b.must(b.Kill("old"))
		b.expect("OwnerGone")
		b.must(b.Start("old"))
		b.must(b.Rename("old", "vpn"))
		b.expect("ResyncDue")
		b.must(b.Destroy("vpn"))
		b.expect("OwnerDied OwnerGone")
	})
}

func TestTheFollowedParentAsOwner(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.cfg.Owners, b.cfg.Parent = []string{"par"}, "par"
		b.run()
		b.expect("StreamBack")
		b.outsider("par")
		b.expect("ParentStarted OwnerStarted")
		b.DuplicateEvents(1)
		b.must(b.Exit("par", 0))
		b.expect("ParentDied OwnerDied")
		b.must(b.Rename("par", "was-par"))
		b.must(b.Start("was-par")) // the parent by its ID, an owner no more
		b.expect("OwnerGone ParentStarted")
	})
}

func TestLookAtOwners(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.network()
		id := b.outsider("byid")
		b.cfg.Owners = []string{"vpn", "app", id[:6], "gone"}
		b.child("app") // one of ours is no owner, whatever its name
		b.run()
		made := time.Now()
		b.outsider("vpn")
		// The engine's stamps grow by nanoseconds within one instant.
		at := func(d time.Duration) time.Time { return made.Add(d).Truncate(time.Millisecond).UTC() }
		facts := func(op int) map[string]state.OwnerFacts {
			all := map[string]state.OwnerFacts{}
			for _, o := range b.observed(state.Observe{Op: op}).Owners {
				o.Created, o.StartedAt = o.Created.Truncate(time.Millisecond), o.StartedAt.Truncate(time.Millisecond)
				all[o.Name] = o
			}
			if len(all) != 4 {
				t.Fatalf("owners %+v", all)
			}
			return all
		}
		expect := func(got, want state.OwnerFacts) {
			t.Helper()
			if got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
		first := facts(1) // takes a minute
		expect(first["vpn"], state.OwnerFacts{Name: "vpn", Present: true, Running: true, Created: at(0), StartedAt: at(0)})
		expect(first["app"], state.OwnerFacts{Name: "app"})
		expect(first["gone"], state.OwnerFacts{Name: "gone"})
		if o := first[id[:6]]; !o.Present || !o.Running || !o.StartedAt.Before(at(0)) {
			t.Errorf("by a short prefix: %+v", o)
		}
		// What the look found is known by its ID from now on.
		b.must(b.Kill("byid"))
		if got := b.heard(time.Second); kinds(got) != "OwnerDied" || got[0].(state.OwnerDied).Name != id[:6] {
			t.Errorf("heard %v", got)
		}
		b.must(b.Pause("vpn"))
		expect(facts(2)["vpn"], state.OwnerFacts{Name: "vpn", Present: true, Running: true, Created: at(0), StartedAt: at(0)})
		b.must(b.Unpause("vpn"))
		b.must(b.Kill("vpn"))
		expect(facts(3)["vpn"], state.OwnerFacts{Name: "vpn", Present: true, Created: at(0), StartedAt: at(0)})
		again := time.Since(made)
		b.must(b.Start("vpn"))
		expect(facts(4)["vpn"], state.OwnerFacts{Name: "vpn", Present: true, Running: true, Created: at(0), StartedAt: at(again)})
		b.must(b.Destroy("vpn"))
		expect(facts(5)["vpn"], state.OwnerFacts{Name: "vpn"})
		if got := b.observed(state.Observe{Op: 6, Child: "app"}).Owners; got != nil {
			t.Errorf("a look at one child tells of owners: %+v", got)
		}
		b.Inject(engine.ContainerInspect, 1, engine.Fault{For: "vpn", Err: engine.Internal})
		failed, ok := b.look(state.Observe{Op: 7}).(state.ObserveFailed)
		if !ok || !strings.Contains(failed.Detail, `inspect container "vpn", which a child shares with: `) {
			t.Errorf("%+v", failed)
		}
	})
}

// TestAnOwnerThatIsBeingRestarted cannot be joined, although the engine says
// that it runs.
func TestAnOwnerThatIsBeingRestarted(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.outsider("vpn")
		b.cfg.Engine = restarting{b.Engine}
		l := &look{Watcher: New(b.cfg)}
		if got, err := l.owner(t.Context(), "vpn"); err != nil || got.Running || !got.Present {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// restarting is an engine whose containers wait for their restart.
type restarting struct{ *engine.Engine }

func (r restarting) ContainerInspect(ctx context.Context, ref string) (container.InspectResponse, error) {
	c, err := r.Engine.ContainerInspect(ctx, ref)
	if err == nil {
		c.State.Status, c.State.Restarting = container.StateRestarting, true
	}
	return c, err
}

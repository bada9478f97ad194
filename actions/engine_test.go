package actions

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/spec"
	"foster/state"
	"foster/test/engine"
)

var _ Engine = (*engine.Engine)(nil)

// TestLife takes a child through its life on engines of both kinds: with one
// endpoint at create, and with several.
func TestLife(t *testing.T) {
	for _, version := range []string{"20.10", "28.0"} {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := engine.New(engine.Options{Version: version})
				defer e.Close()
				e.AddImage("app:1", engine.Image{})
				p := project()
				p.Networks[0] = spec.Network{Key: "back", Name: "back", Options: p.Networks[1].Options}
				p.Children[0].Endpoints[1].Settings.IPAMConfig = nil // no subnet of its own here
				p.Children[0].Config.Labels = madeLabels()
				r := run(t, e, p)
				defer r.end()

				for _, n := range []string{"front", "back"} {
					first := r.done(t, state.EnsureNetwork{Op: 1, Network: n})
					check(t, r.done(t, state.EnsureNetwork{Op: 2, Network: n}), state.OK, first.ID, "")
				}
				check(t, r.done(t, state.Prepare{Op: 3, Child: "web", Fresh: true}), state.OK, "", "")
				d := r.done(t, state.Create{Op: 4, Child: "web"})
				check(t, d, state.OK, d.ID, "")
				check(t, r.done(t, state.Create{Op: 5, Child: "web"}), state.Exists, d.ID, "of this child")
				check(t, r.done(t, state.Start{Op: 6, Child: "web", ID: d.ID}), state.OK, d.ID, "")
				check(t, r.done(t, state.Start{Op: 7, Child: "web", ID: d.ID}), state.OK, d.ID, "")

				check(t, r.done(t, state.Attach{Op: 8, Child: "web", ID: d.ID, Network: "back"}), state.OK, d.ID, "")
				if err := e.NetworkDisconnect(t.Context(), "back", d.ID, false); err != nil {
					t.Fatal(err)
				}
				check(t, r.done(t, state.Attach{Op: 9, Child: "web", ID: d.ID, Network: "back"}), state.OK, d.ID, "")
				got, err := e.ContainerInspect(t.Context(), d.ID)
				if err != nil || got.NetworkSettings.Networks["back"].EndpointID == "" || got.Config.Labels[labelImage] == "" {
					t.Errorf("%+v, %v", got.NetworkSettings.Networks["back"], err)
				}

				check(t, r.done(t, state.RemoveNetwork{Op: 10, Network: "front"}), state.Transient, "", "in use by p-web-1")
				check(t, r.done(t, state.Remove{Op: 11, Child: "web", ID: d.ID}), state.Transient, d.ID, "it runs")
				check(t, r.done(t, state.Stop{Op: 12, Child: "web", ID: d.ID, Grace: time.Second}), state.OK, d.ID, "")
				check(t, r.done(t, state.Stop{Op: 13, Child: "web", ID: d.ID, Grace: time.Second}), state.OK, d.ID, "")
				check(t, r.done(t, state.Remove{Op: 14, Child: "web", ID: d.ID}), state.OK, d.ID, "")
				check(t, r.done(t, state.Remove{Op: 15, Child: "web", ID: d.ID}), state.Gone, d.ID, "No such container")
				check(t, r.done(t, state.Start{Op: 16, Child: "web", ID: d.ID}), state.Gone, d.ID, "")
				check(t, r.done(t, state.Attach{Op: 17, Child: "web", ID: d.ID, Network: "back"}), state.Gone, d.ID, "")
				for _, n := range []string{"front", "back"} {
					check(t, r.done(t, state.RemoveNetwork{Op: 18, Network: n}), state.OK, "", "")
				}
				left, err := e.ContainerList(t.Context(), container.ListOptions{All: true})
				if err != nil || len(left) != 0 {
					t.Errorf("left: %v, %v", left, err)
				}
			})
		})
	}
}

// TestLateCreate: the engine makes the container although nobody waits any
// more. The answer is Unsure, and the next create finds the first one's.
func TestLateCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine.New(engine.Options{Version: "28.0"})
		defer e.Close()
		e.AddImage("app:1", engine.Image{})
		p := project()
		p.Children[0].Endpoints, p.Children[0].Host = nil, &container.HostConfig{}
		p.Children[0].Config.Labels = madeLabels()
		r := run(t, e, p)
		defer r.end()
		e.Inject(engine.ContainerCreate, 1, engine.Fault{Late: true})
		check(t, r.done(t, state.Create{Op: 1, Child: "web"}), state.Unsure, "", "in time")
		d := r.done(t, state.Create{Op: 2, Child: "web"})
		if d.Class != state.Exists || d.ID == "" {
			t.Errorf("%+v", d)
		}
		if n := e.Count(engine.ContainerCreate); n != 2 {
			t.Errorf("%d creates", n)
		}
	})
}

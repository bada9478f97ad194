package watcher

import (
	"reflect"
	"testing"
	"time"

	"foster/state"
	"foster/test/engine"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

// none knows no container.
func none(string) bool { return false }

// TestFreedBesideOthers: an event may mean more than that a place is free.
func TestFreedBesideOthers(t *testing.T) {
	at := time.Unix(1, 7).UTC()
	d := decoder{
		launcher: none, awaited: func(id string) bool { return id == "sibling" }, project: "p", networks: []string{"net"}, names: []string{"web"},
		parentID: func() string { return "" }, ours: func(id string) bool { return id == "sibling" },
		genuine: func(name, image string, labels map[string]string) string {
			if name != labels[labelContainer] || image != "app:1" {
				return "no"
			}
			return ""
		},
	}
	for _, c := range []struct {
		name string
		kv   []string
		want []state.Event
	}{
		{"a child's own end", []string{"name", "web", "image", "app:1", labelContainer, "web"}, []state.Event{state.ChildGone{ID: "x", At: at}}},
		{"a copy's", []string{"name", "web", "image", "commit", labelContainer, "web"}, []state.Event{state.ChildGone{ID: "x", At: at}, state.Freed{At: at}}},
		{"another child's, renamed", []string{"name", "web", "image", "app:1", labelContainer, "db"}, []state.Event{state.ChildGone{ID: "x", At: at}, state.Freed{At: at}}},
	} {
		if got := d.decode(message("container", "destroy", "x", append(c.kv, labelProject, "p")...)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %#v, want %#v", c.name, got, c.want)
		}
	}
	got := d.decode(message("network", "disconnect", "n", "name", "net", "container", "sibling"))
	if want := []state.Event{state.NetLost{ID: "sibling", Network: "net", At: at}, state.Freed{At: at}}; !reflect.DeepEqual(got, want) {
		t.Errorf("a sibling's port: %#v, want %#v", got, want)
	}
}

// TestAwait: the end of a holder is told from the moment on at which it is awaited.
func TestAwait(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.network()
		w := b.run()
		freed := func() (n int) {
			for _, ev := range b.heard(time.Minute) {
				if _, ok := ev.(state.Freed); ok {
					n++
				}
			}
			return n
		}
		holder := func(name string) string {
			id, err := b.Run(engine.Container{
				Name: name, Config: &container.Config{Image: "app:1"},
				Host: &container.HostConfig{NetworkMode: "br1"}, Endpoints: map[string]*network.EndpointSettings{"br1": nil},
			})
			b.must(err)
			return id
		}
		id := holder("squatter")
		b.must(b.Exit("squatter", 0))
		if n := freed(); n != 0 {
			t.Errorf("%d times before it was awaited", n)
		}
		w.Await(id)
		b.must(b.Destroy("squatter"))
		if n := freed(); n != 1 {
			t.Errorf("%d times by its removal", n)
		}
		w.Await(holder("second"))
		b.must(b.Exit("second", 0))
		if n := freed(); n != 1 {
			t.Errorf("%d times by its end", n)
		}
		if w.known.isAwaited(id) {
			t.Error("what is gone is awaited for ever")
		}
	})
}

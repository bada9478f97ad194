package chaos

import (
	"testing"

	"github.com/docker/docker/api/types/events"
)

// TestMendingIsComplete: inspect may be ahead of the stream, so a recovery is
// stamped only when every event is there that it needs.
func TestMendingIsComplete(t *testing.T) {
	of := func(action events.Action, id string) events.Message {
		return events.Message{Type: events.ContainerEventType, Action: action, Actor: events.Actor{ID: id}}
	}
	connect := func(net, id string) events.Message {
		return events.Message{
			Type: events.NetworkEventType, Action: events.ActionConnect,
			Actor: events.Actor{ID: "net", Attributes: map[string]string{"container": id, "name": net}},
		}
	}
	fresh := mending{id: "new", fault: fault{kind: Kill}, networks: []string{"a", "b"}}
	healthy := fresh
	healthy.healthy = true
	cut := mending{id: "old", same: true, fault: fault{Cut, "a"}, networks: []string{"a", "b"}, healthy: true}
	paused := mending{id: "old", same: true, fault: fault{kind: Pause}, networks: []string{"a"}, healthy: true}
	whole := []events.Message{connect("a", "new"), connect("b", "new"), of(events.ActionStart, "new")}
	for _, x := range []struct {
		name string
		of   mending
		seen []events.Message
		want bool
	}{
		{"nothing yet", fresh, nil, false},
		{"a new run", fresh, whole, true},
		{"connected after its start", fresh, append([]events.Message{of(events.ActionStart, "new")}, whole[:1]...), false},
		{"another container's start", fresh, append([]events.Message{of(events.ActionStart, "old")}, whole[:2]...), false},
		{"not healthy yet", healthy, whole, false},
		{"healthy", healthy, append([]events.Message{of(events.ActionHealthStatusHealthy, "new")}, whole...), true},
		{"still cut", cut, []events.Message{connect("b", "old"), connect("a", "other")}, false},
		{"connected again", cut, []events.Message{connect("a", "old")}, true},
		{"still paused", paused, []events.Message{of(events.ActionPause, "old")}, false},
		{"unpaused", paused, []events.Message{of(events.ActionUnPause, "old")}, true},
	} {
		if got := x.of.complete(x.seen); got != x.want {
			t.Errorf("%s: %t", x.name, got)
		}
	}
}

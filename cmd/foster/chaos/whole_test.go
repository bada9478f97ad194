package chaos

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
)

// attached is a container as inspect shows it, on networks.
func attached(id string, networks map[string]*network.EndpointSettings) container.InspectResponse {
	return container.InspectResponse{
		ContainerJSONBase: &container.ContainerJSONBase{ID: id},
		Config:            &container.Config{},
		NetworkSettings:   &container.NetworkSettings{Networks: networks},
	}
}

// TestShape: the next container must have what somebody asked for of the last
// one's attachments, and not what the engine chose itself.
func TestShape(t *testing.T) {
	static := &network.EndpointIPAMConfig{IPv4Address: "10.1.0.7"}
	old := attached("0123456789abcdef", map[string]*network.EndpointSettings{
		"front": {EndpointID: "e1", Aliases: []string{"web", "0123456789ab"}, IPAddress: "10.1.0.7", IPAMConfig: static},
		"over":  {EndpointID: "e2", Aliases: []string{"web"}, IPAddress: "10.2.0.7", IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: "10.2.0.7"}},
		"cut":   {Aliases: []string{"web"}}, // known, not attached
	})
	s := shapeOf(old, func(name string) bool { return name == "over" })
	over := &network.EndpointSettings{EndpointID: "e4", Aliases: []string{"web"}, IPAddress: "10.2.0.99"}
	for _, x := range []struct {
		name        string
		front, over *network.EndpointSettings
		want        string
	}{
		{"the same again", &network.EndpointSettings{EndpointID: "e3", DNSNames: []string{"web"}, IPAddress: "10.1.0.7"}, over, ""},
		{"not there", nil, over, "it is not attached to front"},
		{"without an endpoint", &network.EndpointSettings{Aliases: []string{"web"}}, over, "it is not attached to front"},
		{"without its alias", &network.EndpointSettings{EndpointID: "e3", IPAddress: "10.1.0.7"}, over, "its attachment to front lacks its alias web"},
		{"at another address", &network.EndpointSettings{EndpointID: "e3", Aliases: []string{"web"}, IPAddress: "10.1.0.8"}, over, "its attachment to front lacks its address 10.1.0.7"},
		{"off the swarm's", &network.EndpointSettings{EndpointID: "e3", Aliases: []string{"web"}, IPAddress: "10.1.0.7"}, nil, "it is not attached to over"},
	} {
		networks := map[string]*network.EndpointSettings{"front": x.front, "over": x.over}
		err := s.lacks(attached("fedcba9876543210", networks))
		if (err == nil) != (x.want == "") || err != nil && (!errors.Is(err, errNotWhole) || reason(err) != x.want) {
			t.Errorf("%s: %v, want %q", x.name, err, x.want)
		}
	}
}

// TestTwoAreNeverWhole, and a child is not broken while two of it run.
func TestTwoAreNeverWhole(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.child("p", "web")
		// One that was made under another name, before the settings changed.
		second := w.labels("p", "web", w.parent)
		second[spec.LabelContainer] = "p-web-2"
		o := options()
		time.AfterFunc(time.Second, func() { w.run("p-web-2", second, "front") })
		s := w.must(o)
		if len(s.Never) != 1 || s.Never[0].Why != "2 containers of it run" || s.Done > 1 {
			t.Errorf("%+v\n%s", s, w.out.String())
		}
		if _, err := Survey(t.Context(), w.e, o); err == nil || !strings.Contains(err.Error(), "2 containers of it run") {
			t.Error(err)
		}
	})
}

// TestOwnerMustRun: a child in the namespace of a container that does not run is not whole.
func TestOwnerMustRun(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		owner := w.run("owner", nil)
		c := attached("1", nil)
		c.State = &container.State{Running: true, Status: container.StateRunning}
		c.HostConfig = &container.HostConfig{NetworkMode: container.NetworkMode("container:" + owner)}
		if err := runs(t.Context(), w.e, c); err != nil {
			t.Error(err)
		}
		if err := w.e.Kill(owner); err != nil {
			t.Fatal(err)
		}
		if err := runs(t.Context(), w.e, c); !errors.Is(err, errNotWhole) || !strings.HasSuffix(err.Error(), "does not run") {
			t.Error(err)
		}
		if err := w.e.Destroy(owner); err != nil {
			t.Fatal(err)
		}
		if err := runs(t.Context(), w.e, c); !errors.Is(err, errNotWhole) || !strings.HasSuffix(err.Error(), "is gone") {
			t.Error(err)
		}
	})
}

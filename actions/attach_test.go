package actions

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/state"
)

func TestAttach(t *testing.T) {
	exists := forbidden("endpoint with name p-web-1 already exists in network back")
	live := func(running bool, address string) func(context.Context, string) (container.InspectResponse, error) {
		return func(ctx context.Context, id string) (container.InspectResponse, error) {
			got, err := found(running)(ctx, id)
			got.NetworkSettings = &container.NetworkSettings{Networks: map[string]*network.EndpointSettings{}}
			if address != "" {
				got.NetworkSettings.Networks["back"] = &network.EndpointSettings{EndpointID: "e", IPAddress: address}
			}
			return got, err
		}
	}
	for _, tc := range []struct {
		name       string
		connects   []error
		inspect    func(context.Context, string) (container.InspectResponse, error)
		disconnect error
		class      state.Class
		words      string
		calls      string
	}{
		{name: "connected", connects: []error{nil}, class: state.OK, calls: "connect back c1"},
		{name: "as wanted already", connects: []error{exists}, inspect: live(true, "10.0.0.9"), class: state.OK, calls: "connect back c1, inspect c1"},
		{name: "overlay says it otherwise", connects: []error{internal("p-web-1 is already attached to network back")}, inspect: live(true, "10.0.0.9"), class: state.OK, calls: "connect back c1, inspect c1"},
		{name: "with another address", connects: []error{exists, nil}, inspect: live(true, "10.0.0.77"), class: state.OK, calls: "connect back c1, inspect c1, disconnect back c1, connect back c1"},
		{name: "half gone", connects: []error{exists, nil}, inspect: live(true, ""), disconnect: internal("container c1 is not connected to network back"), class: state.OK, calls: "connect back c1, inspect c1, disconnect back c1, connect back c1"},
		{name: "a dead one's endpoint", connects: []error{exists}, inspect: live(true, ""), class: state.Transient, words: "gone", calls: "connect back c1, inspect c1, disconnect back c1, connect back c1"},
		{name: "disconnect fails", connects: []error{exists}, inspect: live(true, ""), disconnect: internal("boom"), class: state.Transient, words: "disconnect network", calls: "connect back c1, inspect c1, disconnect back c1"},
		{name: "stopped meanwhile", connects: []error{exists}, inspect: live(false, ""), class: state.Gone, words: "not running", calls: "connect back c1, inspect c1"},
		{name: "removed meanwhile", connects: []error{exists}, inspect: missing, class: state.Gone, calls: "connect back c1, inspect c1"},
		{name: "container gone", connects: []error{notFound("No such container: c1")}, class: state.Gone, calls: "connect back c1"},
		{name: "network gone", connects: []error{notFound("network back not found")}, class: state.NoNetwork, calls: "connect back c1"},
		{name: "not attachable", connects: []error{forbidden("network back not manually attachable")}, class: state.Permanent, words: "create it with --attachable", calls: "connect back c1"},
		{name: "no manager", connects: []error{internal("Could not attach to network back: context deadline exceeded")}, class: state.Transient, words: "manager", calls: "connect back c1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				next := script(tc.connects...)
				p := project()
				e := &stub{
					t: t, inspect: tc.inspect,
					connect: func(_ context.Context, _, _ string, s *network.EndpointSettings) error {
						if s == p.Children[0].Endpoints[1].Settings || s.NetworkID != "" || s.IPAMConfig.IPv4Address != "10.0.0.9" {
							t.Errorf("settings %+v", s)
						}
						s.IPAMConfig.IPv4Address = "written"
						return next()
					},
					disconnect: func(_ context.Context, _, _ string, force bool) error {
						if !force {
							t.Error("without force")
						}
						return tc.disconnect
					},
				}
				check(t, run(t, e, p).done(t, state.Attach{Op: 1, Child: "web", ID: "c1", Network: "back"}), tc.class, "c1", tc.words)
				if e.told() != tc.calls {
					t.Errorf("calls: %s", e.told())
				}
			})
		})
	}
}

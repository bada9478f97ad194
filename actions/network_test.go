package actions

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/docker/docker/api/types/network"

	"foster/spec"
	"foster/state"
)

type looks = func(context.Context, string) (network.Inspect, error)

func noNetwork(_ context.Context, name string) (network.Inspect, error) {
	return network.Inspect{}, notFound("network " + name + " not found")
}

func labelled(key, value string, users ...string) looks {
	return func(_ context.Context, name string) (network.Inspect, error) {
		n := network.Inspect{ID: "n1", Name: name, Labels: map[string]string{key: value}, Containers: map[string]network.EndpointResource{}}
		for _, u := range users {
			n.Containers["id-of-"+u] = network.EndpointResource{Name: u}
		}
		return n, nil
	}
}

// then gives one look after the other; the last stands.
func then(all ...looks) looks {
	n := 0
	return func(ctx context.Context, name string) (network.Inspect, error) {
		l := all[min(n, len(all)-1)]
		n++
		return l(ctx, name)
	}
}

func TestEnsureNetwork(t *testing.T) {
	idPrefix := func(context.Context, string) (network.Inspect, error) {
		return network.Inspect{ID: "front99", Name: "other"}, nil
	}
	for _, tc := range []struct {
		name    string
		network string
		look    looks
		create  error
		class   state.Class
		id      string
		words   string
	}{
		{"made", "front", noNetwork, nil, state.OK, "new", ""},
		{"an ID begins so", "front", idPrefix, nil, state.OK, "new", ""},
		{"ours", "front", labelled(spec.LabelProject, "p"), nil, state.OK, "n1", ""},
		{"of a Compose project of our name", "front", labelled(labelCompose, "p"), nil, state.Foreign, "", "(n1) and Compose project p's, not foster's"},
		{"a neighbour's", "front", labelled(labelCompose, "q"), nil, state.Foreign, "", "Compose project q's"},
		{"another foster's", "front", labelled(spec.LabelProject, "q"), nil, state.Foreign, "", "project q's, not this one's"},
		{"nobody's", "front", labelled("a", "b"), nil, state.Foreign, "", "LAUNCH_EXT_NETWORKS"},
		{"race, ours", "front", then(noNetwork, labelled(spec.LabelProject, "p")), conflict("network with name front already exists"), state.OK, "n1", ""},
		{"race, not ours", "front", then(noNetwork, labelled(spec.LabelProject, "q")), conflict("network with name front already exists"), state.Foreign, "", "project q's"},
		{"name held by a dying task", "front", noNetwork, conflict("network with name front already exists"), state.Transient, "", "already exists"},
		{"bad option", "front", noNetwork, invalid("invalid subnet"), state.Permanent, "", "invalid subnet"},
		{"no driver", "front", noNetwork, notFound(`plugin "weave" not found`), state.Permanent, "", "weave"},
		{"external", "back", labelled("a", "b"), nil, state.OK, "n1", ""},
		{"external, not there", "back", noNetwork, nil, state.NoNetwork, "", "external"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := &stub{t: t, netInspect: tc.look, netCreate: func(_ context.Context, _ string, o network.CreateOptions) (string, error) {
					if o.Driver != "bridge" || o.Labels[spec.LabelProject] != "p" {
						t.Errorf("%+v", o)
					}
					o.Labels["x"] = "y"
					return map[bool]string{true: "new"}[tc.create == nil], tc.create
				}}
				p := project()
				check(t, run(t, e, p).done(t, state.EnsureNetwork{Op: 1, Network: tc.network}), tc.class, tc.id, tc.words)
				if len(p.Networks[1].Options.Labels) != 1 {
					t.Error("the project was changed")
				}
			})
		})
	}
}

func TestRemoveNetwork(t *testing.T) {
	inUse := forbidden("error while removing network: network front id n1 has active endpoints")
	for _, tc := range []struct {
		name   string
		look   looks
		remove error
		class  state.Class
		words  string
		calls  string
	}{
		{"removed", labelled(spec.LabelProject, "p"), nil, state.OK, "", "netinspect front, netremove n1"},
		{"absent", noNetwork, nil, state.OK, "", "netinspect front"},
		{"a neighbour's", labelled(spec.LabelProject, "q"), nil, state.Foreign, "left alone", "netinspect front"},
		{"of a Compose project of our name", labelled(labelCompose, "p"), nil, state.Foreign, "left alone", "netinspect front"},
		{"gone meanwhile", labelled(spec.LabelProject, "p"), notFound("network n1 not found"), state.OK, "", "netinspect front, netremove n1"},
		{"in use", labelled(spec.LabelProject, "p", "zoe", "adam"), inUse, state.Transient, "in use by adam, zoe", "netinspect front, netremove n1, netinspect n1"},
		{"in use, not said by whom", labelled(spec.LabelProject, "p"), inUse, state.Transient, "active endpoints", "netinspect front, netremove n1, netinspect n1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := &stub{t: t, netInspect: tc.look, netRemove: func(context.Context, string) error { return tc.remove }}
				check(t, run(t, e, project()).done(t, state.RemoveNetwork{Op: 1, Network: "front"}), tc.class, "", tc.words)
				if e.told() != tc.calls {
					t.Errorf("calls: %s", e.told())
				}
			})
		})
	}
}

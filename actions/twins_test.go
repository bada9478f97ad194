package actions

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
	"foster/state"
)

// twin is a network called front.
func twin(id, project string, age time.Duration, users ...string) network.Inspect {
	n := network.Inspect{
		ID: id, Name: "front", Created: time.Unix(1000, 0).Add(-age),
		Labels: map[string]string{spec.LabelProject: project}, Containers: map[string]network.EndpointResource{},
	}
	for _, u := range users {
		n.Containers[u] = network.EndpointResource{Name: u}
	}
	return n
}

// TestTwins: of several networks of the project with one name one is left.
func TestTwins(t *testing.T) {
	refused := fmt.Errorf("2 matches found based on name: network front is ambiguous: %w", errdefs.ErrInvalidArgument)
	other := twin("n9", "q", time.Hour)
	other.Name = "front-desk"
	for _, tc := range []struct {
		name  string
		all   []network.Inspect
		class state.Class
		id    string
		words string
		calls string
	}{
		{
			"the oldest stays",
			[]network.Inspect{twin("n1", "p", 0), other, twin("n2", "p", time.Hour)},
			state.OK, "n2", "",
			"netinspect front, network ls front, netinspect n1, netinspect n2, netremove n1, netinspect front",
		},
		{
			"one in use stays",
			[]network.Inspect{twin("n1", "p", 0, "web"), twin("n2", "p", time.Hour)},
			state.OK, "n1", "",
			"netinspect front, network ls front, netinspect n1, netinspect n2, netremove n2, netinspect front",
		},
		{
			"one of three stays",
			[]network.Inspect{twin("n1", "p", 0), twin("n2", "p", 0), twin("n3", "p", 0)},
			state.OK, "n1", "",
			"netinspect front, network ls front, netinspect n1, netinspect n2, netinspect n3, netremove n2, netremove n3, netinspect front",
		},
		{
			"one is somebody else's",
			[]network.Inspect{twin("n1", "p", 0), twin("n2", "q", time.Hour)},
			state.Foreign, "", "project q's",
			"netinspect front, network ls front, netinspect n1",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all := map[string]network.Inspect{}
				for _, n := range tc.all {
					all[n.ID] = n
				}
				e := &stub{
					t:       t,
					netList: func(context.Context) ([]network.Summary, error) { return tc.all, nil },
					netRemove: func(_ context.Context, id string) error {
						delete(all, id)
						return nil
					},
					netInspect: func(_ context.Context, ref string) (network.Inspect, error) {
						if n, ok := all[ref]; ok {
							return n, nil
						}
						var named []network.Inspect
						for _, n := range all {
							if n.Name == ref {
								named = append(named, n)
							}
						}
						if len(named) != 1 {
							return network.Inspect{}, refused
						}
						return named[0], nil
					},
				}
				got := run(t, e, project()).done(t, state.EnsureNetwork{Op: 1, Network: "front"})
				check(t, got, tc.class, tc.id, tc.words)
				if e.told() != tc.calls {
					t.Errorf("calls: %s", e.told())
				}
			})
		})
	}
}

// TestTwinsAtStart: the name is refused where it is used, which is nothing that
// the operator has to change.
func TestTwinsAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := ""
		all := []network.Inspect{twin("n1", "p", 0), twin("n2", "p", time.Hour)}
		e := &stub{
			t: t,
			start: func(context.Context, string) error {
				return fmt.Errorf("network front is ambiguous (2 matches found on name): %w", errdefs.ErrInvalidArgument)
			},
			netList: func(context.Context) ([]network.Summary, error) { return all, nil },
			netInspect: func(_ context.Context, id string) (network.Inspect, error) {
				i := slices.IndexFunc(all, func(n network.Inspect) bool { return n.ID == id })
				if i < 0 {
					return network.Inspect{}, notFound("network " + id + " not found")
				}
				return all[i], nil
			},
			netRemove: func(_ context.Context, id string) error {
				gone += id
				return nil
			},
		}
		check(t, run(t, e, project()).done(t, state.Start{Op: 1, Child: "web", ID: "c1"}), state.Transient, "c1", "the second network of this name was removed, it is tried again")
		if gone != "n1" {
			t.Errorf("removed: %q", gone)
		}
	})
}

package actions

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"

	"foster/state"
)

// TestRemovalBesideAStranger: of two networks of one name the project's goes,
// and the stranger's stays.
func TestRemovalBesideAStranger(t *testing.T) {
	for _, tc := range []struct {
		name    string
		failing error
		class   state.Class
		words   string
	}{
		{"removed", nil, state.OK, ""},
		{"gone already", errdefs.ErrNotFound, state.OK, ""},
		{"in use", fmt.Errorf("network front has active endpoints: %w", errdefs.ErrPermissionDenied), state.Transient, "in use by web"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				removed := ""
				e := &stub{
					t: t,
					netList: func(context.Context) ([]network.Summary, error) {
						return []network.Inspect{twin("n1", "q", 0), twin("n2", "p", 0)}, nil
					},
					netInspect: func(_ context.Context, ref string) (network.Inspect, error) {
						if ref == "n2" {
							return twin("n2", "p", 0, "web"), nil
						}
						return network.Inspect{}, fmt.Errorf("network front is ambiguous (2 matches found on name): %w", errdefs.ErrInvalidArgument)
					},
					netRemove: func(_ context.Context, id string) error {
						removed += id
						return tc.failing
					},
				}
				check(t, run(t, e, project()).done(t, state.RemoveNetwork{Op: 1, Network: "front"}), tc.class, "", tc.words)
				if removed != "n2" {
					t.Errorf("removed: %q", removed)
				}
			})
		})
	}
}

// TestANameThatBeginsIDs: an engine that has no network of the name calls it
// ambiguous when it is the beginning of several IDs.
func TestANameThatBeginsIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &stub{
			t: t,
			netInspect: func(context.Context, string) (network.Inspect, error) {
				return network.Inspect{}, fmt.Errorf("network front is ambiguous (2 matches found based on ID prefix): %w", errdefs.ErrInvalidArgument)
			},
			netCreate: func(context.Context, string, network.CreateOptions) (string, error) {
				return "n1", nil
			},
		}
		check(t, run(t, e, project()).done(t, state.EnsureNetwork{Op: 1, Network: "front"}), state.OK, "n1", "")
	})
}

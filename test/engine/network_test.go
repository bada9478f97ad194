package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"foster/test/engine"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
)

// TestTwinNetworks: up to 24.0 a create that is carried out late makes a second
// network of a name, which is then refused wherever it is used.
func TestTwinNetworks(t *testing.T) {
	for _, version := range []string{"20.10", "24.0", "25.0"} {
		t.Run(version, func(t *testing.T) {
			inBubble(t, engine.Options{Version: version}, func(t *testing.T, s script) {
				s.Inject(engine.NetworkCreate, 1, engine.Fault{Detached: true, Delay: time.Second})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
				defer cancel()
				if _, err := s.NetworkCreate(ctx, "front", network.CreateOptions{}); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				first, err := s.NetworkCreate(t.Context(), "front", network.CreateOptions{})
				s.must(err)
				if _, err := s.NetworkCreate(t.Context(), "front", network.CreateOptions{}); !errdefs.IsConflict(err) {
					t.Errorf("a second create: %v", err)
				}
				time.Sleep(time.Second)
				list, err := s.NetworkList(t.Context(), network.ListOptions{Filters: filters.NewArgs(filters.Arg("name", "fron"))})
				s.must(err)
				if version == "25.0" {
					if len(list) != 1 {
						t.Errorf("%d networks", len(list))
					}
					return
				}
				if len(list) != 2 {
					t.Fatalf("%d networks", len(list))
				}
				id, err := s.Make(engine.Container{Name: "c1", Config: &container.Config{Image: "lab/busybox:1"}})
				s.must(err)
				s.must(s.NetworkConnect(t.Context(), "front", id, nil)) // recorded
				_, looked := s.NetworkInspect(t.Context(), "front", network.InspectOptions{})
				for call, err := range map[string]error{
					"inspect": looked,
					"remove":  s.NetworkRemove(t.Context(), "front"),
					"start":   s.ContainerStart(t.Context(), id, container.StartOptions{}),
				} {
					if !errdefs.IsInvalidArgument(err) || !strings.Contains(err.Error(), "2 matches found based on name") {
						t.Errorf("%s: %v", call, err)
					}
				}
				s.must(s.NetworkRemove(t.Context(), first.ID))
				s.must(s.ContainerStart(t.Context(), id, container.StartOptions{}))
			})
		})
	}
}

func TestNetworkList(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		_, err := s.AddNetwork("front", network.CreateOptions{})
		s.must(err)
		list, err := s.NetworkList(t.Context(), network.ListOptions{})
		s.must(err)
		if len(list) != 4 { // and the three that every engine has
			t.Errorf("%d networks", len(list))
		}
		for _, key := range []string{"label", "id"} {
			if _, err := s.NetworkList(t.Context(), network.ListOptions{Filters: filters.NewArgs(filters.Arg(key, "x"))}); !errdefs.IsInvalidArgument(err) {
				t.Errorf("filter %s: %v", key, err)
			}
		}
		s.Inject(engine.NetworkList, 1, engine.Fault{Err: engine.Refused})
		if _, err := s.NetworkList(t.Context(), network.ListOptions{}); !errors.Is(err, engine.Refused) || s.Count(engine.NetworkList) != 4 {
			t.Errorf("%v, %d calls", err, s.Count(engine.NetworkList))
		}
	})
}

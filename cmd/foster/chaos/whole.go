package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
)

// shape is what a child must have to be whole: that of the first look at a
// child made from these settings.
type shape struct {
	hash        string
	attachments map[string]*network.EndpointSettings // by network; wanted fields only
}

// shapeOf remembers a child's attachments.
func shapeOf(c container.InspectResponse, swarm func(network string) bool) shape {
	s := shape{hash: c.Config.Labels[spec.LabelSpecHash], attachments: map[string]*network.EndpointSettings{}}
	for name, got := range c.NetworkSettings.Networks {
		if got != nil && got.EndpointID != "" {
			s.attachments[name] = wanted(c.ID, got, swarm(name))
		}
	}
	return s
}

// wanted is what somebody asked for of an endpoint: no IDs, no address that the
// engine chose, not the alias that the engine makes of the container's ID. On a
// swarm's network every address looks as if somebody had asked for it.
func wanted(id string, got *network.EndpointSettings, swarm bool) *network.EndpointSettings {
	out := &network.EndpointSettings{Links: slices.Clone(got.Links), DriverOpts: maps.Clone(got.DriverOpts), GwPriority: got.GwPriority}
	for _, a := range got.Aliases {
		if !strings.HasPrefix(id, a) {
			out.Aliases = append(out.Aliases, a)
		}
	}
	if got.IPAMConfig != nil && !swarm {
		out.IPAMConfig = got.IPAMConfig.Copy()
	}
	return out
}

// scopes remembers which networks are a swarm's.
type scopes struct {
	engine Engine
	known  map[string]bool // by name; true for a swarm's
}

// of asks about the networks that a container is on, each once. One that is
// gone by now is taken for a swarm's: nothing is expected of its addresses.
func (s *scopes) of(ctx context.Context, c container.InspectResponse) (func(name string) bool, error) {
	if s.known == nil {
		s.known = map[string]bool{}
	}
	for name := range c.NetworkSettings.Networks {
		if _, ok := s.known[name]; ok {
			continue
		}
		n, err := ask(ctx, lookTimeout, func(ctx context.Context) (network.Inspect, error) {
			return s.engine.NetworkInspect(ctx, name, network.InspectOptions{})
		})
		switch {
		case errdefs.IsNotFound(err):
			continue
		case err != nil:
			return nil, fmt.Errorf("inspect network %s: %w", name, err)
		}
		s.known[name] = n.Scope == "swarm"
	}
	return func(name string) bool {
		swarm, ok := s.known[name]
		return swarm || !ok
	}, nil
}

// missing says what an endpoint lacks of another, "" for nothing.
func missing(want, got *network.EndpointSettings) string {
	for _, a := range want.Aliases {
		if !slices.Contains(got.Aliases, a) && !slices.Contains(got.DNSNames, a) {
			return "its alias " + a
		}
	}
	if w := want.IPAMConfig; w != nil {
		if w.IPv4Address != "" && w.IPv4Address != got.IPAddress {
			return "its address " + w.IPv4Address
		}
		if w.IPv6Address != "" && w.IPv6Address != got.GlobalIPv6Address {
			return "its address " + w.IPv6Address
		}
	}
	return ""
}

// errNotWhole is every reason for which a child is not whole; others are the engine's.
var errNotWhole = errors.New("not whole")

func notWhole(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errNotWhole, fmt.Sprintf(format, args...))
}

// reason is why a child is not whole, in words.
func reason(err error) string {
	return strings.TrimPrefix(err.Error(), errNotWhole.Error()+": ")
}

// runs says why a container does not run as it should, apart from its networks.
func runs(ctx context.Context, engine Engine, c container.InspectResponse) error {
	switch {
	case !c.State.Running || c.State.Restarting:
		return notWhole("its container is %s", c.State.Status)
	case c.State.Paused:
		return notWhole("its container is paused")
	case c.State.Health != nil && c.State.Health.Status != container.Healthy && c.State.Health.Status != container.NoHealthcheck:
		return notWhole("its health is %s", c.State.Health.Status)
	}
	for _, mode := range []string{string(c.HostConfig.NetworkMode), string(c.HostConfig.PidMode), string(c.HostConfig.IpcMode)} {
		owner, ok := strings.CutPrefix(mode, "container:")
		if !ok {
			continue
		}
		o, err := ask(ctx, lookTimeout, func(ctx context.Context) (container.InspectResponse, error) {
			return engine.ContainerInspect(ctx, owner)
		})
		switch {
		case errdefs.IsNotFound(err):
			return notWhole("container %.12s, whose namespace it shares, is gone", owner)
		case err != nil:
			return fmt.Errorf("inspect container %.12s: %w", owner, err)
		case o.State == nil || !o.State.Running:
			return notWhole("container %.12s, whose namespace it shares, does not run", owner)
		}
	}
	return nil
}

// lacks says which attachment a container has not.
func (s shape) lacks(c container.InspectResponse) error {
	for _, name := range slices.Sorted(maps.Keys(s.attachments)) {
		got := c.NetworkSettings.Networks[name]
		if got == nil || got.EndpointID == "" {
			return notWhole("it is not attached to %s", name)
		}
		if what := missing(s.attachments[name], got); what != "" {
			return notWhole("its attachment to %s lacks %s", name, what)
		}
	}
	return nil
}

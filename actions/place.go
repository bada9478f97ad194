package actions

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"foster/spec"
)

// taken is a port or an address that a child wants and a container has.
type taken struct {
	id, what, who string
}

// port is one that a child publishes; a range leaves the choice to the engine.
type port struct {
	ip, proto string
	from, to  int
}

func (p port) String() string {
	text := fmt.Sprint(p.from)
	if p.to != p.from {
		text += fmt.Sprintf("-%d", p.to)
	}
	if p.ip != "" {
		text = p.ip + ":" + text
	}
	return text + "/" + p.proto
}

// portsOf lists what a child asks for; ports that the engine chooses are left out.
func portsOf(c *spec.Child) []port {
	if c.Host == nil {
		return nil
	}
	var out []port
	for _, p := range slices.Sorted(maps.Keys(c.Host.PortBindings)) {
		for _, b := range c.Host.PortBindings[p] {
			from, to, err := nat.ParsePortRangeToInt(b.HostPort)
			if b.HostPort != "" && err == nil && from > 0 {
				out = append(out, port{b.HostIP, p.Proto(), from, to})
			}
		}
	}
	return out
}

// address is a fixed one that a child wants on a network.
type address struct{ ip, network string }

func addressesOf(endpoints []spec.Endpoint) []address {
	var out []address
	for _, ep := range endpoints {
		if ep.Settings == nil || ep.Settings.IPAMConfig == nil {
			continue
		}
		for _, ip := range []string{ep.Settings.IPAMConfig.IPv4Address, ep.Settings.IPAMConfig.IPv6Address} {
			if ip != "" {
				out = append(out, address{ip, ep.Network})
			}
		}
	}
	return out
}

// places are ports, or addresses, that a child was refused.
type places struct {
	ports     []port
	addresses []address
}

// taken finds the containers that have some of the places.
func (r *Runner) taken(ctx context.Context, wanted places) ([]taken, error) {
	list, err := get(ctx, VerbInspect, inspectTimeout, func(ctx context.Context) ([]container.Summary, error) {
		return r.cfg.Engine.ContainerList(ctx, container.ListOptions{})
	})
	if err != nil {
		return nil, fail(VerbInspect, "list the running containers", err)
	}
	found, err := r.takenAddresses(ctx, wanted.addresses, list)
	return append(r.takenPorts(wanted.ports, list), found...), err
}

// takenPorts: of a range every port must be taken to be in the way.
func (r *Runner) takenPorts(wanted []port, list []container.Summary) []taken {
	var found []taken
	for _, want := range wanted {
		var holders []taken
		ports := map[uint16]bool{}
		for _, c := range list {
			mine := slices.DeleteFunc(slices.Clone(c.Ports), func(p container.Port) bool { return !want.clashes(p) })
			for _, p := range mine {
				ports[p.PublicPort] = true
			}
			if len(mine) > 0 {
				holders = append(holders, taken{c.ID, "port " + want.String(), r.named(c)})
			}
		}
		if len(ports) > want.to-want.from {
			found = append(found, holders...)
		}
	}
	return found
}

// clashes: one bind gets in the way of the other.
func (p port) clashes(other container.Port) bool {
	return int(other.PublicPort) >= p.from && int(other.PublicPort) <= p.to && other.Type == p.proto && overlap(other.IP, p.ip)
}

func overlap(a, b string) bool {
	if a == b || a == "" || b == "" {
		return true
	}
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	return errX == nil && errY == nil && x.Is4() == y.Is4() && (x == y || x.IsUnspecified() || y.IsUnspecified())
}

func (r *Runner) takenAddresses(ctx context.Context, wanted []address, list []container.Summary) ([]taken, error) {
	var found []taken
	for _, want := range wanted {
		n, there, err := r.lookUpNetwork(ctx, want.network)
		if err != nil {
			return nil, fail(VerbNetworkLook, fmt.Sprintf("inspect network %q", want.network), err)
		}
		if !there {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(n.Containers)) {
			if has(n.Containers[id], want.ip) {
				found = append(found, taken{id, want.String(), r.namedByID(id, n.Containers[id].Name, list)})
			}
		}
	}
	return found, nil
}

func (a address) String() string { return "address " + a.ip + " on network " + a.network }

func has(e network.EndpointResource, ip string) bool {
	want, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	for _, text := range []string{e.IPv4Address, e.IPv6Address} {
		if got, err := netip.ParsePrefix(text); err == nil && got.Addr() == want {
			return true
		}
	}
	return false
}

// named is a container as people know it, and whose it is.
func (r *Runner) named(c container.Summary) string {
	name := short(c.ID)
	if len(c.Names) > 0 {
		name = strings.TrimPrefix(c.Names[0], "/") + " (" + name + ")"
	}
	return "container " + name + r.whose(c.Labels)
}

func (r *Runner) namedByID(id, name string, list []container.Summary) string {
	for _, c := range list {
		if c.ID == id {
			return r.named(c)
		}
	}
	return "container " + name + " (" + short(id) + ")"
}

// tell says what is taken and by whom: the same words for the same, whenever.
func (p places) tell(found []taken) string {
	var parts []string
	for _, t := range found {
		parts = append(parts, t.what+" is held by "+t.who)
	}
	switch {
	case len(found) > 0 && len(p.ports) > 0:
		return strings.Join(parts, "; ") + ": stop it, or publish another port"
	case len(found) > 0:
		return strings.Join(parts, "; ") + ": stop it, or choose another address"
	case len(p.ports) > 0:
		return "port " + listed(p.ports) + " is taken, and by no container that publishes it: " +
			"by a process outside of the engine, a container in the host's network, or a service: end it, or publish another port"
	default:
		return listed(p.addresses) + " is taken, and by no container of this engine: it may be a gateway's, or a container's on another node: choose another address"
	}
}

func listed[T fmt.Stringer](all []T) string {
	words := make([]string, len(all))
	for i, one := range all {
		words[i] = one.String()
	}
	return strings.Join(words, ", ")
}

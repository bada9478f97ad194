package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
)

// checkNetworks looks at the networks that children attach to.
func checkNetworks(ctx context.Context, s *survey) []finding {
	var found []finding
	for _, n := range s.project.Networks {
		subject := "network " + n.Name
		got, err := inspectNetwork(ctx, s.engine, n.Name)
		there := err == nil && got.Name == n.Name // the engine takes the beginning of an ID too
		switch {
		case err != nil && !errdefs.IsNotFound(err):
			found = append(found, note(subject, "could not be looked at: %v", err))
		case !there && n.External && s.worker():
			found = append(found, note(subject, "is not to be seen here: a worker sees an overlay only while something on it uses it").mend("it must exist by the launch"))
		case !there && n.External:
			found = append(found, note(subject, "is not to be seen here: it must exist by the launch").mend("make it with docker network create --attachable"))
		case !there:
			found = append(found, ok(subject, "will be created"))
		case n.External && cannotAttach(got) != "":
			found = append(found, problem(subject, "%s", cannotAttach(got)).mend(hintAttachable))
		case n.External:
			found = append(found, ok(subject, "is there"))
		case got.Labels[spec.LabelProject] != s.project.Name: // Compose's labels make it nobody's: see docs/labels.md
			found = append(found, problem(subject, "is to be created, but is there already and %s", s.whose(got.Labels)).mend("declare it external, or remove it"))
		default:
			found = append(found, ok(subject, "is there already, from this project"))
		}
		if there {
			found = append(found, s.addresses(n.Name, got)...)
		}
	}
	return found
}

// addresses compares the children's fixed addresses with a network.
func (s *survey) addresses(name string, got network.Inspect) []finding {
	var found []finding
	for _, c := range s.project.Children {
		for _, e := range c.Endpoints {
			if e.Network != name || e.Settings == nil || e.Settings.IPAMConfig == nil {
				continue
			}
			for _, text := range []string{e.Settings.IPAMConfig.IPv4Address, e.Settings.IPAMConfig.IPv6Address} {
				address, err := netip.ParseAddr(text)
				if err != nil {
					continue
				}
				if f, bad := s.address(c, address, got); bad {
					found = append(found, f)
				}
			}
		}
	}
	return found
}

// address says what is wrong with a child's fixed address on a network.
func (s *survey) address(c spec.Child, address netip.Addr, got network.Inspect) (finding, bool) {
	subject := fmt.Sprintf("address %s of child %s", address, c.Name)
	subnets := subnetsOf(got.IPAM.Config)
	if len(subnets) > 0 && !slices.ContainsFunc(subnets, func(p netip.Prefix) bool { return p.Contains(address) }) {
		return problem(subject, "is in none of the subnets of network %s: %v", got.Name, subnets).mend("choose one of a subnet"), true
	}
	for _, pool := range got.IPAM.Config {
		if gateway, err := netip.ParseAddr(pool.Gateway); err == nil && gateway == address {
			return problem(subject, "is the gateway of network %s", got.Name).mend("choose another"), true
		}
	}
	for id, endpoint := range got.Containers {
		held := func(text string) bool {
			text, _, _ = strings.Cut(text, "/")
			got, err := netip.ParseAddr(text)
			return err == nil && got == address
		}
		if !held(endpoint.IPv4Address) && !held(endpoint.IPv6Address) {
			continue
		}
		if who := s.byID(id); who == nil || who.Labels[spec.LabelProject] != s.project.Name || who.Labels[spec.LabelChild] != c.Name {
			return problem(subject, "is held by container %s on network %s", endpoint.Name, got.Name).mend("choose another, or stop that container"), true
		}
	}
	return finding{}, false
}

// checkSubnets compares the subnets of networks to be created with those that
// are there, and with each other.
func checkSubnets(_ context.Context, s *survey) []finding {
	found := subnetClashes(s.project)
	for _, n := range s.project.Networks {
		if n.External || n.Options.IPAM == nil || slices.ContainsFunc(s.networks, func(other network.Summary) bool { return other.Name == n.Name }) {
			continue
		}
		for _, subnet := range subnetsOf(n.Options.IPAM.Config) {
			for _, other := range s.networks {
				if other.Scope != scopeOf(n.Options.Driver) {
					continue
				}
				for _, taken := range subnetsOf(other.IPAM.Config) {
					if subnet.Overlaps(taken) {
						found = append(found, problem("network "+n.Name, "is to have subnet %s, which overlaps with %s of network %s", subnet, taken, other.Name).
							mend("choose another subnet, or remove that network"))
					}
				}
			}
		}
	}
	return found
}

// subnetClashes are networks of the project that cannot both be created.
func subnetClashes(p *spec.Project) []finding {
	var found []finding
	type taken struct {
		name   string
		scope  string
		subnet netip.Prefix
	}
	var all []taken
	for _, n := range p.Networks {
		if n.External || n.Options.IPAM == nil {
			continue
		}
		for _, subnet := range subnetsOf(n.Options.IPAM.Config) {
			for _, other := range all {
				if other.scope == scopeOf(n.Options.Driver) && other.subnet.Overlaps(subnet) {
					found = append(found, problem("network "+n.Name, "is to have subnet %s, which overlaps with %s of network %s", subnet, other.subnet, other.name).
						mend("choose another subnet for one of the two"))
				}
			}
			all = append(all, taken{n.Name, scopeOf(n.Options.Driver), subnet})
		}
	}
	return found
}

// scopeOf a driver: the engine keeps the addresses of each scope apart.
func scopeOf(driver string) string {
	if driver == "overlay" {
		return "swarm"
	}
	return "local"
}

func subnetsOf(pools []network.IPAMConfig) []netip.Prefix {
	var out []netip.Prefix
	for _, pool := range pools {
		if p, err := netip.ParsePrefix(pool.Subnet); err == nil {
			out = append(out, p.Masked())
		}
	}
	return out
}

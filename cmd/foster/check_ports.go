package main

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/go-connections/nat"

	"foster/spec"
)

// published is a port of the host that a child asks for. A range leaves the
// choice to the engine.
type published struct {
	child    string
	ip       string // "" for all
	proto    string
	from, to int
}

func (p published) String() string {
	text := fmt.Sprint(p.from)
	if p.to != p.from {
		text += fmt.Sprintf("-%d", p.to)
	}
	if p.ip != "" {
		text = p.ip + ":" + text
	}
	return text + "/" + p.proto
}

// publishedBy lists what a child asks for. Ports that the engine chooses are
// left out, and with the host's network the engine publishes none.
func publishedBy(c spec.Child) []published {
	if c.Host.NetworkMode.IsHost() {
		return nil
	}
	var out []published
	for _, port := range slices.Sorted(maps.Keys(c.Host.PortBindings)) {
		for _, b := range c.Host.PortBindings[port] {
			from, to, err := nat.ParsePortRangeToInt(b.HostPort)
			if b.HostPort != "" && err == nil && from > 0 {
				out = append(out, published{c.Name, b.HostIP, port.Proto(), from, to})
			}
		}
	}
	return out
}

// sameAddress: one bind gets in the way of the other.
func sameAddress(a, b string) bool {
	if a == b || a == "" || b == "" {
		return true
	}
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	if errX != nil || errY != nil || x.Is4() != y.Is4() {
		return false
	}
	return x == y || x.IsUnspecified() || y.IsUnspecified()
}

// portClashes are host ports that two children ask for, or one child twice. A
// one-shot's ports are free again for those that wait for its end.
func portClashes(p *spec.Project) []finding {
	var found []finding
	var all []published
	for _, c := range p.Children {
		for _, want := range publishedBy(c) {
			if want.from != want.to {
				continue
			}
			for _, other := range all {
				if other.from != want.from || other.proto != want.proto || !sameAddress(other.ip, want.ip) || endsBefore(p, other.child, want.child) || endsBefore(p, want.child, other.child) {
					continue
				}
				f := problem(fmt.Sprintf("port %s of child %s", want, want.child), "is published by child %s too", other.child)
				if other.child == want.child {
					f.Text = "is published twice"
				}
				found = append(found, f.mend("publish another port, or bind each to an address of its own"))
			}
			all = append(all, want)
		}
	}
	return found
}

// endsBefore: later is not created before the successful end of first.
func endsBefore(p *spec.Project, first, later string) bool {
	for _, d := range after(p, later) {
		if d.Name == first && d.Condition == spec.ConditionCompleted || d.Name != first && endsBefore(p, first, d.Name) {
			return true
		}
	}
	return false
}

func after(p *spec.Project, child string) []spec.Dependency {
	for _, c := range p.Children {
		if c.Name == child {
			return c.After
		}
	}
	return nil
}

// checkPorts compares the children's ports with each other, with those of
// running containers, and with those of services where this node knows them.
func checkPorts(_ context.Context, s *survey) []finding {
	found := portClashes(s.project)
	free := 0
	for _, c := range s.project.Children {
		wanted := publishedBy(c)
		for _, want := range wanted {
			f, taken := s.taken(want)
			if !taken {
				free++
				continue
			}
			found = append(found, f)
		}
		if len(wanted) > 0 && s.info != nil && !s.info.IPv4Forwarding {
			found = append(found, note("child "+c.Name, "publishes ports, but the engine's machine does not forward IPv4").mend("sysctl net.ipv4.ip_forward=1"))
		}
	}
	if free > 0 && len(found) == 0 {
		found = append(found, ok("ports", "%s on this node", counted(free, "is free", "are free")))
	}
	if free > 0 && s.worker() {
		found = append(found, note("ports", "that services publish are known to managers only: not compared"))
	}
	return found
}

// taken says who holds a port, or all ports of a range.
func (s *survey) taken(want published) (finding, bool) {
	var f finding
	for port := want.from; port <= want.to; port++ {
		var held bool
		if f, held = s.holderOf(want, port); !held {
			return finding{}, false
		}
	}
	return f, true
}

// holderOf says who holds one of the ports.
func (s *survey) holderOf(want published, port int) (finding, bool) {
	subject := fmt.Sprintf("port %s of child %s", want, want.child)
	for _, c := range s.containers {
		if c.State != container.StateRunning || c.Labels[spec.LabelProject] == s.project.Name {
			continue
		}
		for _, p := range c.Ports {
			if int(p.PublicPort) == port && p.Type == want.proto && sameAddress(p.IP, want.ip) {
				f := problem(subject, "is published by container %s", holder(&c)).mend("stop it, or publish another port")
				if service := c.Labels["com.docker.swarm.service.name"]; service != "" {
					f = problem(subject, "is published by container %s of service %s", holder(&c), service).mend("publish another port")
				}
				return f, true
			}
		}
	}
	for _, service := range s.services {
		for _, p := range service.Endpoint.Ports {
			if int(p.PublishedPort) != port || string(p.Protocol) != want.proto {
				continue
			}
			name := service.Spec.Name
			switch {
			case p.PublishMode != swarm.PortConfigPublishModeHost && name == s.self.ServiceName:
				return problem(subject, "is published by foster's own service %s on every node", name).
					mend("publish it on one of the two; with LAUNCH_NETWORK_MODE=task the service's ports reach the child"), true
			case p.PublishMode != swarm.PortConfigPublishModeHost:
				return problem(subject, "is published by service %s on every node", name).mend("publish another port"), true
			}
			// Tasks on this node are among the containers.
			return note(subject, "is published by service %s on the nodes of its tasks (mode: host): only one of the two can run on a node", name), true
		}
	}
	return finding{}, false
}

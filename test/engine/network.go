package engine

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/network"
)

// net is one network. One of swarm scope is known to the manager; here says
// whether this node has a local copy, which lasts while a container uses it.
type net struct {
	id, name   string
	created    time.Time
	options    network.CreateOptions
	subnets    []subnet
	configured bool // the subnets are the user's
	here       bool
	endpoints  map[string]*endpoint // by container ID
}

type subnet struct {
	prefix  netip.Prefix
	gateway netip.Addr
}

func (n *net) swarm() bool { return n.options.Scope == "swarm" }

// predefined makes the three networks that every engine has.
func (e *Engine) predefined() {
	for _, d := range [][2]string{{"bridge", "bridge"}, {"host", "host"}, {"none", "null"}} {
		n := e.makeNetwork(d[0], network.CreateOptions{Driver: d[1], Scope: "local"})
		e.networks[n.id] = n
	}
}

// makeNetwork fills in the defaults; it tells nobody.
func (e *Engine) makeNetwork(name string, options network.CreateOptions) *net {
	if options.Driver == "" {
		options.Driver = "bridge"
	}
	id := e.newID("network")
	options.Scope = "local"
	if options.Driver == "overlay" {
		options.Scope = "swarm"
		id = "ov" + id[:23]
	}
	n := &net{id: id, name: name, created: time.Now(), options: options, endpoints: map[string]*endpoint{}}
	n.here = !n.swarm()
	if options.IPAM != nil {
		for _, c := range options.IPAM.Config {
			if p, err := netip.ParsePrefix(c.Subnet); err == nil {
				n.addSubnet(p, c.Gateway)
				n.configured = true
			}
		}
	}
	has := func(six bool) bool {
		return slices.ContainsFunc(n.subnets, func(s subnet) bool { return s.prefix.Addr().Is6() == six })
	}
	serial := e.serial % 200
	if !has(false) && options.Driver != "host" && options.Driver != "null" {
		text := fmt.Sprintf("172.%d.0.0/16", 17+serial)
		if n.swarm() {
			text = fmt.Sprintf("10.0.%d.0/24", serial)
		}
		n.addSubnet(netip.MustParsePrefix(text), "")
	}
	if options.EnableIPv6 != nil && *options.EnableIPv6 && !has(true) {
		n.addSubnet(netip.MustParsePrefix(fmt.Sprintf("fd00:%x::/64", serial+1)), "")
	}
	return n
}

func (n *net) addSubnet(p netip.Prefix, gateway string) {
	gw, err := netip.ParseAddr(gateway)
	if err != nil {
		gw = p.Masked().Addr().Next()
	}
	n.subnets = append(n.subnets, subnet{prefix: p.Masked(), gateway: gw})
}

// findNetwork looks a network up as the daemon does: by full ID, by name, by
// unique ID prefix; nil without one. With all false it sees only what exists on
// this node. The error says that several have the name.
func (e *Engine) findNetwork(ref string, all bool) (*net, error) {
	if n, ok := e.networks[ref]; ok && (all || n.here) {
		return n, nil
	}
	var byName, byPrefix []*net
	for _, n := range e.networks {
		switch {
		case !all && !n.here:
		case n.name == ref:
			byName = append(byName, n)
		case ref != "" && strings.HasPrefix(n.id, ref):
			byPrefix = append(byPrefix, n)
		}
	}
	switch {
	case len(byName) == 1:
		return byName[0], nil
	case len(byName) > 1:
		return nil, invalid("network %s is ambiguous (%d matches found based on name)", ref, len(byName))
	case len(byPrefix) == 1:
		return byPrefix[0], nil
	}
	return nil, nil
}

func (n *net) attributes(more map[string]string) map[string]string {
	out := map[string]string{"name": n.name, "type": n.options.Driver}
	maps.Copy(out, more)
	return out
}

func (e *Engine) emitNetwork(n *net, action events.Action, c *ctr) {
	more := map[string]string{}
	if c != nil {
		more["container"] = c.id
	}
	e.emit(events.NetworkEventType, action, n.id, n.attributes(more))
}

// refuseNetwork says why there can be no network of this name now.
func (e *Engine) refuseNetwork(name string, options network.CreateOptions, byManager bool) error {
	if options.Driver == "overlay" && !byManager && e.opts.Node != Manager {
		return answer(errdefs.ErrUnavailable, "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again.")
	}
	if slices.Contains([]string{"bridge", "host", "none"}, name) {
		return forbidden("operation is not permitted on predefined %s network ", name)
	}
	if e.findName(name) != nil {
		return conflict("network with name %s already exists", name)
	}
	return nil
}

// addNetwork makes a network, with a create event for one of local scope.
func (e *Engine) addNetwork(name string, options network.CreateOptions) *net {
	n := e.makeNetwork(name, options)
	e.networks[n.id] = n
	if !n.swarm() {
		e.emitNetwork(n, events.ActionCreate, nil)
	}
	return n
}

// OrderNetwork is the arrival of a NetworkCreate; what it returns carries the
// call out, later. Before 25.0 the engine looks at the name on arrival only, so
// that one that is made meanwhile gets a twin; the swarm's names are its own.
func (e *Engine) OrderNetwork(name string, options network.CreateOptions) (carryOut func() (network.CreateResponse, error)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	refused := e.refuseNetwork(name, options, false)
	return locked(e, func() (network.CreateResponse, error) {
		if refused == nil && (e.since(25) || options.Driver == "overlay") {
			refused = e.refuseNetwork(name, options, false)
		}
		if refused != nil {
			return network.CreateResponse{}, refused
		}
		return network.CreateResponse{ID: e.addNetwork(name, options).id}, nil
	})
}

func (e *Engine) findName(name string) *net {
	for _, n := range e.networks {
		if n.name == name {
			return n
		}
	}
	return nil
}

// removeNetwork refuses as long as there is an endpoint.
func (e *Engine) removeNetwork(ref string) error {
	n, err := e.findNetwork(ref, true)
	switch {
	case err != nil:
		return err
	case n == nil:
		return notFound("network %s not found", ref)
	case !container.NetworkMode(n.name).IsUserDefined():
		return forbidden("%s is a pre-defined network and cannot be removed", n.name)
	case n.swarm() && e.opts.Node != Manager && !n.here:
		return notFound("network %s not found", ref)
	case n.swarm() && e.opts.Node != Manager:
		return answer(errdefs.ErrUnavailable, "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.")
	case len(n.endpoints) > 0 && n.swarm():
		return invalid("rpc error: code = FailedPrecondition desc = network %s is in use by task %s", n.id, e.holders(n)[0])
	case len(n.endpoints) > 0 && e.since(28):
		return forbidden("error while removing network: network %s has active endpoints (%s)", n.name, strings.Join(e.holders(n), ", "))
	case len(n.endpoints) > 0:
		return forbidden("error while removing network: network %s id %s has active endpoints", n.name, n.id)
	}
	e.dropNetwork(n)
	return nil
}

// holders names the containers with an endpoint on n.
func (e *Engine) holders(n *net) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(n.endpoints)) {
		out = append(out, fmt.Sprintf("name:%q id:%q", e.containers[id].name, id[:12]))
	}
	return out
}

func (e *Engine) dropNetwork(n *net) {
	delete(e.networks, n.id)
	if n.here {
		e.emitNetwork(n, events.ActionDestroy, nil)
	}
}

// sweep ends the local copies of overlay networks that nothing uses any more.
// It is the last act of each operation that may have ended such a use.
func (e *Engine) sweep() {
	for _, id := range slices.Sorted(maps.Keys(e.networks)) {
		if n := e.networks[id]; n.swarm() && n.here && len(n.endpoints) == 0 {
			n.here = false
			e.emitNetwork(n, events.ActionDestroy, nil)
		}
	}
}

func (e *Engine) inspectNetwork(ref string) (network.Inspect, error) {
	n, err := e.findNetwork(ref, e.opts.Node == Manager)
	switch {
	case err != nil:
		return network.Inspect{}, err
	case n == nil:
		return network.Inspect{}, notFound("network %s not found", ref)
	}
	out := network.Inspect{
		Name: n.name, ID: n.id, Created: n.created, Scope: n.options.Scope, Driver: n.options.Driver,
		EnableIPv4: true, EnableIPv6: n.options.EnableIPv6 != nil && *n.options.EnableIPv6,
		Internal: n.options.Internal, Attachable: n.options.Attachable,
		Options: maps.Clone(n.options.Options), Labels: maps.Clone(n.options.Labels),
		IPAM:       network.IPAM{Driver: "default"},
		Containers: map[string]network.EndpointResource{},
	}
	for _, s := range n.subnets {
		out.IPAM.Config = append(out.IPAM.Config, network.IPAMConfig{Subnet: s.prefix.String(), Gateway: s.gateway.String()})
	}
	for id, ep := range n.endpoints {
		out.Containers[id] = network.EndpointResource{Name: e.containers[id].name, EndpointID: ep.id, IPv4Address: text(ep.v4), IPv6Address: text(ep.v6)}
	}
	return out, nil
}

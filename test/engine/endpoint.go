package engine

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/network"
)

// endpoint is one live attachment of a container to a network.
type endpoint struct {
	id     string
	v4, v6 netip.Addr
}

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// attach gives a running or starting container an endpoint on a network and
// sends the connect event. settings become the container's entry.
func (e *Engine) attach(c *ctr, ref string, settings *network.EndpointSettings) error {
	if c.host.NetworkMode.IsContainer() {
		return invalid("container sharing network namespace with another container or host cannot be connected to any other network")
	}
	n, err := e.attachable(c, networkRef(ref, settings))
	if err != nil {
		return err
	}
	if err := e.compatible(c, n); err != nil {
		return err
	}
	if err := e.validSettings(n, settings); err != nil {
		return err
	}
	if n.endpoints[c.id] != nil {
		return forbidden("endpoint with name %s already exists in network %s", c.name, n.name)
	}
	ep, err := e.allocate(n, settings.IPAMConfig)
	if err != nil {
		return err
	}
	if !n.here {
		n.here = true
		e.emitNetwork(n, events.ActionCreate, nil)
	}
	n.endpoints[c.id] = ep
	e.operational(c, n, ep, settings)
	c.nets[n.name] = settings
	if ref != n.name {
		delete(c.nets, ref)
	}
	e.emitNetwork(n, events.ActionConnect, c)
	return nil
}

// networkRef is what the engine looks up: a network ID that was recorded
// earlier goes before the name, which is why a network that was removed and
// made again under the same name is not found.
func networkRef(ref string, settings *network.EndpointSettings) string {
	if settings.NetworkID != "" && container.NetworkMode(ref).IsUserDefined() {
		return settings.NetworkID
	}
	return ref
}

// attachable finds a network to attach to, asking the manager if it must.
func (e *Engine) attachable(c *ctr, ref string) (*net, error) {
	n, err := e.findNetwork(ref, e.opts.Node != Alone)
	switch {
	case err != nil:
		return nil, err
	case n == nil && e.opts.Node == Alone:
		return nil, notFound("network %s not found", ref)
	case n == nil:
		return nil, internal("Could not attach to network %s: rpc error: code = NotFound desc = network %s not found", ref, ref)
	case n.swarm() && !n.options.Attachable:
		return nil, internal("Could not attach to network %s: rpc error: code = PermissionDenied desc = network %s not manually attachable", ref, ref)
	case n.swarm() && n.endpoints[c.id] != nil:
		return nil, conflict("%s is already attached to network %s", c.name, n.name)
	}
	return n, nil
}

// compatible refuses mixtures with the host's network and with none.
func (e *Engine) compatible(c *ctr, n *net) error {
	if n.options.Driver == "host" && !c.host.NetworkMode.IsHost() {
		return invalid("cannot connect container to host network - container must be created in host network mode")
	}
	for name := range c.nets {
		other := e.findName(name)
		switch {
		case other == nil || other == n:
		case other.options.Driver == "host" || n.options.Driver == "host":
			return invalid("container sharing network namespace with another container or host cannot be connected to any other network")
		case other.name == "none" || n.name == "none":
			return invalid("container cannot be connected to multiple networks with one of the networks in private (none) mode")
		}
	}
	return nil
}

func (e *Engine) validSettings(n *net, settings *network.EndpointSettings) error {
	static := settings.IPAMConfig != nil && (settings.IPAMConfig.IPv4Address != "" || settings.IPAMConfig.IPv6Address != "")
	if container.NetworkMode(n.name).IsUserDefined() {
		if static && !n.configured && !n.swarm() {
			return invalid("user specified IP address is supported only when connecting to networks with user configured subnets")
		}
		return nil
	}
	if static {
		return invalid("user specified IP address is supported on user defined networks only")
	}
	if len(settings.Aliases) > 0 {
		return invalid("network-scoped alias is supported only for containers in user defined networks")
	}
	return nil
}

// allocate takes the wanted addresses, or the lowest free ones.
func (e *Engine) allocate(n *net, ipam *network.EndpointIPAMConfig) (*endpoint, error) {
	ep := &endpoint{id: e.newID("endpoint")}
	if ipam == nil {
		ipam = &network.EndpointIPAMConfig{}
	}
	for _, want := range []string{ipam.IPv4Address, ipam.IPv6Address} {
		if want == "" {
			continue
		}
		addr, err := netip.ParseAddr(want)
		if err != nil {
			return nil, invalid("invalid address: %s", want)
		}
		switch {
		case !n.contains(addr) && n.swarm():
			return nil, NoManager
		case !n.contains(addr) && e.since(25):
			return nil, invalid("invalid endpoint settings:\nno configured subnet contains IP address %s", addr)
		case !n.contains(addr):
			return nil, invalid("Invalid address %s: It does not belong to any of this network's subnets", addr)
		case n.taken(addr) && n.swarm():
			return nil, NoManager
		case n.taken(addr):
			return nil, forbidden("Address already in use")
		}
		if addr.Is6() {
			ep.v6 = addr
		} else {
			ep.v4 = addr
		}
	}
	for _, s := range n.subnets {
		if s.prefix.Addr().Is6() && !ep.v6.IsValid() {
			ep.v6 = n.free(s)
		}
		if s.prefix.Addr().Is4() && !ep.v4.IsValid() {
			ep.v4 = n.free(s)
		}
	}
	return ep, nil
}

func (n *net) contains(a netip.Addr) bool {
	return slices.ContainsFunc(n.subnets, func(s subnet) bool { return s.prefix.Contains(a) })
}

func (n *net) taken(a netip.Addr) bool {
	for _, ep := range n.endpoints {
		if ep.v4 == a || ep.v6 == a {
			return true
		}
	}
	return slices.ContainsFunc(n.subnets, func(s subnet) bool { return s.gateway == a })
}

func (n *net) free(s subnet) netip.Addr {
	a := s.prefix.Addr().Next()
	for n.taken(a) {
		a = a.Next()
	}
	return a
}

// operational fills in what the engine adds to the settings of a live endpoint.
func (e *Engine) operational(c *ctr, n *net, ep *endpoint, s *network.EndpointSettings) {
	s.NetworkID, s.EndpointID = n.id, ep.id
	s.IPAddress, s.GlobalIPv6Address = text(ep.v4), text(ep.v6)
	for _, sub := range n.subnets {
		if sub.prefix.Addr().Is6() {
			s.GlobalIPv6PrefixLen, s.IPv6Gateway = sub.prefix.Bits(), sub.gateway.String()
		} else {
			s.IPPrefixLen = sub.prefix.Bits()
			if !n.swarm() {
				s.Gateway = sub.gateway.String()
			}
		}
	}
	if s.MacAddress == "" && n.options.Driver != "host" && n.options.Driver != "null" {
		s.MacAddress = "02:42:" + strings.Join([]string{ep.id[0:2], ep.id[2:4], ep.id[4:6], ep.id[6:8]}, ":")
	}
	if !container.NetworkMode(n.name).IsUserDefined() {
		return
	}
	names := append([]string{c.name}, s.Aliases...)
	for _, own := range []string{c.id[:12], c.config.Hostname} {
		if own != "" && !slices.Contains(names, own) {
			names = append(names, own)
		}
		// Up to 25.0 the aliases themselves grow.
		if own != "" && !e.since(26) && !slices.Contains(s.Aliases, own) {
			s.Aliases = append(s.Aliases, own)
		}
	}
	if e.since(25) {
		s.DNSNames = names
	}
}

// cleaned forgets the operational data; network and configuration stay.
func cleaned(s *network.EndpointSettings) {
	s.EndpointID, s.Gateway, s.IPAddress, s.IPPrefixLen = "", "", "", 0
	s.IPv6Gateway, s.GlobalIPv6Address, s.GlobalIPv6PrefixLen, s.MacAddress = "", "", 0, ""
}

// release ends all endpoints of a container that dies or fails to start, and
// says which networks are to be told about. The entries stay.
func (e *Engine) release(c *ctr) []*net {
	var out []*net
	for _, name := range slices.Sorted(maps.Keys(c.nets)) {
		s := c.nets[name]
		if n := e.networks[s.NetworkID]; n != nil && n.endpoints[c.id] != nil {
			delete(n.endpoints, c.id)
			out = append(out, n)
		}
		cleaned(s)
	}
	return out
}

// connect is the operation: on a container that does not run it only records
// the settings, without an event.
func (e *Engine) connect(ref string, c *ctr, settings *network.EndpointSettings) error {
	if settings == nil {
		settings = &network.EndpointSettings{}
	}
	settings = settings.Copy()
	if c.running() {
		return e.attach(c, ref, settings)
	}
	if n, _ := e.findNetwork(ref, false); n != nil { // a name of several is recorded as it is
		if err := e.compatible(c, n); err != nil {
			return err
		}
		if err := e.validSettings(n, settings); err != nil {
			return err
		}
		ref = n.name
	}
	c.nets[ref] = settings
	return nil
}

// disconnect is the operation: the container's entry goes in either case.
func (e *Engine) disconnect(ref string, c *ctr, force bool) error {
	n, err := e.findNetwork(ref, false)
	if !c.running() || n == nil && force {
		if n != nil {
			ref = n.name
		}
		if c.nets[ref] == nil {
			return internal("container %s is not connected to the network %s", c.id, ref)
		}
		delete(c.nets, ref)
		if n != nil && !e.since(28) {
			e.emitNetwork(n, events.ActionDisconnect, c)
		}
		return nil
	}
	switch {
	case err != nil:
		return err
	case n == nil:
		return notFound("network %s not found", ref)
	case n.options.Driver == "host" && c.host.NetworkMode.IsHost():
		return invalid("cannot disconnect container from host network - container was created in host network mode")
	case n.endpoints[c.id] == nil:
		return internal("container %s is not connected to network %s", c.id, n.name)
	}
	delete(n.endpoints, c.id)
	delete(c.nets, n.name)
	e.emitNetwork(n, events.ActionDisconnect, c)
	if !e.since(28) {
		e.emitNetwork(n, events.ActionDisconnect, c)
	}
	e.sweep()
	return nil
}

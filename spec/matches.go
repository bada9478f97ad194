package spec

import (
	"slices"

	"github.com/docker/docker/api/types/network"
)

// Matches says whether a live endpoint has the static addresses, aliases and
// driver options that are wanted. What the engine adds (the short container
// ID as an alias, dynamic addresses) is fine. The MAC address and the gateway's
// priority are not looked at: which engines take them at connect differs, and
// an endpoint that can never match would be attached again for ever.
func (e Endpoint) Matches(got *network.EndpointSettings) bool {
	if got == nil {
		return false
	}
	want := e.Settings
	if want == nil {
		return true
	}
	ipam, live := want.IPAMConfig, got.IPAMConfig
	if ipam == nil {
		ipam = &network.EndpointIPAMConfig{}
	}
	if live == nil {
		live = &network.EndpointIPAMConfig{}
	}
	if !hasAddr(ipam.IPv4Address, got.IPAddress, live.IPv4Address) || !hasAddr(ipam.IPv6Address, got.GlobalIPv6Address, live.IPv6Address) {
		return false
	}
	for _, ip := range ipam.LinkLocalIPs {
		if !slices.ContainsFunc(live.LinkLocalIPs, func(s string) bool { return sameAddr(s, ip) }) {
			return false
		}
	}
	for _, alias := range want.Aliases {
		if !slices.Contains(got.Aliases, alias) && !slices.Contains(got.DNSNames, alias) {
			return false
		}
	}
	for name, value := range want.DriverOpts {
		if live, ok := got.DriverOpts[name]; !ok || live != value {
			return false
		}
	}
	return true
}

// hasAddr compares with the address in use, or, of an endpoint that is not up,
// with the configured one.
func hasAddr(want, inUse, configured string) bool {
	switch {
	case want == "":
		return true
	case inUse != "":
		return sameAddr(want, inUse)
	default:
		return sameAddr(want, configured)
	}
}

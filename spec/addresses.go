package spec

import (
	"errors"
	"net"
	"net/netip"
	"strings"
)

// placed is one network with the addresses that are asked for on it.
type placed struct {
	network    string
	ipv4, ipv6 string // "" for any
}

// parseNetIPv4 reads net:ip, split at the last ':'.
func parseNetIPv4(s string) (placed, error) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return placed{}, errors.New("not of the form network:ipv4")
	}
	p := placed{network: s[:i], ipv4: s[i+1:]}
	if !isIPv4(p.ipv4) {
		return placed{}, errors.New("not an IPv4 address behind the ':'")
	}
	return p.named()
}

// parseNetIPv6 reads net-ip, split at the last '-': an address holds none, a
// network's name may.
func parseNetIPv6(s string) (placed, error) {
	i := strings.LastIndexByte(s, '-')
	if i < 0 {
		return placed{}, errors.New("not of the form network-ipv6")
	}
	p := placed{network: s[:i], ipv6: s[i+1:]}
	if !isIPv6(p.ipv6) {
		return placed{}, errors.New("not an IPv6 address behind the last '-'")
	}
	return p.named()
}

// parseNetMixed reads net-ip4-ip6, split at the last two '-'.
func parseNetMixed(s string) (placed, error) {
	p, err := parseNetIPv6(s)
	if err != nil {
		return placed{}, errors.New("not of the form network-ipv4-ipv6")
	}
	i := strings.LastIndexByte(p.network, '-')
	if i < 0 {
		return placed{}, errors.New("not of the form network-ipv4-ipv6")
	}
	p.network, p.ipv4 = p.network[:i], p.network[i+1:]
	if !isIPv4(p.ipv4) {
		return placed{}, errors.New("not an IPv4 address between the last two '-'")
	}
	return p.named()
}

func (p placed) named() (placed, error) {
	if !networkName.MatchString(p.network) {
		return placed{}, errors.New("not a network name before the address")
	}
	return p, nil
}

// merge adds what the other says of the same network, and is false when the
// two contradict each other.
func (p *placed) merge(other placed) bool {
	for _, pair := range [][2]*string{{&p.ipv4, &other.ipv4}, {&p.ipv6, &other.ipv6}} {
		mine, theirs := pair[0], pair[1]
		switch {
		case *theirs == "":
		case *mine == "":
			*mine = *theirs
		case !sameAddr(*mine, *theirs):
			return false
		}
	}
	return true
}

func isIPv4(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is4()
}

func isIPv6(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is6() && !a.Is4In6() && a.Zone() == ""
}

// sameAddr compares addresses, not their spelling.
func sameAddr(a, b string) bool {
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	if errX != nil || errY != nil {
		return a == b
	}
	return x == y
}

// checkMAC accepts a unicast Ethernet address.
func checkMAC(s string) error {
	mac, err := net.ParseMAC(s)
	if err != nil || len(mac) != 6 {
		return errors.New("not a MAC address")
	}
	if mac[0]&1 != 0 {
		return errors.New("a multicast MAC address")
	}
	return nil
}

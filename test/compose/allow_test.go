package compose_test

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// allowance is a place where foster's objects may differ from compose's.
type allowance struct {
	path string // see match
	why  string
	only func(d difference) bool // nil: both are there, and neither is zero
}

var allowed = []allowance{
	// What differs between any two containers, networks or volumes.
	{path: "container */Created", why: "a time"},
	{path: "container */State/StartedAt", why: "a time"},
	{path: "container */State/Pid", why: "a process ID"},
	{path: "container */GraphDriver/Data/*", why: "directories with random names"},
	{path: "container */NetworkSettings/SandboxID", why: "a random ID"},
	{path: "container */NetworkSettings/SandboxKey", why: "a path with that ID"},
	{path: "container */NetworkSettings/EndpointID", why: "a random ID; of the endpoint on the network bridge"},
	{path: "container */NetworkSettings/Networks/*/EndpointID", why: "a random ID"},
	{path: "container */NetworkSettings/Ports/*/*/HostPort", why: "a port that the engine chose, from its own range or from the one that was given", only: chosenPorts},
	{path: "container */Mounts/*/Name", why: "the random ID of an anonymous volume", only: anonymous},
	{path: "container */Mounts/*/Source", why: "the path of an anonymous volume", only: anonymous},
	{path: "network */Created", why: "a time"},
	{path: "network */Containers/*/EndpointID", why: "a random ID"},
	{path: "volume */CreatedAt", why: "a time"},
	{path: "container */Config/Hostname", why: "on the host's network it is the engine's own", only: func(d difference) bool { return d.compose == "n1" && d.foster == "n2" }},
	// Where nothing was configured, the engine counts its subnets and addresses up; which a project gets depends on what
	// else is under way.
	{path: "container */NetworkSettings/Networks/*/IPAddress", why: "an address that the engine chose", only: fromPool},
	{path: "container */NetworkSettings/Networks/*/Gateway", why: "the same", only: fromPool},
	{path: "container */NetworkSettings/Networks/*/MacAddress", why: "made from that address", only: madeFromPool},
	{path: "network */IPAM/Config/0/Subnet", why: "a subnet that the engine chose", only: fromPool},
	{path: "network */IPAM/Config/0/Gateway", why: "the same", only: fromPool},
	{path: "network */Containers/*/IPv4Address", why: "an address that the engine chose", only: fromPool},
	{path: "network */Containers/*/MacAddress", why: "made from that address", only: madeFromPool},

	// The same in other words.
	{path: "container */Config/Labels/com.docker.compose.depends_on", why: "compose writes it in no order", only: sameParts},
	{path: "container */HostConfig/VolumesFrom/*", why: "the same container of the project, by its ID or by its name", only: sameContainer},

	// What foster does itself.
	{path: "container */HostConfig/RestartPolicy/Name", why: "foster restarts children, the engine never does", only: func(d difference) bool { return d.foster == "no" }},
	{path: "container */HostConfig/RestartPolicy/MaximumRetryCount", why: "the same", only: func(d difference) bool { return d.foster == 0.0 }},

	// What foster adds.
	{path: "*/Config/Labels/*", why: "foster's own labels", only: fostersLabel},
	{path: "*/Labels/foster.project", why: "foster's own label", only: fostersLabel},
}

// fromLaunch is for children that LAUNCH_* made.
var fromLaunch = allowance{
	path: "container */Config/Labels/com.docker.compose.project.config_files",
	why:  "the document of LAUNCH_* is in memory; its label names the place of a mounted one",
	only: func(d difference) bool { return d.foster == "/docker-compose.yml" },
}

// unordered are lists whose order compose takes from a Go map, so that it
// differs from run to run, where foster sorts; and the engine's own list of mounts.
var unordered = []string{
	"container */Config/Env",
	"container */HostConfig/Binds",
	"container */HostConfig/Mounts",
	"container */HostConfig/ExtraHosts",
	"container */HostConfig/Ulimits",
	"container */Mounts",
}

func isUnordered(path string) bool {
	return slices.ContainsFunc(unordered, func(pattern string) bool { return match(pattern, path) })
}

// isAllowed says whether a difference is in the list, or in the case's own.
func isAllowed(d difference, also []allowance) bool {
	return slices.ContainsFunc(slices.Concat(allowed, also), func(a allowance) bool {
		if !match(a.path, d.path) {
			return false
		}
		if a.only != nil {
			return a.only(d)
		}
		return set(d.compose) && set(d.foster)
	})
}

func set(v any) bool { return v != absent && v != nil && v != "" && v != 0.0 }

// both says that both values are texts of a kind.
func both(d difference, is func(string) bool) bool {
	a, okA := d.compose.(string)
	b, okB := d.foster.(string)
	return okA && okB && is(a) && is(b)
}

// pools are what engines take addresses from that nobody asked for.
var pools = []netip.Prefix{
	netip.MustParsePrefix("10.128.0.0/9"),
	netip.MustParsePrefix("10.5.0.128/25"), netip.MustParsePrefix("10.6.0.128/25"), netip.MustParsePrefix("10.7.0.128/25"),
}

func inPool(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(pools, func(p netip.Prefix) bool { return p.Contains(a) })
}

func fromPool(d difference) bool {
	return both(d, func(s string) bool {
		address, _, _ := strings.Cut(s, "/")
		return inPool(address)
	})
}

func madeFromPool(d difference) bool {
	return both(d, func(s string) bool {
		mac, err := net.ParseMAC(s)
		if err != nil || mac[0] != 2 || mac[1] != 0x42 {
			return false
		}
		address, ok := netip.AddrFromSlice(mac[2:])
		return ok && inPool(address.String())
	})
}

func chosenPorts(d difference) bool {
	return both(d, func(s string) bool { return len(s) == 5 && s >= "32768" }) ||
		both(d, func(s string) bool { return s >= "8601" && s <= "8603" })
}

func anonymous(d difference) bool {
	return both(d, func(s string) bool {
		s = strings.TrimSuffix(strings.TrimPrefix(s, "<engine>/data/volumes/"), "/_data")
		return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
	})
}

func fostersLabel(d difference) bool {
	i := strings.LastIndexByte(d.path, '/')
	return d.compose == absent && strings.HasPrefix(d.path[i+1:], "foster.")
}

func sameContainer(d difference) bool {
	id, _ := d.compose.(string)
	name, _ := d.foster.(string)
	return strings.HasPrefix(id, "<") && strings.HasSuffix(name, "-"+strings.Trim(id, "<>")+"-1")
}

func sameParts(d difference) bool {
	parts := func(v any) []string {
		s, _ := v.(string)
		return slices.Sorted(strings.SplitSeq(s, ","))
	}
	return slices.Equal(parts(d.compose), parts(d.foster))
}

package spec

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// ModeTask as network mode makes the child share foster's own network
// namespace, and with it all networks, names and ports of the Swarm service.
const ModeTask = "task"

// modeOf is the network mode by precedence, "" for networks of its own. It
// reports nothing: networking does.
func (l *launch) modeOf() string {
	quiet := &launch{env: l.env, lookup: l.lookup, blind: l.blind}
	if quiet.boolean("LAUNCH_HOST_NETWORK") {
		return "host"
	}
	w, _ := quiet.text("LAUNCH_NETWORK_MODE")
	return w.value
}

// networking reads everything about networks, in the order of precedence:
// LAUNCH_HOST_NETWORK, LAUNCH_NETWORK_MODE, the rest.
func (l *launch) networking() {
	host := l.boolean("LAUNCH_HOST_NETWORK")
	why := ""
	switch mode, ok := l.text("LAUNCH_NETWORK_MODE"); {
	case host:
		why = l.env.Origin("LAUNCH_HOST_NETWORK") + " is set"
		l.set("LAUNCH_HOST_NETWORK", "network_mode", "host")
		l.ignore(why, "LAUNCH_NETWORK_MODE")
	case ok && !networkMode(mode.value):
		l.problem("LAUNCH_NETWORK_MODE", mode, "not a network mode", "write task, host, none, bridge or container:<name>; LAUNCH_EXT_NETWORKS is for networks with a name")
		return
	case ok:
		why = l.env.Origin("LAUNCH_NETWORK_MODE") + " is set"
		l.set("LAUNCH_NETWORK_MODE", "network_mode", mode.value)
	}
	l.names(why)
	if why != "" {
		l.ignore(why, "LAUNCH_PORTS", "LAUNCH_NETWORKS", "LAUNCH_EXT_NETWORKS", "LAUNCH_EXT_NETWORKS_IPV4", "LAUNCH_EXT_NETWORKS_IPV6", "LAUNCH_EXT_NETWORKS_MIXED")
		return
	}
	l.setList("LAUNCH_PORTS", "ports", port, "write [ip:][host:]child[/tcp|udp|sctp], ranges as 8000-8010:80-90")
	l.attachments()
}

// names reads what a child in another's network namespace cannot have of its
// own: the engine refuses it for container:… .
func (l *launch) names(why string) {
	mode := l.modeOf()
	if mode == ModeTask || strings.HasPrefix(mode, "container:") {
		l.ignore(why, "LAUNCH_HOSTNAME", "LAUNCH_EXTRA_HOSTS", "LAUNCH_DNS", "LAUNCH_DNS_SEARCH")
	} else {
		if w, ok := l.text("LAUNCH_HOSTNAME"); ok {
			if err := hostname(w.value); err != nil {
				l.problem("LAUNCH_HOSTNAME", w, err.Error(), "use up to 64 letters, digits, '-' and '.'")
			} else {
				l.set("LAUNCH_HOSTNAME", "hostname", w.value)
			}
		}
		l.setList("LAUNCH_EXTRA_HOSTS", "extra_hosts", hostsEntry, "write name:address or name:host-gateway")
		l.setList("LAUNCH_DNS", "dns", dnsServer, "write an address, such as 10.0.0.2")
		l.setList("LAUNCH_DNS_SEARCH", "dns_search", dnsDomain, "write a domain, such as example.org")
	}
	if mode != "" && mode != "bridge" {
		l.ignore(why, "LAUNCH_MAC_ADDRESS")
	} else if w, ok := l.text("LAUNCH_MAC_ADDRESS"); ok {
		if err := checkMAC(w.value); err != nil {
			l.problem("LAUNCH_MAC_ADDRESS", w, err.Error(), "write six pairs of hex digits, the second digit even, such as 02:42:ac:11:00:42")
		} else {
			l.set("LAUNCH_MAC_ADDRESS", "mac_address", w.value)
		}
	}
}

// ignore warns once for each variable that has no effect.
func (l *launch) ignore(why string, variables ...string) {
	for _, v := range variables {
		if _, set := l.env.Lookup(v); set {
			l.warn("%s, %s is ignored", why, l.env.Origin(v))
		}
	}
}

func networkMode(mode string) bool {
	name, isContainer := strings.CutPrefix(mode, "container:")
	return isContainer && engineName.MatchString(name) || slices.Contains([]string{"host", "none", "bridge", ModeTask}, mode)
}

// port accepts the short syntax of Compose.
func port(s string) error {
	ports, err := types.ParsePortConfig(s)
	if err != nil || len(ports) == 0 {
		return errors.New("not a port")
	}
	for _, p := range ports {
		if p.Target == 0 {
			return errors.New("port 0")
		}
		if !slices.Contains([]string{"tcp", "udp", "sctp"}, p.Protocol) {
			return errors.New("not a protocol")
		}
	}
	return nil
}

// attachments reads the five variables that name networks. One network may be
// in several of them as long as they agree.
func (l *launch) attachments() {
	const mendName = "use letters, digits, '_', '.' and '-', a letter or digit first"
	created, external := map[string]bool{}, map[string]*placed{}
	for _, w := range l.list("LAUNCH_NETWORKS") {
		if !networkName.MatchString(w.value) {
			l.problem("LAUNCH_NETWORKS", w, "not a network name", mendName)
			continue
		}
		created[w.value] = true
		l.add("LAUNCH_NETWORKS", func(d *document) {
			d.attach(w.value, nil)
			d.networks[w.value] = map[string]any{"driver": "bridge", "attachable": true}
		})
	}
	for _, source := range []struct {
		variable, mend string
		parse          func(string) (placed, error)
	}{
		{"LAUNCH_EXT_NETWORKS", mendName, parseNet},
		{"LAUNCH_EXT_NETWORKS_IPV4", "write network:ipv4, such as front:10.5.0.10", parseNetIPv4},
		{"LAUNCH_EXT_NETWORKS_IPV6", "write network-ipv6, such as front-fd00::10", parseNetIPv6},
		{"LAUNCH_EXT_NETWORKS_MIXED", "write network-ipv4-ipv6, such as front-10.5.0.10-fd00::10", parseNetMixed},
	} {
		for _, w := range l.list(source.variable) {
			p, err := source.parse(w.value)
			if err != nil {
				l.problem(source.variable, w, err.Error(), source.mend)
				continue
			}
			if created[p.network] {
				l.problem(source.variable, w, "network "+p.network+" is in LAUNCH_NETWORKS too", "name it in one: LAUNCH_NETWORKS creates it, this one wants it to exist")
				continue
			}
			known := external[p.network]
			if known == nil {
				known = &placed{network: p.network}
				external[p.network] = known
			}
			if !known.merge(p) {
				l.problem(source.variable, w, "network "+p.network+" is given twice, with different addresses", "give each network one address of each kind")
				continue
			}
			l.add(source.variable, func(d *document) {
				d.attach(p.network, p.options())
				d.networks[p.network] = map[string]any{"external": true}
			})
		}
	}
}

func parseNet(s string) (placed, error) {
	if !networkName.MatchString(s) {
		return placed{}, errors.New("not a network name")
	}
	return placed{network: s}, nil
}

func (p placed) options() map[string]any {
	options := map[string]any{}
	if p.ipv4 != "" {
		options["ipv4_address"] = p.ipv4
	}
	if p.ipv6 != "" {
		options["ipv6_address"] = p.ipv6
	}
	return options
}

// attach adds options to the service's attachment to a network.
func (d *document) attach(network string, options map[string]any) {
	attached, _ := d.service["networks"].(map[string]any)
	if attached == nil {
		attached = map[string]any{}
		d.service["networks"] = attached
	}
	have, _ := attached[network].(map[string]any)
	if have == nil && len(options) > 0 {
		have = map[string]any{}
	}
	maps.Copy(have, options)
	if have == nil {
		attached[network] = nil
	} else {
		attached[network] = have
	}
}

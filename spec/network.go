package spec

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

// networkModeOf names the first network, or the mode that takes its place.
func networkModeOf(doc *types.Project, s types.ServiceConfig) container.NetworkMode {
	if s.NetworkMode != "" {
		return container.NetworkMode(resolved(doc, s.NetworkMode))
	}
	if first := s.NetworksByPriority(); len(first) > 0 {
		return container.NetworkMode(doc.Networks[first[0]].Name)
	}
	return "none"
}

// joinsNetwork says that a network mode is the name of one network, such as
// bridge: it has an endpoint, which can be lost, but no aliases.
func joinsNetwork(mode string) bool {
	return mode != "" && mode != "host" && mode != "none" && mode != "disabled" && mode != ModeTask &&
		!strings.HasPrefix(mode, types.ContainerPrefix) && !strings.HasPrefix(mode, composeServiceReference)
}

// endpoints are the attachments, the one of NetworkMode first and the others
// by priority and name.
func endpoints(doc *types.Project, s types.ServiceConfig) ([]Endpoint, error) {
	if joinsNetwork(s.NetworkMode) {
		return []Endpoint{{Network: engineNetwork(s.NetworkMode), Settings: &network.EndpointSettings{MacAddress: s.MacAddress}}}, nil
	}
	if s.NetworkMode != "" {
		return nil, nil
	}
	var out []Endpoint
	for i, key := range s.NetworksByPriority() {
		settings, err := endpoint(doc, s, key)
		if err != nil {
			return nil, err
		}
		if i == 0 && s.MacAddress != "" {
			if settings.MacAddress != "" && settings.MacAddress != s.MacAddress {
				return nil, fmt.Errorf("mac_address differs from the one on network %q", key)
			}
			settings.MacAddress = s.MacAddress
		}
		out = append(out, Endpoint{Network: doc.Networks[key].Name, Settings: settings})
	}
	return out, nil
}

func engineNetwork(mode string) string {
	if mode == "default" {
		return "bridge"
	}
	return mode
}

// endpoint sets what is configured; the addresses that the engine fills in,
// which Compose sends along, have no effect and stay empty.
func endpoint(doc *types.Project, s types.ServiceConfig, key string) (*network.EndpointSettings, error) {
	const ifname = "com.docker.network.endpoint.ifname"
	settings := &network.EndpointSettings{Aliases: []string{containerName(doc.Name, s)}, Links: links(doc, s)}
	cfg := s.Networks[key]
	if cfg.ServiceNameAliasEnabled() {
		settings.Aliases = append(settings.Aliases, s.Name)
	}
	if cfg == nil {
		return settings, nil
	}
	settings.Aliases = append(settings.Aliases, cfg.Aliases...)
	settings.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: cfg.Ipv4Address, IPv6Address: cfg.Ipv6Address, LinkLocalIPs: cfg.LinkLocalIPs}
	settings.MacAddress = cfg.MacAddress
	settings.DriverOpts = maps.Clone(map[string]string(cfg.DriverOpts))
	settings.GwPriority = cfg.GatewayPriority
	if cfg.InterfaceName != "" {
		if name, ok := settings.DriverOpts[ifname]; ok && name != cfg.InterfaceName {
			return nil, errors.New("interface_name differs from driver_opts " + ifname)
		}
		if settings.DriverOpts == nil {
			settings.DriverOpts = map[string]string{}
		}
		settings.DriverOpts[ifname] = cfg.InterfaceName
	}
	return settings, nil
}

// links are the container links of `links` and `external_links`.
func links(doc *types.Project, s types.ServiceConfig) []string {
	var out []string
	for _, link := range s.Links {
		name, alias, ok := strings.Cut(link, ":")
		if !ok {
			alias = name
		}
		target := containerName(doc.Name, doc.Services[name])
		numbered := name + composeSeparator + composeContainerNumber
		out = append(out, target+":"+alias, target+":"+numbered, target+":"+doc.Name+composeSeparator+numbered)
	}
	for _, link := range s.ExternalLinks {
		name, alias, ok := strings.Cut(link, ":")
		if !ok {
			alias = name
		}
		out = append(out, name+":"+alias)
	}
	return out
}

// networks are those that some service attaches to, by a document's key or by
// a network mode.
func networks(doc *types.Project) ([]Network, error) {
	var out []Network
	for _, key := range slices.Sorted(maps.Keys(doc.Networks)) {
		n := doc.Networks[key]
		hash, err := jsonHash(&n)
		if err != nil {
			return nil, err
		}
		labels := ownLabels(doc, n.Labels, hash)
		labels[labelComposeNetwork] = key
		out = append(out, Network{
			Key:      key,
			Name:     n.Name,
			External: bool(n.External),
			Options: network.CreateOptions{
				Driver:     n.Driver,
				EnableIPv4: n.EnableIPv4,
				EnableIPv6: n.EnableIPv6,
				IPAM:       ipam(n.Ipam),
				Internal:   n.Internal,
				Attachable: n.Attachable,
				Options:    n.DriverOpts,
				Labels:     labels,
			},
		})
	}
	for _, key := range slices.Sorted(maps.Keys(doc.Services)) {
		mode := doc.Services[key].NetworkMode
		if !joinsNetwork(mode) || slices.ContainsFunc(out, func(n Network) bool { return n.Name == engineNetwork(mode) }) {
			continue
		}
		out = append(out, Network{Key: engineNetwork(mode), Name: engineNetwork(mode), External: true})
	}
	slices.SortFunc(out, func(a, b Network) int { return strings.Compare(a.Key, b.Key) })
	return out, nil
}

func ipam(c types.IPAMConfig) *network.IPAM {
	if c.Driver == "" && len(c.Config) == 0 && len(c.Options) == 0 {
		return nil
	}
	out := &network.IPAM{Driver: c.Driver, Options: c.Options}
	for _, pool := range c.Config {
		out.Config = append(out.Config, network.IPAMConfig{Subnet: pool.Subnet, IPRange: pool.IPRange, Gateway: pool.Gateway, AuxAddress: pool.AuxiliaryAddresses})
	}
	return out
}

// ownLabels are the labels of a network or volume, without its key.
func ownLabels(doc *types.Project, configured types.Labels, hash string) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, configured)
	labels[labelComposeProject] = doc.Name
	labels[labelComposeVersion] = composeVersion
	labels[labelComposeHash] = hash
	labels[LabelProject] = doc.Name
	return labels
}

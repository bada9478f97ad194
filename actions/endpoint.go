package actions

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/versions"

	"foster/spec"
)

// multiEndpointAPI is the first API version with several endpoints at create,
// and with a MAC address per endpoint.
const multiEndpointAPI = "1.44"

// joins says how a container comes to its networks.
type joins struct {
	atCreate *network.NetworkingConfig
	mac      string          // for Config.MacAddress, where endpoints cannot have one
	after    []spec.Endpoint // to be connected between create and start, in order
	lostMACs []string        // networks whose MAC address this engine cannot give
}

// plan is pure: it shares nothing with the endpoints it is given.
func plan(apiVersion string, endpoints []spec.Endpoint) joins {
	if len(endpoints) == 0 {
		return joins{}
	}
	j := joins{atCreate: &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{}}}
	if versions.GreaterThanOrEqualTo(apiVersion, multiEndpointAPI) {
		for _, ep := range endpoints {
			j.atCreate.EndpointsConfig[ep.Network] = fresh(ep)
		}
		return j
	}
	for i, ep := range endpoints {
		settings := fresh(ep)
		mac := settings.MacAddress
		settings.MacAddress = "" // the client refuses it at create, the engine drops it at connect
		if i == 0 {
			j.mac = mac
			j.atCreate.EndpointsConfig[ep.Network] = settings
			continue
		}
		if mac != "" {
			j.lostMACs = append(j.lostMACs, ep.Network)
		}
		j.after = append(j.after, spec.Endpoint{Network: ep.Network, Settings: settings})
	}
	return j
}

// fresh is a copy of an endpoint's settings with the wanted fields only: no
// network ID, no endpoint ID, no address that the engine chose.
func fresh(ep spec.Endpoint) *network.EndpointSettings {
	s := ep.Settings
	if s == nil {
		return &network.EndpointSettings{}
	}
	out := &network.EndpointSettings{
		Links:      slices.Clone(s.Links),
		Aliases:    slices.Clone(s.Aliases),
		MacAddress: s.MacAddress,
		DriverOpts: maps.Clone(s.DriverOpts),
		GwPriority: s.GwPriority,
	}
	if s.IPAMConfig != nil {
		out.IPAMConfig = s.IPAMConfig.Copy()
	}
	return out
}

// configs copies what ContainerCreate gets, so that neither this package nor
// the client writes into the Project.
func configs(c *spec.Child) (*container.Config, *container.HostConfig, error) {
	config, err := clone(c.Config)
	if err != nil {
		return nil, nil, fmt.Errorf("copy the configuration of child %q: %w", c.Name, err)
	}
	host, err := clone(c.Host)
	if err != nil {
		return nil, nil, fmt.Errorf("copy the host configuration of child %q: %w", c.Name, err)
	}
	return config, host, nil
}

// clone copies by way of JSON, the form in which the engine gets it anyway.
func clone[T any](v *T) (*T, error) {
	out := new(T)
	if v == nil {
		return out, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(b, out)
}

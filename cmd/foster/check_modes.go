package main

import (
	"context"

	"foster/spec"
)

// checkModes finds what does not go together.
func checkModes(_ context.Context, s *survey) []finding {
	found := modeClashes(s.project)
	for _, c := range s.project.Children {
		if c.Host.NetworkMode.IsHost() && len(c.Host.PortBindings) > 0 {
			found = append(found, note("child "+c.Name, "publishes ports, which the engine ignores with the host's network").mend("take the ports away"))
		}
	}
	return found
}

// modeClashes are settings that every engine refuses beside the namespaces of
// another container or of the host: runconfig's validateNetMode.
func modeClashes(p *spec.Project) []finding {
	var found []finding
	for _, c := range p.Children {
		mode := c.Host.NetworkMode
		refuse := func(present bool, what, with string) {
			if present {
				found = append(found, problem("child "+c.Name, "has %s, which no engine takes together with %s", what, with).mend("take one of the two away"))
			}
		}
		if mode.IsContainer() {
			const with = "the network of another container"
			refuse(len(c.Host.PortBindings) > 0, "published ports", with)
			refuse(len(c.Host.PortBindings) == 0 && len(c.Config.ExposedPorts) > 0, "exposed ports", with)
			refuse(len(c.Host.Links) > 0, "links", with)
			refuse(len(c.Host.DNS) > 0, "dns", with)
			refuse(len(c.Host.ExtraHosts) > 0, "extra_hosts", with)
			refuse(c.Config.Hostname != "", "a hostname", with)
		}
		refuse(mode.IsHost() && len(c.Host.Links) > 0, "links", "the host's network")
		refuse(c.Host.UTSMode.IsHost() && c.Config.Hostname != "", "a hostname", "the host's UTS namespace")
	}
	return found
}

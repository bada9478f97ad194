package main

import (
	"context"
	"slices"

	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/versions"

	"foster/spec"
)

// need is something that engines have learned after minAPI. Older engines
// refuse it, or read past it.
type need struct {
	api, engine string
	refused     bool
	what        string // of a child: "asks for …"
	without     string // what an older engine makes of it
	asked       func(c *spec.Child) bool
}

var laterNeeds = []need{
	{api: "1.42", engine: "23.0", what: "lets the engine create the source of a mount", without: "a source that is not there is refused", asked: anyMount(func(m mount.Mount) bool {
		return m.BindOptions != nil && m.BindOptions.CreateMountpoint
	})},
	{api: "1.43", engine: "24.0", what: "has annotations", without: "they are dropped", asked: func(c *spec.Child) bool { return len(c.Host.Annotations) > 0 }},
	{api: "1.44", engine: "25.0", what: "has a MAC address on another network than its first", without: "it is dropped", asked: func(c *spec.Child) bool {
		return len(c.Endpoints) > 1 && slices.ContainsFunc(c.Endpoints[1:], func(e spec.Endpoint) bool { return e.Settings.MacAddress != "" })
	}},
	{api: "1.44", engine: "25.0", refused: true, what: "has a healthcheck with start_interval", asked: func(c *spec.Child) bool {
		return c.Config.Healthcheck != nil && c.Config.Healthcheck.StartInterval != 0
	}},
	{api: "1.44", engine: "25.0", refused: true, what: "has a bind that is to be read-only all the way down (bind.recursive: readonly)", asked: anyMount(func(m mount.Mount) bool {
		return m.BindOptions != nil && m.BindOptions.ReadOnlyForceRecursive
	})},
	{api: "1.44", engine: "25.0", refused: true, what: "asks for CDI devices", asked: func(c *spec.Child) bool { return asksCDI(c) }},
	// An older engine would mount the whole volume: not what was asked for.
	{api: "1.45", engine: "26.0", refused: true, what: "mounts a part of a volume (volume.subpath)", asked: anyMount(func(m mount.Mount) bool {
		return m.VolumeOptions != nil && m.VolumeOptions.Subpath != ""
	})},
	{api: "1.46", engine: "27.0", what: "has sysctls for one of its interfaces", without: "they are dropped", asked: anyEndpoint(func(e spec.Endpoint) bool {
		return e.Settings.DriverOpts["com.docker.network.endpoint.sysctls"] != ""
	})},
	{api: "1.48", engine: "28.0", what: "has a gw_priority", without: "it is dropped, and the default gateway goes by the networks' names", asked: anyEndpoint(func(e spec.Endpoint) bool { return e.Settings.GwPriority != 0 })},
	{api: "1.48", engine: "28.0", refused: true, what: "mounts an image", asked: anyMount(func(m mount.Mount) bool { return m.Type == mount.TypeImage })},
	{api: "1.49", engine: "28.1", what: "has an interface_name", without: "it is dropped", asked: anyEndpoint(func(e spec.Endpoint) bool {
		return e.Settings.DriverOpts["com.docker.network.endpoint.ifname"] != ""
	})},
}

func anyMount(is func(mount.Mount) bool) func(*spec.Child) bool {
	return func(c *spec.Child) bool { return slices.ContainsFunc(c.Host.Mounts, is) }
}

func anyEndpoint(is func(spec.Endpoint) bool) func(*spec.Child) bool {
	return func(c *spec.Child) bool { return slices.ContainsFunc(c.Endpoints, is) }
}

func checkAPI(_ context.Context, s *survey) []finding { return tooOld(s.api, s.project) }

// tooOld finds what an engine of that API is too old for.
func tooOld(api string, p *spec.Project) []finding {
	var found []finding
	add := func(subject string, n need) {
		f := note(subject, "%s, which needs engine %s (API %s): %s", n.what, n.engine, n.api, n.without)
		if n.refused {
			f = problem(subject, "%s, which needs engine %s (API %s)", n.what, n.engine, n.api).mend("take it away, or use a newer engine")
		}
		found = append(found, f)
	}
	for _, n := range laterNeeds {
		if versions.GreaterThanOrEqualTo(api, n.api) {
			continue
		}
		for _, c := range p.Children {
			if n.asked(&c) {
				add("child "+c.Name, n)
			}
		}
	}
	for _, n := range p.Networks {
		if four := n.Options.EnableIPv4; !n.External && four != nil && !*four && versions.LessThan(api, "1.48") {
			add("network "+n.Name, need{api: "1.48", engine: "28.0", what: "is to be without IPv4", without: "it gets IPv4 all the same"})
		}
	}
	return found
}

package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/distribution/reference"
)

// refuse finds everything that foster cannot apply: attributes by the table,
// and such values and combinations of the others.
func refuse(doc *types.Project, where string) (warnings []string, problems Problems) {
	warnings, problems = inspectAttributes(doc, where)
	bad := func(path, what, mend string) { problems = append(problems, Problem{where, path, what, mend}) }
	for _, key := range slices.Sorted(maps.Keys(doc.Services)) {
		s, at := doc.Services[key], "services."+key+"."
		if s.Build == nil && s.Provider == nil {
			if _, err := reference.ParseAnyReference(s.Image); err != nil {
				bad(at+"image", "not an image reference", "write [registry[:port]/]name[:tag][@digest], the name in lower case")
			}
		}
		if _, _, err := parsePull(s.PullPolicy); err != nil && s.PullPolicy != "" {
			bad(at+"pull_policy", err.Error(), "write always, missing, never, daily, weekly or every_12h")
		}
		if _, _, err := restartOf(s); err != nil {
			if s.Deploy != nil && s.Deploy.RestartPolicy != nil && s.Deploy.RestartPolicy.Condition != "" {
				bad(at+"deploy.restart_policy.condition", err.Error(), "write any, on-failure or none")
			} else {
				bad(at+"restart", err.Error(), `write "no", always, unless-stopped, on-failure or on-failure:5`)
			}
		}
		switch n := s.GetScale(); {
		case n == 0:
			warnings = append(warnings, where+": service "+key+" has no child: its scale is 0")
		case n != 1:
			bad(at+"scale", fmt.Sprintf("foster runs one container of a service, not %d", n), "write the service once for each container")
		}
		refuseLabels(s.Labels, at, bad)
		refuseShared(doc, s, at, bad)
		for i, v := range s.Volumes {
			switch v.Type {
			case types.VolumeTypeCluster, types.VolumeTypeNamedPipe:
				bad(fmt.Sprintf("%svolumes[%d].type", at, i), "foster cannot mount "+v.Type, "use a bind or volume")
			}
		}
		if s.NetworkMode == ModeTask {
			refuseOfTask(s, at, bad)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(doc.Networks)) {
		refuseLabels(doc.Networks[key].Labels, "networks."+key+".", bad)
	}
	for _, key := range slices.Sorted(maps.Keys(doc.Volumes)) {
		refuseLabels(doc.Volumes[key].Labels, "volumes."+key+".", bad)
	}
	return warnings, problems
}

// refuseLabels: by its own labels foster tells what is its own.
func refuseLabels(labels types.Labels, at string, bad func(path, what, mend string)) {
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if strings.HasPrefix(name, labelPrefix) {
			bad(at+"labels."+name, "a label that foster sets itself", "choose a name outside "+labelPrefix)
		}
	}
}

// refuseShared looks at what a service wants to have of another's container.
func refuseShared(doc *types.Project, s types.ServiceConfig, at string, bad func(path, what, mend string)) {
	check := func(path, other string) {
		service, known := doc.Services[other]
		switch {
		case !known:
			bad(path, "there is no service "+other, "name a service of this file, or container:<name>")
		case service.GetScale() == 0:
			bad(path, "service "+other+" has no container: its scale is 0", "give it the scale 1")
		}
	}
	for _, ns := range []struct{ name, mode string }{{"network_mode", s.NetworkMode}, {"ipc", s.Ipc}, {"pid", s.Pid}, {"uts", s.Uts}, {"cgroup", s.Cgroup}} {
		other, ok := strings.CutPrefix(ns.mode, composeServiceReference)
		switch {
		case !ok:
		case ns.name == "uts", ns.name == "cgroup":
			bad(at+ns.name, "no engine lets containers share it", "remove it")
		default:
			check(at+ns.name, other)
		}
	}
	for _, from := range s.VolumesFrom {
		if name, _, _ := strings.Cut(from, ":"); !strings.HasPrefix(from, types.ContainerPrefix) {
			check(at+"volumes_from", name)
		}
	}
	for _, link := range s.Links {
		name, _, _ := strings.Cut(link, ":")
		check(at+"links", name)
	}
}

// refuseOfTask: in foster's own network namespace much is not the child's to say.
func refuseOfTask(s types.ServiceConfig, at string, bad func(path, what, mend string)) {
	if len(s.Ports) > 0 {
		bad(at+"ports", "foster cannot apply this attribute", "publish the ports of the Swarm service: they reach the child")
	}
	for _, a := range []struct {
		name    string
		present bool
	}{{"hostname", s.Hostname != ""}, {"dns", len(s.DNS) > 0}, {"extra_hosts", len(s.ExtraHosts) > 0}, {"mac_address", s.MacAddress != ""}, {"links", len(s.Links) > 0}} {
		if a.present {
			bad(at+a.name, "foster cannot apply this attribute", "remove it: it belongs to foster's own container")
		}
	}
}

// running is the document without the services whose scale is 0.
func running(doc *types.Project) *types.Project {
	out := *doc
	out.Services = types.Services{}
	for key, s := range doc.Services {
		if s.GetScale() > 0 {
			out.Services[key] = s
		}
	}
	return &out
}

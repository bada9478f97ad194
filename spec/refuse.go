package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/distribution/reference"
)

// refuse names every attribute that foster cannot apply: to leave one out in
// silence would launch something else than what is written.
func refuse(doc *types.Project, where string) (warnings []string, problems Problems) {
	bad := func(path, what, mend string) {
		problems = append(problems, Problem{where, path, what, mend})
	}
	unable := func(path string, present bool, mend string) {
		if present {
			bad(path, "foster cannot apply this attribute", mend)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Jobs)) {
		unable("jobs."+name, true, "remove it")
	}
	for _, key := range slices.Sorted(maps.Keys(doc.Services)) {
		s := doc.Services[key]
		at := "services." + key + "."
		unable(at+"build", s.Build != nil, "build the image beforehand and name it with image")
		unable(at+"provider", s.Provider != nil, "remove the service")
		unable(at+"secrets", len(s.Secrets) > 0, "bind-mount a file of the host with volumes")
		unable(at+"configs", len(s.Configs) > 0, "bind-mount a file of the host with volumes")
		unable(at+"models", len(s.Models) > 0, "remove it")
		unable(at+"develop", s.Develop != nil, "remove it")
		unable(at+"credential_spec", s.CredentialSpec != nil, "remove it")
		unable(at+"use_api_socket", s.UseAPISocket, "bind-mount the engine's socket with volumes")
		unable(at+"attach", s.Attach != nil && !*s.Attach, "remove it")
		unable(at+"pre_start", len(s.PreStart) > 0, "put the work into the image's entrypoint")
		unable(at+"post_start", len(s.PostStart) > 0, "put the work into the image's entrypoint")
		unable(at+"pre_stop", len(s.PreStop) > 0, "handle the stop signal in the container")
		unable(at+"umask", s.Umask != nil, "set it in the image's entrypoint")
		unable(at+"net", s.Net != "", "write network_mode")
		unable(at+"dockerfile", s.Dockerfile != "", "build the image beforehand and name it with image")
		unable(at+"log_driver", s.LogDriver != "", "write logging.driver")
		unable(at+"log_opt", len(s.LogOpt) > 0, "write logging.options")
		if s.Build == nil && s.Provider == nil {
			if _, err := reference.ParseAnyReference(s.Image); err != nil {
				bad(at+"image", "not an image reference", "write [registry[:port]/]name[:tag][@digest], the name in lower case")
			}
		}
		switch s.PullPolicy {
		case "", types.PullPolicyAlways, types.PullPolicyMissing, types.PullPolicyIfNotPresent, types.PullPolicyNever:
		default:
			bad(at+"pull_policy", "foster cannot apply "+s.PullPolicy, "write always, missing or never")
		}
		if n := s.GetScale(); n != 1 {
			bad(at+"scale", fmt.Sprintf("foster runs one container of a service, not %d", n), "write the service once for each container")
		}
		refuseDeploy(at+"deploy.", s.Deploy, unable)
		for _, name := range slices.Sorted(maps.Keys(s.DependsOn)) {
			if d := s.DependsOn[name]; d.Condition != "" && d.Condition != types.ServiceConditionStarted {
				bad(at+"depends_on."+name, "foster cannot wait for "+d.Condition, "write condition: service_started")
			}
		}
		for _, ns := range []struct{ name, mode string }{{"network_mode", s.NetworkMode}, {"ipc", s.Ipc}, {"pid", s.Pid}, {"uts", s.Uts}, {"cgroup", s.Cgroup}} {
			other, ok := strings.CutPrefix(ns.mode, composeServiceReference)
			if _, known := doc.Services[other]; ok && !known {
				bad(at+ns.name, "there is no service "+other, "name a service of this file")
			}
			unable(at+ns.name, ok && (ns.name == "uts" || ns.name == "cgroup"), "remove it")
		}
		for _, from := range s.VolumesFrom {
			name, _, _ := strings.Cut(from, ":")
			if _, known := doc.Services[name]; !known && !strings.HasPrefix(from, types.ContainerPrefix) {
				bad(at+"volumes_from", "there is no service "+name, "name a service of this file, or container:<name>")
			}
		}
		for i, v := range s.Volumes {
			unable(fmt.Sprintf("%svolumes[%d]", at, i), v.Type == types.VolumeTypeCluster || v.Type == types.VolumeTypeNamedPipe, "use a bind or volume")
		}
		if s.NetworkMode == ModeTask {
			unable(at+"ports", len(s.Ports) > 0, "publish the ports of the Swarm service: they reach the child")
			for _, a := range []struct {
				name    string
				present bool
			}{{"hostname", s.Hostname != ""}, {"dns", len(s.DNS) > 0}, {"extra_hosts", len(s.ExtraHosts) > 0}, {"mac_address", s.MacAddress != ""}, {"links", len(s.Links) > 0}} {
				unable(at+a.name, a.present, "remove it: it belongs to foster's own container")
			}
		}
		if s.Restart != "" && s.Restart != "no" || s.Deploy != nil && s.Deploy.RestartPolicy != nil {
			warnings = append(warnings, where+": the restart policy of service "+key+" is ignored: foster restarts it, see FOSTER_RESTART")
		}
	}
	return warnings, problems
}

// refuseDeploy refuses what only Swarm's scheduler can do.
func refuseDeploy(at string, d *types.DeployConfig, unable func(path string, present bool, mend string)) {
	if d == nil {
		return
	}
	const mend = "set it on the Swarm service that runs foster"
	p := d.Placement
	unable(at+"mode", d.Mode != "" && d.Mode != "replicated", mend)
	unable(at+"labels", len(d.Labels) > 0, mend+", or write labels")
	unable(at+"update_config", d.UpdateConfig != nil, mend)
	unable(at+"rollback_config", d.RollbackConfig != nil, mend)
	unable(at+"placement", len(p.Constraints) > 0 || len(p.Preferences) > 0 || p.MaxReplicas > 0, mend)
	unable(at+"endpoint_mode", d.EndpointMode != "", mend)
	if r := d.Resources.Reservations; r != nil {
		unable(at+"resources.reservations.cpus", r.NanoCPUs != 0, mend)
		unable(at+"resources.reservations.generic_resources", len(r.GenericResources) > 0, mend)
	}
}

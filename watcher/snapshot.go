package watcher

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"foster/state"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
)

// wholeFunc is Config.Whole.
type wholeFunc func(child, network string, got *network.EndpointSettings) bool

// childFacts is what an inspected container is to the core. It is pure; Holder
// and Unfinished are left empty, since they take another look.
func childFacts(c container.InspectResponse, whole wholeFunc) state.ChildFacts {
	facts := state.ChildFacts{}
	if c.Config != nil {
		facts.Name = c.Config.Labels[labelChild]
		facts.Hash = c.Config.Labels[labelHash]
	}
	if c.ContainerJSONBase == nil {
		return facts
	}
	facts.ID, facts.Created = c.ID, timeOf(c.Created)
	if s := c.State; s != nil {
		facts.Status = statusOf(s)
		facts.OOM = s.OOMKilled
		facts.Paused = s.Paused
		facts.Health = healthOf(s.Health)
		facts.Probe = lastProbe(s.Health)
		facts.StartedAt = timeOf(s.StartedAt)
		if facts.Status == state.Exited {
			facts.Code = s.ExitCode
		}
	}
	facts.Volumes = anonymousVolumes(c)
	if facts.Status == state.Running {
		facts.Attached = attached(c, facts.Name, whole)
	}
	return facts
}

func statusOf(s *container.State) state.Status {
	switch s.Status {
	case container.StateRunning, container.StatePaused, container.StateRestarting:
		return state.Running
	case container.StateCreated:
		return state.Created
	default:
		return state.Exited
	}
}

func healthOf(h *container.Health) state.Health {
	if h == nil {
		return state.HealthNone
	}
	switch h.Status {
	case container.Starting:
		return state.HealthStarting
	case container.Healthy:
		return state.Healthy
	case container.Unhealthy:
		return state.Unhealthy
	}
	return state.HealthNone
}

// timeOf reads a time of inspect; the engine's "never" is the zero time.
func timeOf(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// attached lists the networks with a live and whole endpoint, sorted. The
// entry of a network stays when a container ends, without its endpoint ID; an
// explicit disconnect takes it away.
func attached(c container.InspectResponse, child string, whole wholeFunc) []string {
	if h := c.HostConfig; h != nil && (h.NetworkMode.IsHost() || h.NetworkMode.IsNone() || h.NetworkMode.IsContainer()) {
		return nil
	}
	if c.NetworkSettings == nil {
		return nil
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(c.NetworkSettings.Networks)) {
		endpoint := c.NetworkSettings.Networks[name]
		if endpoint != nil && endpoint.EndpointID != "" && (whole == nil || whole(child, name, endpoint)) {
			out = append(out, name)
		}
	}
	return out
}

// anonymousName is what the engine calls a volume that was given no name.
var anonymousName = regexp.MustCompile(`^[0-9a-f]{64}$`)

// anonymousVolumes lists the volumes that the engine made for this container
// alone, sorted. A volume that the container was told to use by name is not
// one of them, whatever the name looks like; where it shares other containers'
// volumes nobody can tell, so there are none.
func anonymousVolumes(c container.InspectResponse) []string {
	if c.ContainerJSONBase == nil || c.HostConfig == nil || len(c.HostConfig.VolumesFrom) > 0 {
		return nil
	}
	var names []string
	for _, m := range c.Mounts {
		if m.Type == mount.TypeVolume && m.Driver == "local" && anonymousName.MatchString(m.Name) && !asksFor(c.HostConfig, m.Name) {
			names = append(names, m.Name)
		}
	}
	slices.Sort(names)
	return names
}

func asksFor(host *container.HostConfig, volume string) bool {
	for _, b := range host.Binds {
		if strings.HasPrefix(b, volume+":") {
			return true
		}
	}
	for _, m := range host.Mounts {
		if m.Source == volume {
			return true
		}
	}
	return false
}

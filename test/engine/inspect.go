package engine

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

// inspect describes a container; the answer shares nothing with the model.
func (c *ctr) inspect() container.InspectResponse {
	out := container.InspectResponse{
		ContainerJSONBase: &container.ContainerJSONBase{
			ID: c.id, Name: "/" + c.name, Created: stampText(c.created), Image: c.image.id,
			HostConfig: cloned(c.host), Driver: "overlay2", Platform: "linux",
			State: &container.State{
				Status: c.state(), Running: c.running(), Paused: c.paused, OOMKilled: c.oom,
				ExitCode: c.code, Error: c.failure,
				StartedAt: stampText(c.started), FinishedAt: stampText(c.finished),
			},
		},
		Config:          cloned(c.config),
		NetworkSettings: &container.NetworkSettings{Networks: c.endpoints()},
	}
	if c.running() {
		out.State.Pid = 1000 + c.run
	}
	if c.health != "" {
		out.State.Health = &container.Health{Status: c.health, Log: slices.Clone(c.probes)}
	}
	for _, m := range c.mounts {
		out.Mounts = append(out.Mounts, m.MountPoint)
	}
	return out
}

func (c *ctr) state() string {
	if c.paused {
		return container.StatePaused
	}
	return c.status
}

func (c *ctr) endpoints() map[string]*network.EndpointSettings {
	out := map[string]*network.EndpointSettings{}
	for name, settings := range c.nets {
		out[name] = settings.Copy()
	}
	return out
}

// stampText is a time as inspect writes it, in UTC.
func stampText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// list is newest first, as the engine's.
func (e *Engine) list(options container.ListOptions) []container.Summary {
	all := slices.SortedFunc(maps.Values(e.containers), func(a, b *ctr) int {
		return cmp.Or(b.created.Compare(a.created), strings.Compare(a.name, b.name))
	})
	out := []container.Summary{}
	for _, c := range all {
		f := options.Filters
		switch {
		case !options.All && !c.running() && !f.Contains("status"):
		case f.Contains("id") && !slices.ContainsFunc(f.Get("id"), func(id string) bool { return strings.HasPrefix(c.id, id) }):
		case f.Contains("name") && !f.Match("name", "/"+c.name):
		case f.Contains("label") && !f.MatchKVList("label", c.config.Labels):
		case f.Contains("status") && !f.ExactMatch("status", c.state()):
		default:
			out = append(out, c.summary())
		}
	}
	return out
}

func (c *ctr) summary() container.Summary {
	s := container.Summary{
		ID: c.id, Names: []string{"/" + c.name}, Image: c.config.Image, ImageID: c.image.id,
		Created: c.created.Unix(), Labels: maps.Clone(c.config.Labels), State: c.state(),
		NetworkSettings: &container.NetworkSettingsSummary{Networks: c.endpoints()},
	}
	s.HostConfig.NetworkMode = string(c.host.NetworkMode)
	return s
}

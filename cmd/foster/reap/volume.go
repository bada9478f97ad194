package reap

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
)

// anonymousName is what the engine calls a volume that was given no name.
var anonymousName = regexp.MustCompile(`^[0-9a-f]{64}$`)

// anonymousVolumes are those that the engine removes with a container: made
// for it, and not asked for by name.
func anonymousVolumes(f Finding, c container.InspectResponse) []Finding {
	var out []Finding
	for _, m := range c.Mounts {
		if m.Type == mount.TypeVolume && anonymousName.MatchString(m.Name) && !asksFor(c.HostConfig, m.Name) {
			out = append(out, Finding{
				Kind: Volume, Name: m.Name, ID: m.Name, Project: f.Project, Parent: f.Parent, Since: f.Since, due: f.due,
				State: m.Driver, Verdict: Orphan, Reason: "it goes with container " + f.Name,
			})
		}
	}
	slices.SortFunc(out, func(a, b Finding) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func asksFor(host *container.HostConfig, volume string) bool {
	if host == nil {
		return false
	}
	return slices.ContainsFunc(host.Binds, func(b string) bool { return strings.HasPrefix(b, volume+":") }) ||
		slices.ContainsFunc(host.Mounts, func(m mount.Mount) bool { return m.Source == volume })
}

// withVolumes adds to what was found the volumes that orphans take with them.
func (r *Reaper) withVolumes(ctx context.Context, found []Finding) ([]Finding, error) {
	out := slices.Clone(found)
	for _, f := range found {
		if f.Kind != Container || f.Verdict != Orphan {
			continue
		}
		c, err := r.inspect(ctx, f.ID)
		switch {
		case errdefs.IsNotFound(err):
		case err != nil:
			return nil, &LookError{err}
		default:
			out = append(out, anonymousVolumes(f, c)...)
		}
	}
	return out, nil
}

package chaos

import (
	"context"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"foster/spec"
)

// notMade says why a container with a child's labels is not one that a foster
// has made, "" when it is. Labels are copied: docker commit puts a child's into
// the image, and so onto everything that runs from it.
func notMade(c container.InspectResponse) string {
	name, labels := strings.TrimPrefix(c.Name, "/"), c.Config.Labels
	why := spec.Genuine(name, c.Config.Image, labels)
	if why == "" {
		return ""
	}
	mend := ""
	if made := labels[spec.LabelContainer]; made != name && spec.Genuine(made, c.Config.Image, labels) == "" {
		mend = "; if it is the child, renamed: rename it back"
	}
	return fmt.Sprintf("no foster has made container %s: %s%s", name, why, mend)
}

// told says whether the engine told enough of a container to judge it.
func told(c container.InspectResponse) bool {
	return c.ContainerJSONBase != nil && c.State != nil && c.Config != nil && c.NetworkSettings != nil && c.HostConfig != nil
}

// find looks for the one container that is the child now, running or not, among
// those that foster has made: others that carry its labels are no part of it.
// Two that run at a time are never whole.
func find(ctx context.Context, engine Engine, project, child string) (container.InspectResponse, error) {
	none := container.InspectResponse{}
	list, err := ask(ctx, lookTimeout, func(ctx context.Context) ([]container.Summary, error) {
		return engine.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(
			filters.Arg("label", spec.LabelProject+"="+project), filters.Arg("label", spec.LabelChild+"="+child))})
	})
	if err != nil {
		return none, fmt.Errorf("list the containers of %s/%s: %w", project, child, err)
	}
	var live, rest []container.InspectResponse // by the list: it is one moment's
	why := "there is no container of it"
	for _, l := range list {
		c, err := ask(ctx, lookTimeout, func(ctx context.Context) (container.InspectResponse, error) {
			return engine.ContainerInspect(ctx, l.ID)
		})
		switch {
		case errdefs.IsNotFound(err):
			why = "its container is gone"
		case err != nil:
			return none, fmt.Errorf("inspect container %.12s of %s/%s: %w", l.ID, project, child, err)
		case !told(c):
			why = "the engine says nothing of its container"
		case notMade(c) != "":
			why = notMade(c)
		case l.State == container.StateRunning || l.State == container.StatePaused:
			live = append(live, c)
		default:
			rest = append(rest, c)
		}
	}
	switch {
	case len(live) > 1:
		return none, notWhole("%d containers of it run", len(live))
	case len(live) == 1:
		return live[0], nil
	case len(rest) > 0:
		return rest[0], nil
	}
	return none, notWhole("%s", why)
}

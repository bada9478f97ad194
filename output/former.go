package output

import (
	"context"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
)

const (
	// askTimeout is for one question about a container that is there.
	askTimeout = 10 * time.Second
	// parentLabel names the container that the child's foster ran in.
	parentLabel = "foster.parent"
	// serviceLabel is the Swarm service's on the containers of its tasks.
	serviceLabel = "com.docker.swarm.service.name"
)

// former is where the output of an adopted container goes on: when the foster
// that had it ended. That is the newest end of the container that foster.parent
// names, and of those of foster's own service; where there is none, a foster
// before this one relayed nothing that could be known of, and it goes on with
// this one's beginning.
func (r *Relay) former(ctx context.Context, id string) time.Time {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var newest time.Time
	look := func(containerID string) {
		c, err := r.cfg.Engine.ContainerInspect(ctx, containerID)
		if err != nil || c.ContainerJSONBase == nil || c.State == nil || c.State.Running && c.ID != r.cfg.Self {
			return
		}
		// foster's own container has run before when it was started again.
		if at, err := time.Parse(time.RFC3339Nano, c.State.FinishedAt); err == nil && at.After(newest) && at.Before(r.cfg.Began) {
			newest = at
		}
	}
	child, err := r.cfg.Engine.ContainerInspect(ctx, id)
	if err == nil && child.Config != nil && child.Config.Labels[parentLabel] != "" {
		look(child.Config.Labels[parentLabel])
	}
	if r.cfg.Service != "" {
		tasks, err := r.cfg.Engine.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(
			filters.Arg("label", serviceLabel+"="+r.cfg.Service), filters.Arg("status", "exited"))})
		if err == nil {
			for _, t := range tasks {
				look(t.ID)
			}
		}
	}
	if newest.IsZero() {
		return r.cfg.Began
	}
	return newest
}

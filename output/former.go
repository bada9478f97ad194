package output

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"foster/state"
)

const (
	// askTimeout is for one question about a container that is there.
	askTimeout = 10 * time.Second
	// parentLabel names the container that the child's foster ran in.
	parentLabel = "foster.parent"
	// serviceLabel is the Swarm service's on the containers of its tasks.
	serviceLabel = "com.docker.swarm.service.name"
)

// formerMost is how long it is tried to find out where a former foster ended.
const formerMost = time.Minute

// former is where the output of an adopted container goes on: when the foster
// that had it ended. That is the newest end of the container that foster.parent
// names, and of those of foster's own service; where there is none, a foster
// before this one relayed nothing that could be known of, and it goes on with
// this one's beginning. An engine that does not answer is asked again.
func (r *Relay) former(ctx context.Context, child, id string) time.Time {
	var newest time.Time
	again := backoff.NewExponentialBackOff(backoff.WithInitialInterval(retryFirst), backoff.WithMaxInterval(retryMost), backoff.WithMaxElapsedTime(formerMost))
	err := backoff.Retry(func() (err error) {
		newest, err = r.formerEnd(ctx, id)
		return err
	}, backoff.WithContext(again, ctx))
	switch {
	case ctx.Err() != nil:
	case err != nil:
		r.cfg.Log.Warn().Str(state.KeyChild, child).Str(state.KeyContainer, short(id)).Err(err).
			Msg("where a former foster has left off is not known: the child's output goes on with this one's start")
	case newest.IsZero():
		r.cfg.Log.Debug().Str(state.KeyChild, child).Str(state.KeyContainer, short(id)).
			Msg("no former foster is known: the child's output goes on with this one's start")
	}
	if newest.IsZero() {
		return r.cfg.Began
	}
	return newest
}

// formerEnd is the zero time when nobody knows. An error is the engine's.
func (r *Relay) formerEnd(ctx context.Context, id string) (newest time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	look := func(containerID string) error {
		c, err := r.cfg.Engine.ContainerInspect(ctx, containerID)
		switch {
		case errdefs.IsNotFound(err):
			return nil
		case err != nil:
			return fmt.Errorf("look at container %s: %w", short(containerID), err)
		case c.ContainerJSONBase == nil || c.State == nil || c.State.Running && c.ID != r.cfg.Self:
			return nil
		}
		// foster's own container has run before when it was started again.
		if at, err := time.Parse(time.RFC3339Nano, c.State.FinishedAt); err == nil && at.After(newest) && at.Before(r.cfg.Began) {
			newest = at
		}
		return nil
	}
	child, err := r.cfg.Engine.ContainerInspect(ctx, id)
	switch {
	case errdefs.IsNotFound(err):
		return newest, nil
	case err != nil:
		return time.Time{}, fmt.Errorf("look at container %s: %w", short(id), err)
	}
	if child.Config != nil && child.Config.Labels[parentLabel] != "" {
		if err := look(child.Config.Labels[parentLabel]); err != nil {
			return time.Time{}, err
		}
	}
	if r.cfg.Service == "" {
		return newest, nil
	}
	tasks, err := r.cfg.Engine.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(
		filters.Arg("label", serviceLabel+"="+r.cfg.Service), filters.Arg("status", "exited"))})
	if err != nil {
		return time.Time{}, fmt.Errorf("list the tasks of service %s: %w", r.cfg.Service, err)
	}
	for _, t := range tasks {
		if err := look(t.ID); err != nil {
			return time.Time{}, err
		}
	}
	return newest, nil
}

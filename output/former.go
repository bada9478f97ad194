package output

import (
	"context"
	"fmt"
	"maps"
	"slices"
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
	// parentLabel names the container that the child's foster ran in, or followed.
	parentLabel = "foster.parent"
	// serviceLabel is the Swarm service's on the containers of its tasks.
	serviceLabel = "com.docker.swarm.service.name"
	// launcherLabel is on foster's image; package spec writes it.
	launcherLabel = "foster.launcher"
)

// formerMost is how long it is tried to find out where a former foster ended.
const formerMost = time.Minute

// former is where the output of an adopted container goes on: at the newest end
// of a foster that may have had it; where none is known of, at the moment in
// which the project became this one's. An engine that does not answer is asked
// again.
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
			Msg("where a former foster has left off is not known: the child's output goes on from when this one took the project")
	case newest.IsZero():
		r.cfg.Log.Debug().Str(state.KeyChild, child).Str(state.KeyContainer, short(id)).
			Msg("no former foster is known: the child's output goes on from when this one took the project")
	}
	if newest.IsZero() {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.taken
	}
	return newest
}

// formerEnd is the zero time when nobody knows. An error is the engine's. All
// times that are compared are the engine's, whose clock may be another one; one
// who ended before the child was made did not have it. A container that runs may
// have run before: foster's own, or one that its restart policy has started again.
func (r *Relay) formerEnd(ctx context.Context, id string) (newest time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	child, err := r.inspect(ctx, id)
	if err != nil || child.ContainerJSONBase == nil || child.Config == nil {
		return time.Time{}, err
	}
	made := timeOf(child.Created)
	r.mu.Lock()
	newest = r.left
	r.mu.Unlock()
	if newest.Before(made) {
		newest = time.Time{}
	}
	sure := map[string]bool{r.cfg.Self: true}
	if !r.cfg.Follows {
		sure[child.Config.Labels[parentLabel]] = true
	}
	delete(sure, "")
	others, err := r.fosters(ctx)
	if err != nil {
		return time.Time{}, err
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(slices.AppendSeq(others, maps.Keys(sure))))) {
		c, err := r.inspect(ctx, id)
		if err != nil {
			return time.Time{}, err
		}
		if c.ContainerJSONBase == nil || c.State == nil || !sure[id] && !r.cfg.Precedes(c) {
			continue
		}
		if at := timeOf(c.State.FinishedAt); at.After(newest) && !at.Before(made) {
			newest = at
		}
	}
	return newest, nil
}

// fosters are the containers that Precedes is to be asked of.
func (r *Relay) fosters(ctx context.Context) (ids []string, err error) {
	if r.cfg.Precedes == nil {
		return nil, nil
	}
	label := launcherLabel
	if r.cfg.Service != "" {
		label = serviceLabel + "=" + r.cfg.Service
	}
	list, err := r.cfg.Engine.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", label))})
	if err != nil {
		return nil, fmt.Errorf("list the fosters of this engine: %w", err)
	}
	for _, c := range list {
		if c.Labels[serviceLabel] == r.cfg.Service {
			ids = append(ids, c.ID)
		}
	}
	return ids, nil
}

// inspect is empty for a container that is not there.
func (r *Relay) inspect(ctx context.Context, id string) (container.InspectResponse, error) {
	c, err := r.cfg.Engine.ContainerInspect(ctx, id)
	switch {
	case errdefs.IsNotFound(err):
		return container.InspectResponse{}, nil
	case err != nil:
		return container.InspectResponse{}, fmt.Errorf("look at container %s: %w", short(id), err)
	}
	return c, nil
}

// timeOf is the zero time for what is none.
func timeOf(text string) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, text) // the engine's own
	return at
}

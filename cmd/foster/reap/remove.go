package reap

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"foster/spec"
)

// atOnce bounds the containers that are stopped at one time.
const atOnce = 8

// remove takes orphans down: containers, dependents before what they depend on,
// then networks. It returns what became of each.
func (r *Reaper) remove(ctx context.Context, orphans []Finding) []Finding {
	var done, left, networks []Finding
	for _, f := range orphans {
		switch f.Kind {
		case Container:
			left = append(left, f)
		case Network:
			networks = append(networks, f)
		}
	}
	for len(left) > 0 {
		var wave []Finding
		wave, left = nextWave(left)
		done = append(done, parallel(wave, func(f Finding) []Finding { return r.removeContainer(ctx, f) })...)
	}
	return append(done, parallel(networks, func(f Finding) []Finding { return []Finding{r.removeNetwork(ctx, f)} })...)
}

// nextWave are the containers that none of the others depends on; all of them
// when they depend on each other.
func nextWave(left []Finding) (wave, rest []Finding) {
	for _, f := range left {
		if slices.ContainsFunc(left, func(other Finding) bool { return other.ID != f.ID && dependsOn(other, f) }) {
			rest = append(rest, f)
		} else {
			wave = append(wave, f)
		}
	}
	if len(wave) == 0 {
		return left, nil
	}
	return wave, rest
}

// dependsOn goes by Compose's label: service:condition:restart, with commas.
func dependsOn(f, on Finding) bool {
	if f.Project != on.Project {
		return false
	}
	for _, d := range strings.Split(f.labels["com.docker.compose.depends_on"], ",") {
		if service, _, _ := strings.Cut(d, ":"); service != "" && service == on.labels[spec.LabelChild] {
			return true
		}
	}
	return false
}

// parallel works on all, some at once, and keeps their order.
func parallel(all []Finding, work func(Finding) []Finding) []Finding {
	results := make([][]Finding, len(all))
	slots := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	for i, f := range all {
		slots <- struct{}{}
		running.Go(func() {
			results[i] = work(f)
			<-slots
		})
	}
	running.Wait()
	return slices.Concat(results...)
}

// removeContainer stops and removes one child with its anonymous volumes, which
// are part of the result. Before each of the two it is looked at anew.
func (r *Reaper) removeContainer(ctx context.Context, f Finding) []Finding {
	c, f, ok := r.still(ctx, f)
	if !ok {
		return []Finding{f}
	}
	if c.State.Running {
		if err := r.stop(ctx, c); err != nil {
			return []Finding{f.failed(err)}
		}
		// The stop took its time, in which a foster may have started.
		if c, f, ok = r.still(ctx, f); !ok {
			return []Finding{f}
		}
	}
	volumes := anonymousVolumes(f, c)
	f = r.persist(ctx, f, func(ctx context.Context) error {
		// Not by force: what has been started meanwhile is looked at anew.
		return r.cfg.Engine.ContainerRemove(ctx, f.ID, container.RemoveOptions{RemoveVolumes: true})
	})
	out := []Finding{f}
	if f.Verdict != Removed {
		return out
	}
	for _, v := range volumes {
		_, err := ask(ctx, inspectTimeout, func(ctx context.Context) (volume.Volume, error) {
			return r.cfg.Engine.VolumeInspect(ctx, v.Name)
		})
		switch {
		case errdefs.IsNotFound(err):
			out = append(out, v.removed())
		case err == nil:
			out = append(out, v.keep("another container uses it"))
		default:
			out = append(out, v.failed(fmt.Errorf("inspect volume %s: %w", short(v.Name), err)))
		}
	}
	return out
}

// still looks at everything anew, the child and its parent by inspect, which
// never lags behind. When ok is false the finding says what has become of it.
func (r *Reaper) still(ctx context.Context, f Finding) (c container.InspectResponse, now Finding, ok bool) {
	if now, err := r.again(ctx, f); err != nil {
		return c, f.failed(err), false
	} else if now.Verdict != Orphan {
		return c, now, false
	}
	if f.parent != "" {
		p, err := r.inspect(ctx, f.parent)
		if err == nil && p.State.Running {
			return c, f.keep("its parent runs"), false
		}
		if err != nil && !errdefs.IsNotFound(err) {
			return c, f.failed(err), false
		}
	}
	c, err := r.inspect(ctx, f.ID)
	switch {
	case errdefs.IsNotFound(err):
		return c, f.removed(), false
	case err != nil:
		return c, f.failed(err), false
	case c.ID != f.ID || !maps.Equal(c.Config.Labels, f.labels):
		return c, f.keep("it is not what it was"), false
	}
	return c, f, true
}

// stop gives a container its own grace.
func (r *Reaper) stop(ctx context.Context, c container.InspectResponse) error {
	grace := 10 * time.Second
	if t := c.Config.StopTimeout; t != nil {
		grace = time.Duration(*t) * time.Second
	}
	if grace < 0 {
		grace = stopForever
	}
	_, err := ask(ctx, grace+stopMargin, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, r.cfg.Engine.ContainerStop(ctx, c.ID, container.StopOptions{})
	})
	if err == nil || errdefs.IsNotFound(err) || errdefs.IsNotModified(err) {
		return nil
	}
	return fmt.Errorf("stop container %s: %w", strings.TrimPrefix(c.Name, "/"), err)
}

// removeNetwork removes a network that nothing is on any more.
func (r *Reaper) removeNetwork(ctx context.Context, f Finding) Finding {
	now, err := r.again(ctx, f)
	if err != nil {
		return f.failed(err)
	}
	if now.Verdict != Orphan {
		return now
	}
	n, err := ask(ctx, inspectTimeout, func(ctx context.Context) (network.Inspect, error) {
		return r.cfg.Engine.NetworkInspect(ctx, f.ID, network.InspectOptions{})
	})
	switch {
	case errdefs.IsNotFound(err):
		return f.removed()
	case err != nil:
		return f.failed(fmt.Errorf("inspect network %s: %w", f.Name, err))
	case n.ID != f.ID || !maps.Equal(n.Labels, f.labels):
		return f.keep("it is not what it was")
	}
	for _, e := range n.Containers {
		// An orphan that is not due, or could not be removed.
		return f.keep("container " + e.Name + " is still on it")
	}
	return r.persist(ctx, f, func(ctx context.Context) error { return r.cfg.Engine.NetworkRemove(ctx, f.ID) })
}

// persist repeats a removal for some seconds: the engine refuses it while it
// takes a container's network down, and while somebody else removes the same.
func (r *Reaper) persist(ctx context.Context, f Finding, call func(context.Context) error) Finding {
	wait := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(100*time.Millisecond), backoff.WithMaxInterval(time.Second), backoff.WithMaxElapsedTime(5*time.Second),
	)
	var kept *Finding
	err := backoff.Retry(func() error {
		_, err := ask(ctx, removeTimeout, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx) })
		switch {
		case err == nil || errdefs.IsNotFound(err):
			return nil
		case !errdefs.IsConflict(err) && !errdefs.IsPermissionDenied(err) && !errdefs.IsUnavailable(err):
			return backoff.Permanent(err)
		}
		now, lookErr := r.again(ctx, f)
		switch {
		case lookErr != nil:
		case now.Verdict == Kept: // whoever has come by now has it
			kept = &now
			return nil
		case now.Kind == Container && now.State == container.StateRunning: // somebody has started it again
			if c, inspectErr := r.inspect(ctx, f.ID); inspectErr == nil {
				err = errors.Join(err, r.stop(ctx, c))
			}
		}
		return err
	}, backoff.WithContext(wait, ctx))
	switch {
	case err != nil:
		return f.failed(fmt.Errorf("remove %s %s: %w", f.Kind, f.Name, err))
	case kept != nil:
		return *kept
	}
	return f.removed()
}

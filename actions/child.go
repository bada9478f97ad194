package actions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"foster/spec"
	"foster/state"
)

const (
	labelImage   = "com.docker.compose.image"
	labelCompose = "com.docker.compose.project"
)

// start starts a container and runs its post_start hooks; one that runs already
// is started.
func (r *Runner) start(ctx context.Context, c *spec.Child, id string) error {
	if r.cfg.Begins != nil && len(c.PostStart) > 0 {
		r.cfg.Begins(c.Name, id)
	}
	timeout := startTimeout + time.Duration(len(c.Endpoints))*joinTimeout
	err := r.unlessTaken(ctx, VerbStart, c, c.Endpoints, func() error {
		return attempt(ctx, VerbStart, timeout, func(ctx context.Context) error {
			return r.cfg.Engine.ContainerStart(ctx, id, container.StartOptions{})
		})
	})
	if err == nil || errdefs.IsNotModified(err) {
		return r.postStart(ctx, c, id)
	}
	doing := fmt.Sprintf("start container %s of child %q", short(id), c.Name)
	if Classify(VerbStart, err) == state.Unsure && len(c.PostStart) > 0 {
		// It may run by now, without what its hooks do.
		return &opError{class: state.Transient, doing: doing, err: err}
	}
	if Classify(VerbStart, err) == state.Gone && r.present(ctx, id) {
		// It is another container that is not there: one to share with.
		err = &opError{class: state.Transient, doing: doing, err: err, hint: hintOwner}
	}
	return awaiting(c, fail(VerbStart, doing, r.untwined(ctx, VerbStart, c, err)))
}

// awaiting names the containers that c shares with in an error that says that
// one of them is not there.
func awaiting(c *spec.Child, err error) error {
	e, ok := errors.AsType[*opError](err)
	if !ok || e.hint != hintOwner || c.Host == nil {
		return err
	}
	var owners []string
	add := func(shares bool, name string) {
		if shares && !slices.Contains(owners, name) {
			owners = append(owners, name)
		}
	}
	add(c.Host.NetworkMode.IsContainer(), c.Host.NetworkMode.ConnectedContainer())
	add(c.Host.IpcMode.IsContainer(), c.Host.IpcMode.Container())
	add(c.Host.PidMode.IsContainer(), c.Host.PidMode.Container())
	for _, from := range c.Host.VolumesFrom {
		name, _, _ := strings.Cut(from, ":")
		add(true, name)
	}
	if len(owners) == 0 {
		return err
	}
	named := *e
	named.hint = fmt.Sprintf("it shares with container %s, which is not there or does not run", strings.Join(owners, ", "))
	return &named
}

// present: the engine has the container, as far as it says.
func (r *Runner) present(ctx context.Context, id string) bool {
	_, err := r.inspect(ctx, id)
	return err == nil
}

func (r *Runner) inspect(ctx context.Context, nameOrID string) (container.InspectResponse, error) {
	return get(ctx, VerbInspect, inspectTimeout, func(ctx context.Context) (container.InspectResponse, error) {
		return r.cfg.Engine.ContainerInspect(ctx, nameOrID)
	})
}

// stop runs a container's pre_stop hooks, asks it to end and waits; not
// running, or not there, is success.
func (r *Runner) stop(ctx context.Context, eff state.Stop) error {
	return r.stopWithin(ctx, eff.Child, eff.ID, r.preStop(ctx, eff))
}

func (r *Runner) stopWithin(ctx context.Context, child, id string, grace time.Duration) error {
	seconds := int((grace + time.Second - 1) / time.Second) // rounded up: never less than asked for
	timeout := time.Duration(seconds)*time.Second + stopMargin
	err := attempt(ctx, VerbStop, timeout, func(ctx context.Context) error {
		return r.cfg.Engine.ContainerStop(ctx, id, container.StopOptions{Timeout: &seconds})
	})
	if err == nil || errdefs.IsNotModified(err) || errdefs.IsNotFound(err) || Classify(VerbStop, err) == state.OK {
		return nil
	}
	return fail(VerbStop, fmt.Sprintf("stop container %s of child %q", short(id), child), err)
}

// drain waits for the last lines of a container that is to be removed.
func (r *Runner) drain(ctx context.Context, id string) {
	if r.cfg.Drain != nil {
		r.cfg.Drain(ctx, id)
	}
}

// remove deletes a container and its anonymous volumes. One that somebody else
// removed is Gone, not OK: its volumes may be left.
func (r *Runner) remove(ctx context.Context, child, id string, force bool) error {
	err := attempt(ctx, VerbRemove, removeTimeout, func(ctx context.Context) error {
		return r.cfg.Engine.ContainerRemove(ctx, id, container.RemoveOptions{RemoveVolumes: true, Force: force})
	})
	doing := fmt.Sprintf("remove container %s of child %q", short(id), child)
	switch {
	case err == nil:
		return nil
	case errdefs.IsNotFound(err):
		return &opError{class: state.Gone, doing: doing, err: err}
	case Classify(VerbRemove, err) == state.Exists: // somebody else is at it
		if err := r.awaitGone(ctx, doing, id); err != nil {
			return err
		}
		return &opError{class: state.Gone, doing: doing, err: err}
	}
	return fail(VerbRemove, doing, err)
}

// awaitGone waits until a removal that somebody else began has ended.
func (r *Runner) awaitGone(ctx context.Context, doing, id string) error {
	wait := backoff.WithContext(shortRetry(removeTimeout), ctx)
	err := backoff.Retry(func() error {
		_, err := r.inspect(ctx, id)
		switch {
		case errdefs.IsNotFound(err):
			return nil
		case err != nil:
			return backoff.Permanent(err)
		}
		return &opError{class: state.Transient, doing: doing + ": its removal by somebody else does not end"}
	}, wait)
	return fail(VerbInspect, doing, err)
}

// create makes the child's container on all of its networks, not started. The
// ID comes back with an error only where a container is left, or was found.
func (r *Runner) create(ctx context.Context, c *spec.Child) (string, error) {
	doing := fmt.Sprintf("create container %q of child %q", c.ContainerName, c.Name)
	config, host, err := configs(c)
	if err != nil {
		return "", &opError{class: state.Permanent, doing: doing, err: err}
	}
	if c.SharesParent {
		parent, err := r.parent(ctx)
		if err != nil {
			return "", fail(VerbInspect, doing+": find the parent", err)
		}
		host.NetworkMode = container.NetworkMode("container:" + parent)
	}
	// Before anything that depends on the API version: the client learns the
	// engine's with its first call.
	image, known := r.images.get(c.Name)
	if !known {
		if image, err = r.lookUpImage(ctx, c); err != nil {
			return "", err
		}
	}
	j := plan(r.cfg.Engine.ClientVersion(), c.Endpoints)
	if j.mac != "" {
		//lint:ignore SA1019 engines below API 1.44 go by this field
		config.MacAddress = j.mac
	}
	for _, name := range j.lostMACs {
		r.cfg.Log.WithLevel(r.failures.level("MAC of "+c.Name+" on "+name)).Str(state.KeyChild, c.Name).Str(state.KeyNetwork, name).Msg("this engine gives a MAC address on the first network only")
	}
	if config.Labels == nil {
		config.Labels = map[string]string{}
	}
	if r.cfg.Labels != nil {
		maps.Copy(config.Labels, r.cfg.Labels())
	}
	config.Labels[labelImage] = image
	id, err := r.makeNamed(ctx, c, config, host, j)
	if known && Classify(VerbCreate, err) == state.NoImage {
		// Not the image that Prepare saw: once again with what is there now.
		if image, err = r.lookUpImage(ctx, c); err != nil {
			return "", err
		}
		config.Labels[labelImage] = image
		id, err = r.makeNamed(ctx, c, config, host, j)
	}
	if err != nil {
		return id, awaiting(c, fail(VerbCreate, doing, r.untwined(ctx, VerbCreate, c, err)))
	}
	for _, ep := range j.after {
		err := attempt(ctx, VerbConnect, connectTimeout, func(ctx context.Context) error {
			return r.cfg.Engine.NetworkConnect(ctx, ep.Network, id, fresh(ep))
		})
		if err == nil || Classify(VerbConnect, err) == state.Exists {
			continue
		}
		err = r.untwined(ctx, VerbConnect, c, unsureIsTransient(err))
		err = fail(VerbConnect, fmt.Sprintf("connect network %q to child %q", ep.Network, c.Name), err)
		return r.discard(ctx, c, id), err
	}
	if err := r.deliver(ctx, c, id); err != nil {
		return r.discard(ctx, c, id), err
	}
	r.tidy(c)
	r.united(c.Endpoints...)
	return id, nil
}

// unsureIsTransient: the container that a call was for is removed, so that it
// does not matter whether the call was carried out.
func unsureIsTransient(err error) error {
	if e, ok := errors.AsType[*opError](err); ok && e.class == state.Unsure {
		return e.err
	}
	return err
}

// parent is never unsure: asking changes nothing.
func (r *Runner) parent(ctx context.Context) (string, error) {
	if r.cfg.Parent == nil {
		return "", classified(state.Permanent, "run foster in a container, or name one with FOSTER_PARENT", "there is no container to share a network namespace with")
	}
	var id string
	err := call(ctx, parentTimeout, func(ctx context.Context) (err error) {
		id, err = r.cfg.Parent(ctx)
		return err
	})
	if errdefs.IsNotFound(err) {
		return "", &opError{class: state.Transient, doing: "find the container whose network is shared (the parent)", err: err}
	}
	return id, err
}

// discard removes a container that could not be completed, also after a Cancel.
// It returns the ID when even that did not work.
func (r *Runner) discard(ctx context.Context, c *spec.Child, id string) string {
	if err := r.remove(context.WithoutCancel(ctx), c.Name, id, true); err != nil && Classify(VerbRemove, err) != state.Gone {
		r.cfg.Log.WithLevel(r.failures.level("discard "+c.Name)).Str(state.KeyChild, c.Name).Str(state.KeyContainer, short(id)).Str("error", detail(err)).Msg("an incomplete container is left")
		return id
	}
	r.tidy(c)
	return ""
}

// tidy: nothing of a create that failed is left.
func (r *Runner) tidy(c *spec.Child) {
	if n := r.failures.over("discard " + c.Name); n > 0 {
		r.cfg.Log.Info().Str(state.KeyChild, c.Name).Int(state.KeyAttempt, n).Msg("no incomplete container is left any more")
	}
}

// makeNamed settles who holds the name when it is taken. A holder that is gone
// by the time it is looked at is no obstacle: the create is repeated.
func (r *Runner) makeNamed(ctx context.Context, c *spec.Child, config *container.Config, host *container.HostConfig, j joins) (string, error) {
	var id string
	err := backoff.Retry(func() error {
		made, err := get(ctx, VerbCreate, createTimeout, func(ctx context.Context) (container.CreateResponse, error) {
			return r.cfg.Engine.ContainerCreate(ctx, config, host, j.atCreate, c.Platform, c.ContainerName)
		})
		id = made.ID
		if err == nil {
			for i, level := range r.warned.levels("child "+c.Name, made.Warnings) {
				r.cfg.Log.WithLevel(level).Str(state.KeyChild, c.Name).Str(state.KeyContainer, short(id)).Str("warning", made.Warnings[i]).Msg("the engine warns")
			}
		}
		if !errdefs.IsConflict(err) {
			if err != nil {
				return backoff.Permanent(err)
			}
			return nil
		}
		var held error
		if id, held = r.holder(ctx, c); held != nil {
			return backoff.Permanent(held)
		}
		return err
	}, backoff.WithContext(shortRetry(retryElapsed), ctx))
	return id, err
}

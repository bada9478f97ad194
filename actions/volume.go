package actions

import (
	"context"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"

	"foster/spec"
	"foster/state"
)

// ensureVolumes makes the named volumes of a child present.
func (r *Runner) ensureVolumes(ctx context.Context, c *spec.Child) error {
	for _, v := range r.cfg.Project.Volumes {
		if !uses(c, v.Name) {
			continue
		}
		if err := r.ensureVolume(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

func (r *Runner) ensureVolume(ctx context.Context, v spec.Volume) error {
	_, err := get(ctx, VerbVolumeLook, volumeTimeout, func(ctx context.Context) (volume.Volume, error) {
		return r.cfg.Engine.VolumeInspect(ctx, v.Name)
	})
	switch {
	case err == nil:
		return nil
	case !errdefs.IsNotFound(err):
		return fail(VerbVolumeLook, fmt.Sprintf("inspect volume %q", v.Name), err)
	case v.External:
		return classified(state.Permanent, fmt.Sprintf("create it with docker volume create %s", v.Name), "volume %q is external and not there", v.Name)
	}
	doing := fmt.Sprintf("create volume %q", v.Name)
	options, err := clone(&v.Options)
	if err != nil {
		return &opError{class: state.Permanent, doing: doing, err: err}
	}
	options.Name = v.Name
	// The engine gives the volume that is there when somebody was faster.
	_, err = get(ctx, VerbVolumeCreate, volumeTimeout, func(ctx context.Context) (volume.Volume, error) {
		return r.cfg.Engine.VolumeCreate(ctx, *options)
	})
	return fail(VerbVolumeCreate, doing, err)
}

// removeVolume removes an anonymous volume; one that is not there is success.
func (r *Runner) removeVolume(ctx context.Context, name string) error {
	err := attempt(ctx, VerbVolumeRemove, volumeTimeout, func(ctx context.Context) error {
		return r.cfg.Engine.VolumeRemove(ctx, name, false)
	})
	if err == nil || errdefs.IsNotFound(err) {
		return nil
	}
	return &opError{class: state.Transient, doing: fmt.Sprintf("remove anonymous volume %s", name), err: err} // whole: people need it so
}

// uses tells whether a child mounts the named volume.
func uses(c *spec.Child, name string) bool {
	if c.Host == nil {
		return false
	}
	for _, bind := range c.Host.Binds {
		if source, _, ok := strings.Cut(bind, ":"); ok && source == name {
			return true
		}
	}
	for _, m := range c.Host.Mounts {
		if m.Type == mount.TypeVolume && m.Source == name {
			return true
		}
	}
	return false
}

package chaos

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// unpause ends a pause. It is done when the run was interrupted, too. That
// somebody else was faster, or that the container is gone, is as well.
func (r *runner) unpause(ctx context.Context, c container.InspectResponse) error {
	err := tell(context.WithoutCancel(ctx), mendTimeout, func(ctx context.Context) error { return r.engine.ContainerUnpause(ctx, c.ID) })
	if err == nil || errdefs.IsNotFound(err) {
		return nil
	}
	now, lookErr := ask(context.WithoutCancel(ctx), mendTimeout, func(ctx context.Context) (container.InspectResponse, error) {
		return r.engine.ContainerInspect(ctx, c.ID)
	})
	if errdefs.IsNotFound(lookErr) || lookErr == nil && now.State != nil && !now.State.Paused {
		return nil
	}
	return fmt.Errorf("container %.12s is still paused, unpause it by hand: %w", c.ID, err)
}

// takeBack leaves nothing paused or cut that nobody else has mended: after a
// timeout, and when the run was interrupted in mid-round. It touches only the
// container that the fault hit.
func (r *runner) takeBack(ctx context.Context, f fault, c container.InspectResponse, out *Round) {
	if out.Recovered || f.kind.Ends() {
		return
	}
	ctx = context.WithoutCancel(ctx)
	now, err := ask(ctx, mendTimeout, func(ctx context.Context) (container.InspectResponse, error) {
		return r.engine.ContainerInspect(ctx, c.ID)
	})
	if errdefs.IsNotFound(err) {
		return
	}
	switch {
	case err != nil || now.State == nil || now.NetworkSettings == nil:
		err = fmt.Errorf("look at container %.12s after %s: %w", c.ID, f, err)
	case f.kind == Pause && now.State.Paused:
		err = r.unpause(ctx, c)
	case f.kind == Cut && now.State.Running && (now.NetworkSettings.Networks[f.network] == nil || now.NetworkSettings.Networks[f.network].EndpointID == ""):
		err = tell(ctx, callTimeout, func(ctx context.Context) error {
			return r.engine.NetworkConnect(ctx, f.network, c.ID, wanted(c.ID, c.NetworkSettings.Networks[f.network], r.scopes.known[f.network]))
		})
		if err == nil {
			r.tell.note("%s is connected to %s again, by chaos itself", out.Target.Name(), f.network)
		} else {
			err = fmt.Errorf("container %.12s is still cut off %s, connect it by hand: %w", c.ID, f.network, err)
		}
	}
	if err != nil {
		r.tell.note("%v", err)
	}
}

package actions

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"

	"foster/spec"
	"foster/state"
)

// attach connects a running container to one of its networks with the full
// endpoint settings. An endpoint that is there already and as wanted is
// success; one that is otherwise is made anew.
func (r *Runner) attach(ctx context.Context, c *spec.Child, id, name string) error {
	doing := fmt.Sprintf("connect network %q to child %q", name, c.Name)
	ep, ok := endpointOf(c, name)
	if !ok {
		return classified(state.Permanent, "this is a defect of foster", "%s: it is not one of the child's", doing)
	}
	err := r.unlessTaken(ctx, VerbConnect, c, []spec.Endpoint{ep}, func() error { return r.connect(ctx, ep, id) })
	if err == nil || Classify(VerbConnect, err) != state.Exists {
		return fail(VerbConnect, doing, r.untwined(ctx, VerbConnect, c, err))
	}
	live, err := r.inspect(ctx, id)
	switch {
	case errdefs.IsNotFound(err):
		return &opError{class: state.Gone, doing: doing, err: err}
	case err != nil:
		return fail(VerbInspect, doing, err)
	case live.ContainerJSONBase == nil || live.State == nil || !live.State.Running:
		return classified(state.Gone, "", "%s: container %s is not running", doing, short(id))
	}
	if live.NetworkSettings != nil {
		if got := live.NetworkSettings.Networks[name]; got != nil && got.EndpointID != "" && ep.Matches(got) {
			return nil
		}
	}
	r.cfg.Log.Info().Str(state.KeyChild, c.Name).Str(state.KeyNetwork, name).Msg("an endpoint is not as wanted: connecting anew")
	err = attempt(ctx, VerbDisconnect, networkTimeout, func(ctx context.Context) error {
		return r.cfg.Engine.NetworkDisconnect(ctx, name, id, true)
	})
	if Classify(VerbDisconnect, err) != state.OK {
		return fail(VerbDisconnect, fmt.Sprintf("disconnect network %q from child %q", name, c.Name), err)
	}
	err = r.unlessTaken(ctx, VerbConnect, c, []spec.Endpoint{ep}, func() error { return r.connect(ctx, ep, id) })
	if err != nil && Classify(VerbConnect, err) == state.Exists {
		return &opError{class: state.Transient, doing: doing, err: err, hint: "the network holds an endpoint of that name for a container that is gone"}
	}
	return fail(VerbConnect, doing, err)
}

func (r *Runner) connect(ctx context.Context, ep spec.Endpoint, id string) error {
	return attempt(ctx, VerbConnect, connectTimeout, func(ctx context.Context) error {
		return r.cfg.Engine.NetworkConnect(ctx, ep.Network, id, fresh(ep))
	})
}

func endpointOf(c *spec.Child, name string) (spec.Endpoint, bool) {
	for _, ep := range c.Endpoints {
		if ep.Network == name {
			return ep, true
		}
	}
	return spec.Endpoint{}, false
}

package actions

import (
	"context"

	"foster/spec"
	"foster/state"
)

// job says how an effect is carried out; false for effects that are not the
// runner's.
func (r *Runner) job(eff state.Effect) (job, bool) {
	switch eff := eff.(type) {
	case state.EnsureNetwork:
		return job{op: eff.Op, run: func(ctx context.Context) (string, error) {
			return r.ensureNetwork(ctx, eff.Network)
		}}, true
	case state.RemoveNetwork:
		return job{op: eff.Op, run: func(ctx context.Context) (string, error) {
			return "", r.removeNetwork(ctx, eff.Network)
		}}, true
	case state.RemoveVolume:
		return job{op: eff.Op, run: func(ctx context.Context) (string, error) {
			return "", r.removeVolume(ctx, eff.Volume)
		}}, true
	case state.Prepare:
		// A pull may take an hour; it has slots of its own.
		return job{op: eff.Op, child: eff.Child, unbounded: true, run: r.forChild(eff.Child, "", func(ctx context.Context, c *spec.Child) (string, error) {
			return "", r.prepare(ctx, c, eff.Fresh)
		})}, true
	case state.Create:
		return job{op: eff.Op, child: eff.Child, lifecycle: true, run: r.forChild(eff.Child, "", r.create)}, true
	case state.Start:
		// One with hooks mostly waits for them.
		return job{op: eff.Op, child: eff.Child, lifecycle: true, unbounded: r.hooked(eff.Child), run: r.forChild(eff.Child, eff.ID, func(ctx context.Context, c *spec.Child) (string, error) {
			return eff.ID, r.start(ctx, c, eff.ID)
		})}, true
	case state.Attach:
		return job{op: eff.Op, child: eff.Child, run: r.forChild(eff.Child, eff.ID, func(ctx context.Context, c *spec.Child) (string, error) {
			return eff.ID, r.attach(ctx, c, eff.ID, eff.Network)
		})}, true
	case state.Probe:
		// It mostly waits, for up to DefaultServiceTimeout.
		return job{op: eff.Op, child: eff.Child, unbounded: true, run: r.forChild(eff.Child, eff.ID, func(ctx context.Context, c *spec.Child) (string, error) {
			return eff.ID, r.probe(ctx, c, eff.ID)
		})}, true
	case state.Stop:
		return job{op: eff.Op, child: eff.Child, lifecycle: true, unbounded: true, run: func(ctx context.Context) (string, error) {
			return eff.ID, r.stop(ctx, eff)
		}}, true
	case state.Remove:
		return job{op: eff.Op, child: eff.Child, lifecycle: true, before: func(ctx context.Context) {
			r.drain(ctx, eff.ID)
		}, run: func(ctx context.Context) (string, error) {
			return eff.ID, r.remove(ctx, eff.Child, eff.ID, eff.Force)
		}}, true
	}
	return job{}, false
}

// forChild looks the child up; id is the container that it is for, if any.
func (r *Runner) forChild(name, id string, f func(context.Context, *spec.Child) (string, error)) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		c, ok := r.children[name]
		if !ok {
			return id, classified(state.Permanent, "this is a defect of foster", "child %q is not one of the project's", name)
		}
		return f(ctx, c)
	}
}

package actions

import (
	"context"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"foster/spec"
	"foster/state"
)

// VerbHook is a command in a running container.
const VerbHook Verb = "run a command in the container"

const (
	// DefaultHookTimeout is how long one post_start hook may take.
	DefaultHookTimeout = 5 * time.Minute
	// execTimeout: the engine takes note of the command, or says that it has
	// begun; it does not wait for it.
	execTimeout = 15 * time.Second
	// hookLook is how often the engine is asked whether a hook has ended, as
	// long as its output does not end: something that it left behind in the
	// container may hold that open. hookLookFirst is the same, doubling up to
	// hookLook, for one whose output has ended.
	hookLook      = time.Second
	hookLookFirst = 50 * time.Millisecond
	// hookSettle: the end of a container kills what runs in it, and the engine
	// may hear of that before it knows the container's own end.
	hookSettle = 300 * time.Millisecond
	// leastGrace is what pre_stop hooks leave of the grace for the stop itself.
	leastGrace = time.Second
)

// hooked: starts of the child take as long as its hooks.
func (r *Runner) hooked(child string) bool {
	c, ok := r.children[child]
	return ok && len(c.PostStart) > 0
}

// postStart runs the hooks of a container that has just been started, in order.
// One that fails makes the start fail: the container is stopped, and what comes
// next is the core's to say. A container that ended by itself meanwhile is no
// failure of a hook: its events tell what became of it.
//
// A container that was taken over while it ran gets no hooks, as with docker
// compose: they belong to the start. One that is known to have missed them is
// made anew.
func (r *Runner) postStart(ctx context.Context, c *spec.Child, id string) error {
	for i, hook := range c.PostStart {
		h := hookRun{child: c.Name, name: fmt.Sprintf("post_start hook %d", i+1), container: id, hook: hook}
		err := r.runHook(ctx, DefaultHookTimeout, h)
		if err == nil {
			continue
		}
		running, lookErr := r.outlives(ctx, id)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", h, ctx.Err())
		case errdefs.IsNotFound(lookErr):
			return &opError{class: state.Gone, doing: h.String(), err: lookErr}
		case lookErr == nil && !running:
			r.cfg.Log.Debug().Str(state.KeyChild, c.Name).Str("hook", h.name).Str("error", detail(err)).Msg("the container ended while a hook ran")
			return nil
		}
		stopErr := r.stopWithin(ctx, c.Name, id, c.Grace)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", h, ctx.Err())
		case stopErr != nil: // it is removed by force
			r.cfg.Log.WithLevel(r.failures.level("stop after "+h.String())).Str(state.KeyChild, c.Name).Str("hook", h.name).Str("error", detail(stopErr)).Msg("the stop after a hook that failed did not work")
		default:
			if n := r.failures.over("stop after " + h.String()); n > 0 {
				r.cfg.Log.Info().Str(state.KeyChild, c.Name).Str("hook", h.name).Int(state.KeyAttempt, n).Msg("the stop after a hook that failed works again")
			}
		}
		return err
	}
	return nil
}

// preStop runs the hooks of a container that is about to be stopped, and gives
// back what is left of its grace. Nothing keeps the container from being
// stopped. A kill runs none.
func (r *Runner) preStop(ctx context.Context, eff state.Stop) time.Duration {
	grace := max(eff.Grace, 0)
	c, ok := r.children[eff.Child]
	if !ok || len(c.PreStop) == 0 || grace == 0 {
		return grace
	}
	began := time.Now()
	until := began.Add(max(grace-leastGrace, grace/2))
	for i, hook := range c.PreStop {
		h := hookRun{child: c.Name, name: fmt.Sprintf("pre_stop hook %d", i+1), container: eff.ID, hook: hook}
		err := r.runHook(ctx, time.Until(until), h)
		if err == nil {
			if n := r.failures.over(h.String()); n > 0 {
				r.cfg.Log.Info().Str(state.KeyChild, c.Name).Str("hook", h.name).Int(state.KeyAttempt, n).Msg("the hook works again")
			}
			continue
		}
		running, lookErr := r.outlives(ctx, eff.ID)
		if ctx.Err() != nil || errdefs.IsNotFound(lookErr) || lookErr == nil && !running {
			break // nothing is left to prepare for its end
		}
		r.cfg.Log.WithLevel(r.failures.level(h.String())).Str(state.KeyChild, c.Name).Str("hook", h.name).Str("error", detail(err)).Msg("a hook failed; the container is stopped all the same")
		break
	}
	// Whole seconds, and not one more than there is: others wait for this stop.
	return max((grace - time.Since(began)).Truncate(time.Second), leastGrace)
}

// outlives looks whether a container runs whose hook failed.
func (r *Runner) outlives(ctx context.Context, id string) (bool, error) {
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case <-time.After(hookSettle):
	}
	got, err := r.inspect(ctx, id)
	if err != nil {
		return false, err
	}
	return got.ContainerJSONBase != nil && got.State != nil && got.State.Running, nil
}

// hookRun is one run of a hook.
type hookRun struct {
	child, name, container string
	hook                   spec.Hook
}

func (h hookRun) String() string { return fmt.Sprintf("%s of child %q", h.name, h.child) }

// runHook runs a command in a container to its end, and logs what it says. Exit
// code 0 alone is success. When ctx or the timeout ends first the command goes
// on without us: an engine cannot take it back.
func (r *Runner) runHook(ctx context.Context, timeout time.Duration, h hookRun) error {
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	code, err := r.exec(ctx, h)
	switch {
	case whole.Err() == nil && ctx.Err() != nil:
		return classified(state.Transient, "", "%s has not ended within %s", h, max(timeout, 0).Round(time.Millisecond))
	case err != nil:
		return &opError{class: state.Transient, doing: h.String(), err: err}
	case code != 0:
		return classified(state.Transient, "", "%s ended with exit code %d", h, code)
	}
	r.cfg.Log.Debug().Str(state.KeyChild, h.child).Str("hook", h.name).Msg("a hook has ended")
	return nil
}

// exec runs the command of a hook and returns its exit code.
func (r *Runner) exec(ctx context.Context, h hookRun) (int, error) {
	made, err := get(ctx, VerbHook, execTimeout, func(ctx context.Context) (container.ExecCreateResponse, error) {
		return r.cfg.Engine.ContainerExecCreate(ctx, h.container, container.ExecOptions{
			Cmd: h.hook.Command, User: h.hook.User, Privileged: h.hook.Privileged, WorkingDir: h.hook.WorkingDir, Env: h.hook.Env,
			AttachStdout: true, AttachStderr: true,
		})
	})
	if err != nil {
		return 0, err
	}
	conn, err := r.execAttach(ctx, made.ID)
	if err != nil {
		return 0, err
	}
	said := &hookLog{log: r.cfg.Log.With().Str(state.KeyChild, h.child).Str("hook", h.name).Logger()}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		// Broken or not: how the command ended is asked for.
		_, _ = stdcopy.StdCopy(said, said, conn.Reader)
	}()
	code, err := r.execEnd(ctx, made.ID, ended)
	conn.Close()
	<-ended
	said.end()
	return code, err
}

// execAttach begins a command. The client waits without regard to ctx for the
// first words of an engine that has taken the connection. One that is silent at
// this moment keeps a goroutine until it speaks or goes; it has just answered
// another call, so there are never many.
func (r *Runner) execAttach(ctx context.Context, id string) (types.HijackedResponse, error) {
	type answer struct {
		conn types.HijackedResponse
		err  error
	}
	ctx, cancel := context.WithTimeout(ctx, execTimeout)
	defer cancel()
	answered := make(chan answer)
	go func() {
		conn, err := r.cfg.Engine.ContainerExecAttach(ctx, id, container.ExecAttachOptions{})
		select {
		case answered <- answer{conn, err}:
		case <-ctx.Done():
			if err == nil {
				conn.Close()
			}
		}
	}()
	select {
	case a := <-answered:
		return a.conn, a.err
	case <-ctx.Done():
		return types.HijackedResponse{}, fmt.Errorf("begin: %w", ctx.Err())
	}
}

// execEnd waits for the end of a command; ended is that of its output.
func (r *Runner) execEnd(ctx context.Context, id string, ended <-chan struct{}) (int, error) {
	pause, silent := hookLook, false
	for {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-ended:
			ended, silent, pause = nil, true, hookLookFirst
		case <-time.After(pause):
			if silent {
				pause = min(2*pause, hookLook)
			}
		}
		got, err := get(ctx, VerbHook, inspectTimeout, func(ctx context.Context) (container.ExecInspect, error) {
			return r.cfg.Engine.ContainerExecInspect(ctx, id)
		})
		switch {
		case err != nil:
			return 0, err
		case got.Running:
		case got.Pid != 0 || silent: // else it has not begun
			return got.ExitCode, nil
		}
	}
}

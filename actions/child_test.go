package actions

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"foster/state"
)

// script answers call after call; the last answer stands for all that follow.
func script(errs ...error) func() error {
	n := 0
	return func() error {
		err := errs[min(n, len(errs)-1)]
		n++
		return err
	}
}

func missing(context.Context, string) (container.InspectResponse, error) {
	return container.InspectResponse{}, notFound("No such container: c1")
}

func found(running bool) func(context.Context, string) (container.InspectResponse, error) {
	return func(_ context.Context, id string) (container.InspectResponse, error) {
		return container.InspectResponse{ContainerJSONBase: &container.ContainerJSONBase{ID: id, State: &container.State{Running: running}}}, nil
	}
}

func TestStart(t *testing.T) {
	broken := errors.Join(errRefused, errors.New("EOF"))
	for _, tc := range []struct {
		name    string
		answers []error
		inspect func(context.Context, string) (container.InspectResponse, error)
		class   state.Class
		words   string
		took    time.Duration // at most; 0: no time at all
	}{
		{name: "started", answers: []error{nil}, class: state.OK},
		{name: "runs already", answers: []error{reply{errdefs.ErrNotModified, ""}}, class: state.OK},
		{name: "gone", answers: []error{notFound("No such container: c1")}, inspect: missing, class: state.Gone, words: "start container c1"},
		{name: "the namespace's owner is gone", answers: []error{notFound("No such container: owner")}, inspect: found(false), class: state.Transient, words: "owner"},
		{name: "network gone", answers: []error{notFound("network front not found")}, class: state.NoNetwork, words: "front"},
		{name: "bad command", answers: []error{invalid(`exec: "/no": no such file`)}, class: state.Permanent},
		{name: "engine back soon", answers: []error{errRefused, broken, nil}, class: state.OK, took: retryElapsed},
		{name: "engine away", answers: []error{errRefused}, class: state.Transient, took: retryElapsed},
		{name: "node joins", answers: []error{internal("invalid cluster node while attaching to network"), nil}, class: state.OK, took: retryElapsed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				next := script(tc.answers...)
				e := &stub{t: t, start: func(context.Context, string) error { return next() }, inspect: tc.inspect}
				r := run(t, e, project())
				began := time.Now()
				check(t, r.done(t, state.Start{Op: 1, Child: "web", ID: "c1"}), tc.class, "c1", tc.words)
				if took := time.Since(began); took > tc.took || tc.took > 0 && took == 0 {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

func TestDeadlines(t *testing.T) {
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	e := &stub{
		start:     func(ctx context.Context, _ string) error { return hang(ctx) },
		stop:      func(ctx context.Context, _ string, _ int) error { return hang(ctx) },
		remove:    func(ctx context.Context, _ string, _ container.RemoveOptions) error { return hang(ctx) },
		netRemove: func(ctx context.Context, _ string) error { return hang(ctx) },
	}
	for _, tc := range []struct {
		eff   state.Effect
		class state.Class
		took  time.Duration
	}{
		{state.Start{Op: 1, Child: "web", ID: "c1"}, state.Unsure, startTimeout + 2*joinTimeout},
		{state.Stop{Op: 1, Child: "web", ID: "c1", Grace: 90 * time.Second}, state.Transient, 90*time.Second + stopMargin},
		{state.Remove{Op: 1, Child: "web", ID: "c1"}, state.Transient, removeTimeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			e := &stub{t: t, start: e.start, stop: e.stop, remove: e.remove}
			r := run(t, e, project())
			began := time.Now()
			check(t, r.done(t, tc.eff), tc.class, "c1", "in time")
			if took := time.Since(began); took != tc.took {
				t.Errorf("%T took %s, want %s", tc.eff, took, tc.took)
			}
		})
	}
}

func TestStop(t *testing.T) {
	for _, tc := range []struct {
		name    string
		grace   time.Duration
		answer  error
		seconds int
		class   state.Class
	}{
		{"whole seconds", 10 * time.Second, nil, 10, state.OK},
		{"rounded up", 1500 * time.Millisecond, nil, 2, state.OK},
		{"at once", 0, nil, 0, state.OK},
		{"below zero", -time.Second, nil, 0, state.OK},
		{"stopped already", time.Second, reply{errdefs.ErrNotModified, ""}, 1, state.OK},
		{"gone", time.Second, notFound("No such container: c1"), 1, state.OK},
		{"not running", time.Second, conflict("Container c1 is not running"), 1, state.OK},
		{"engine fails", time.Second, internal("cannot stop container: c1: tried to kill container, but did not receive an exit event"), 1, state.Transient},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := -1
				e := &stub{t: t, stop: func(_ context.Context, _ string, seconds int) error { got = seconds; return tc.answer }}
				check(t, run(t, e, project()).done(t, state.Stop{Op: 1, Child: "web", ID: "c1", Grace: tc.grace}), tc.class, "c1", "")
				if got != tc.seconds {
					t.Errorf("%d seconds", got)
				}
			})
		})
	}
}

func TestRemove(t *testing.T) {
	inProgress := conflict("removal of container c1 is already in progress")
	goneAfter := func(n int) func(context.Context, string) (container.InspectResponse, error) {
		return func(ctx context.Context, id string) (container.InspectResponse, error) {
			if n--; n < 0 {
				return missing(ctx, id)
			}
			return found(false)(ctx, id)
		}
	}
	for _, tc := range []struct {
		name    string
		force   bool
		answer  error
		inspect func(context.Context, string) (container.InspectResponse, error)
		class   state.Class
		words   string
	}{
		{name: "removed", answer: nil, class: state.OK},
		{name: "by force", force: true, answer: nil, class: state.OK},
		{name: "gone", answer: notFound("No such container: c1"), class: state.Gone, words: "No such container"},
		{name: "running", answer: conflict("You cannot remove a running container c1. Stop the container before attempting removal or force remove"), class: state.Transient, words: "it runs"},
		{name: "somebody is at it", answer: inProgress, inspect: goneAfter(4), class: state.Gone, words: "in progress"},
		{name: "somebody never ends", answer: inProgress, inspect: goneAfter(1000), class: state.Transient, words: "by somebody else"},
		{name: "busy", answer: internal("unable to remove filesystem: device or resource busy"), class: state.Transient, words: "busy"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := &stub{t: t, inspect: tc.inspect, remove: func(_ context.Context, _ string, o container.RemoveOptions) error {
					if !o.RemoveVolumes || o.RemoveLinks || o.Force != tc.force {
						t.Errorf("%+v", o)
					}
					return tc.answer
				}}
				began := time.Now()
				check(t, run(t, e, project()).done(t, state.Remove{Op: 1, Child: "web", ID: "c1", Force: tc.force}), tc.class, "c1", tc.words)
				if took := time.Since(began); took > removeTimeout {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

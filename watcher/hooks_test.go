package watcher

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"

	"foster/state"
	"foster/test/engine"
)

// TestMissedHooks: a case is events with commas between, as `made`, `create EXEC
// COMMAND` or `die EXEC CODE`.
func TestMissedHooks(t *testing.T) {
	hooks := [][]string{{"sh", "-c", "one"}, {"two"}, {"two"}}
	const all = "made, create 1 sh -c one, die 1 0, create 2 two, die 2 0, create 3 two , die 3 0"
	for told, want := range map[string]bool{
		all:                        false,
		"made":                     true,
		"made, create 1 sh -c one": true,
		"made, create 1 sh -c one, die 1 0, create 2 two, die 2 0":       true, // two was to be run twice
		strings.Replace(all, "die 2 0", "die 2 1", 1):                    true,
		strings.Replace(all, "made", "made, create 9 probe, die 9 1", 1): false, // somebody else's command
		// The container's creation is not known any more.
		"":                        false,
		"create 3 two, die 3 0":   false,
		"die 1 0, create 3 two":   true, // it still runs
		"create 9 probe, die 8 0": false,
	} {
		var messages []events.Message
		for _, line := range strings.Split(told, ", ") {
			words := strings.SplitN(line, " ", 3)
			m := events.Message{Action: events.ActionCreate}
			switch words[0] {
			case "create":
				m.Action, m.Actor.Attributes = "exec_create: "+events.Action(words[2]), map[string]string{"execID": words[1]}
			case "die":
				m.Action, m.Actor.Attributes = events.ActionExecDie, map[string]string{"execID": words[1], "exitCode": words[2]}
			case "":
				continue
			}
			messages = append(messages, m)
		}
		if got := missedHooks(messages, hooks); got != want {
			t.Errorf("%q: %v, want %v", told, got, want)
		}
	}
}

// hook is what runs in a child after its start.
var hook = []string{"sh", "-c", "one"}

// runHook runs it in a container, to its end.
func (b *bench) runHook(id string) {
	b.t.Helper()
	x, err := b.ContainerExecCreate(b.t.Context(), id, container.ExecOptions{Cmd: hook, AttachStdout: true})
	b.must(err)
	got, err := b.ContainerExecAttach(b.t.Context(), x.ID, container.ExecAttachOptions{})
	b.must(err)
	_, err = io.Copy(io.Discard, got.Reader)
	b.must(err)
	got.Close()
}

// TestHooksOfALivingFoster: what is not told of a start while another foster
// sees to it may still come; after that foster's death it counts.
func TestHooksOfALivingFoster(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.network()
		b.cfg.Hooks = map[string][][]string{"ended": {hook}, "never": {hook}}
		owner, err := b.Run(engine.Container{Name: "svc.2", Config: &container.Config{Image: "app:1"}})
		b.must(err)
		ended := b.child("ended", labelParent, owner)
		b.child("never", labelParent, owner)
		b.run()
		look := func(holder string, unfinished map[string]bool) {
			t.Helper()
			for _, c := range b.observed(state.Observe{Op: 1}).Children {
				if c.Holder != holder || c.Unfinished != unfinished[c.Name] {
					t.Errorf("%s is held by %q, unfinished: %v", c.Name, c.Holder, c.Unfinished)
				}
			}
		}
		look("svc.2", nil)
		b.runHook(ended)
		b.must(b.Exit("svc.2", 137))
		look("", map[string]bool{"never": true})
	})
}

// TestHooksOutliveARestart: somebody's docker restart is another run of a
// container that has had its hooks.
func TestHooksOutliveARestart(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.network()
		b.cfg.Hooks = map[string][][]string{"app": {hook}}
		id := b.child("app", labelParent, "dead")
		b.runHook(id)
		b.must(b.Exit(id, 0))
		b.must(b.ContainerStart(t.Context(), id, container.StartOptions{}))
		b.run()
		if c := b.observed(state.Observe{Op: 1}).Children[0]; c.Status != state.Running || c.Unfinished {
			t.Errorf("the child is %+v", c)
		}
	})
}

// otherClock is an engine whose clock differs from the watcher's.
type otherClock struct {
	*engine.Engine
	ahead time.Duration // less than zero: behind
}

func (o otherClock) ContainerInspect(ctx context.Context, ref string) (container.InspectResponse, error) {
	c, err := o.Engine.ContainerInspect(ctx, ref)
	if err == nil && o.ahead > 0 {
		made, _ := time.Parse(time.RFC3339Nano, c.Created)
		c.Created = made.Add(o.ahead).Format(time.RFC3339Nano)
	}
	return c, err
}

// Events of the past come to no end while the engine takes it for the future,
// and are refused where they would end before they begin.
func (o otherClock) Events(ctx context.Context, options events.ListOptions) (<-chan events.Message, <-chan error) {
	if options.Until == "" {
		return o.Engine.Events(ctx, options)
	}
	errs := make(chan error, 1)
	if options.Until < options.Since { // of equal length
		errs <- fmt.Errorf("`since` time cannot be after `until` time: %w", errdefs.ErrInvalidArgument)
		return nil, errs
	}
	context.AfterFunc(ctx, func() { errs <- ctx.Err() })
	return nil, errs
}

// TestHooksByAnotherClock: where the past cannot be asked for, the look is
// answered all the same, soon, and the child is taken for finished.
func TestHooksByAnotherClock(t *testing.T) {
	for _, ahead := range []time.Duration{time.Hour, -time.Hour} {
		onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
			b.network()
			b.cfg.Hooks, b.cfg.Engine = map[string][][]string{"app": {hook}}, otherClock{b.Engine, ahead}
			b.child("app", labelParent, "dead")
			b.run()
			b.observe <- state.Observe{Op: 1}
			for _, ev := range b.heard(historyDeadline + time.Second) {
				if answer, ok := ev.(state.Observed); ok && len(answer.Children) == 1 && !answer.Children[0].Unfinished {
					return
				}
			}
			t.Errorf("%s ahead: no answer with a finished child", ahead)
		})
	}
}

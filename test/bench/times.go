package main

import (
	"context"
	"fmt"
	"time"
)

// times are stamps of many containers: the first that died, the first created, the last started, and each start.
type times struct {
	died, created, started int64
	starts                 []int64
}

// timesOf waits until every container was started after a time; first are actions that come before its creation.
func (b *bench) timesOf(ctx context.Context, all []service, name func(service) string, after int64, first ...string) (times, error) {
	var t times
	for _, s := range all {
		stamps, err := b.renewed(ctx, name(s), after, append(first, "create", "start")...)
		if err != nil {
			return times{}, fmt.Errorf("%s: %w", name(s), err)
		}
		died, created, started := stamps[0], stamps[len(stamps)-2], stamps[len(stamps)-1]
		if t.created == 0 || created < t.created {
			t.created = created
		}
		if t.died == 0 || died < t.died {
			t.died = died
		}
		t.started = max(t.started, started)
		t.starts = append(t.starts, started)
	}
	return t, nil
}

// lookAfter is how long events are waited for until the container is looked at.
const lookAfter = 15 * time.Second

// renewed waits for actions on a container as follow does, the last of which are create and start. The engine may drop
// an event: when the container itself says that it was created and runs since, its own times count, and the creation's
// for what came before.
func (b *bench) renewed(ctx context.Context, name string, after int64, actions ...string) ([]int64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not within %s", patience))
	defer cancel()
	for {
		short, stop := context.WithTimeoutCause(ctx, lookAfter, fmt.Errorf("not within %s", lookAfter))
		stamps, err := b.follow(short, name, after, actions...)
		stop()
		if err == nil || ctx.Err() != nil {
			return stamps, err
		}
		created, started, ok := b.runsSince(ctx, name, after)
		if !ok {
			continue
		}
		b.say("  %s runs, but one of its events %v was lost: its own times count", name, actions)
		stamps = make([]int64, len(actions))
		for i := range stamps {
			stamps[i] = created
		}
		stamps[len(stamps)-1] = started
		return stamps, nil
	}
}

// runsSince says when a running container was created and started, if both were after a time.
func (b *bench) runsSince(ctx context.Context, name string, after int64) (created, started int64, ok bool) {
	c, err := b.api().ContainerInspect(ctx, name)
	if err != nil || !c.State.Running {
		return 0, 0, false
	}
	made, err := time.Parse(time.RFC3339Nano, c.Created)
	if err != nil {
		return 0, 0, false
	}
	began, err := time.Parse(time.RFC3339Nano, c.State.StartedAt)
	if err != nil {
		return 0, 0, false
	}
	return made.UnixNano(), began.UnixNano(), made.UnixNano() > after && began.After(made)
}

// inOrder: everyone started after those that it depends on.
func (t times) inOrder(all []service) error {
	for i, s := range all {
		for _, j := range s.needs {
			if t.starts[i] <= t.starts[j] {
				return fmt.Errorf("%s started %s before %s, which it depends on", s.name, time.Duration(t.starts[j]-t.starts[i]), all[j].name)
			}
		}
	}
	return nil
}

// killOne kills one container of many. That it dies is the verdict, and not the call's answer: of many at once the
// engine gives up to wait for some.
func (b *bench) killOne(ctx context.Context, name string, after int64) error {
	killed := call(ctx, "kill "+name, func(ctx context.Context) error { return b.api().ContainerKill(ctx, name, "KILL") })
	if killed == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		short, stop := context.WithTimeout(ctx, lookAfter)
		_, err := b.follow(short, name, after, "die")
		stop()
		if err == nil {
			return nil
		}
		if c, err := b.api().ContainerInspect(ctx, name); err == nil && !c.State.Running {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w; and it lives on", killed)
		}
	}
}

package main

import (
	"context"
	"fmt"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"

	"foster/test/lab"
)

// fault is something that is done to the child.
type fault struct {
	command []string // of docker
	// begins is the event from which the child is not whole, ends the one that makes it whole again.
	begins, ends func(e *engine, c container.InspectResponse) (what string, ok match)
	same         bool   // it is the same container afterwards
	answer       string // of foster, in words
}

func (e *engine) faults() []fault {
	died := func(e *engine, _ container.InspectResponse) (string, match) {
		return "the child's end", about(events.ContainerEventType, events.ActionDie, e.web())
	}
	started := func(e *engine, _ container.InspectResponse) (string, match) {
		return "the child's start", about(events.ContainerEventType, events.ActionStart, e.web())
	}
	return []fault{
		{
			command: []string{"kill", e.web()}, begins: died, ends: started,
			answer: "died: removed, created and started again",
		},
		{
			command: []string{"network", "disconnect", e.front(), e.web()}, same: true,
			begins: func(e *engine, c container.InspectResponse) (string, match) {
				return "the cut", joins(events.ActionDisconnect, e.front(), c.ID)
			},
			ends: func(e *engine, c container.InspectResponse) (string, match) {
				return "the child's return to its network", joins(events.ActionConnect, e.front(), c.ID)
			},
			answer: "cut off: connected again, alias and all; it ran on",
		},
		{
			command: []string{"rm", "-f", e.web()}, begins: died, ends: started,
			answer: "removed: created and started again",
		},
		{
			command: []string{"stop", e.web()}, begins: died, ends: started,
			answer: "stopped: 0.4 s for a restart to show, then again",
		},
	}
}

// suffer does one fault and tells how foster answered. c is the child before it; the child after it is returned.
func (d *demo) suffer(ctx context.Context, f fault, c container.InspectResponse) (container.InspectResponse, error) {
	e := d.engine
	if err := lab.Pause(ctx, 2*stableAfter); err != nil {
		return c, err
	}
	from := d.events.now()
	d.tell.command("docker " + join(f.command))
	d.tell.begin("%s", f.answer)
	if _, err := e.docker(ctx, f.command...); err != nil {
		return c, err
	}
	what, begins := f.begins(e, c)
	lost, from, err := d.events.next(ctx, from, what, begins)
	if err != nil {
		return c, err
	}
	what, ends := f.ends(e, c)
	back, _, err := d.events.next(ctx, from, what, ends)
	if err != nil {
		return c, err
	}
	now, err := d.whole(ctx)
	if err != nil {
		return c, err
	}
	if (now.ID == c.ID) != f.same {
		return c, fmt.Errorf("after docker %s the child is container %.12s, before it was %.12s", join(f.command), now.ID, c.ID)
	}
	d.tell.end(seconds(between(lost, back)))
	return now, nil
}

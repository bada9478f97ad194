package main

import (
	"context"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"

	"foster/test/lab"
)

// follow reads the node's events into the ledger until ctx ends. An engine that goes away is asked again until it is
// back; it forgets its events when it ends, so what it tells then begins with its start.
func (s *soak) follow(ctx context.Context, n *node) {
	since := time.Now().UnixNano()
	for ctx.Err() == nil {
		since = s.stream(ctx, n, since)
		_ = lab.Pause(ctx, 50*time.Millisecond)
	}
}

// stream reads one stream to its end, and returns the time to ask the next one from.
func (s *soak) stream(ctx context.Context, n *node, since int64) int64 {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages, errs := n.Client().Events(ctx, events.ListOptions{Since: fmt.Sprintf("%d.%09d", since/1e9, since%1e9)})
	for {
		select {
		case m := <-messages:
			s.ledger.record(n.Name, m)
			if m.Type == events.ContainerEventType && m.Action == events.ActionStart && m.Actor.Attributes[labelLauncher] != "" {
				s.logs.begin(ctx, n, m.Actor.ID, m.Actor.Attributes[labelTaskName])
			}
			since = max(since, m.TimeNano+1)
		case <-errs:
			return since
		}
	}
}

// glance is how often the engines' lists are compared with the rule of one, beside the events.
const glance = 500 * time.Millisecond

// watch lists the running children of a node again and again until ctx ends.
func (s *soak) watch(ctx context.Context, n *node) {
	running := container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", labelChild), filters.Arg("status", "running"), filters.Arg("status", "paused"))}
	for ctx.Err() == nil {
		ask, cancel := context.WithTimeout(ctx, callTimeout)
		list, err := n.Client().ContainerList(ask, running)
		cancel()
		if err == nil { // an engine that is down has no list
			seen := map[place][]string{}
			for _, c := range list {
				at := place{n.Name, c.Labels[labelProject], c.Labels[labelChild]}
				seen[at] = append(seen[at], c.ID)
			}
			for at, ids := range seen {
				if len(ids) > 1 {
					s.ledger.breach(at, "%d containers of one child are listed as running: %s", len(ids), shortAll(ids))
				}
			}
		}
		s.ledger.judge(time.Now().UnixNano())
		_ = lab.Pause(ctx, glance)
	}
}

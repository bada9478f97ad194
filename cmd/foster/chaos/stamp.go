package chaos

import (
	"context"
	"slices"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
)

// stampGrace is how long the events of what inspect says already may be on their way.
const stampGrace = time.Second

// mending tells the events that made a container whole after a fault.
type mending struct {
	id       string
	same     bool // the run goes on that the fault hit
	fault    fault
	healthy  bool     // it has a healthcheck
	networks []string // that it must be attached to
}

func (t *Target) mending(f fault, before, now container.InspectResponse) mending {
	m := mending{
		id: now.ID, same: now.ID == before.ID && now.State.StartedAt == before.State.StartedAt,
		fault: f, healthy: now.State.Health != nil && now.State.Health.Status == container.Healthy,
	}
	for name := range t.shape.attachments {
		m.networks = append(m.networks, name)
	}
	return m
}

// adds says whether an event is one of them.
func (x mending) adds(m events.Message) bool {
	switch m.Type {
	case events.ContainerEventType:
		return m.Actor.ID == x.id && (m.Action == events.ActionStart || m.Action == events.ActionUnPause || m.Action == events.ActionHealthStatusHealthy)
	case events.NetworkEventType:
		return m.Action == events.ActionConnect && m.Actor.Attributes["container"] == x.id && slices.Contains(x.networks, m.Actor.Attributes["name"])
	}
	return false
}

// complete says whether all of them are there that must come: what inspect says
// can be ahead of the stream.
func (x mending) complete(seen []events.Message) bool {
	has := func(action events.Action, network string) bool {
		return slices.ContainsFunc(seen, func(m events.Message) bool {
			return m.Action == action && x.adds(m) && (network == "" || m.Actor.Attributes["name"] == network)
		})
	}
	switch {
	case x.same && x.fault.kind == Cut:
		return has(events.ActionConnect, x.fault.network)
	case x.same && x.fault.kind == Pause:
		return has(events.ActionUnPause, "")
	case !has(events.ActionStart, ""), x.healthy && !has(events.ActionHealthStatusHealthy, ""):
		return false
	}
	return !slices.ContainsFunc(x.networks, func(n string) bool { return !has(events.ActionConnect, n) })
}

// madeWhole is the stamp of the last event that the container, which is whole,
// needed for that: its start, or what came after. Of events that never come
// inspect knows the start; 0 is for nothing known.
func (r *runner) madeWhole(ctx context.Context, x mending, startedAt string, mark int) (int64, error) {
	limit := time.NewTimer(stampGrace)
	defer limit.Stop()
	for {
		seen, changed := r.rec.after(mark)
		last := int64(0)
		for _, m := range seen {
			if x.adds(m) {
				last = max(last, m.TimeNano)
			}
		}
		if x.complete(seen) {
			return last, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-limit.C:
			if started, err := time.Parse(time.RFC3339Nano, startedAt); err == nil && !x.same {
				last = max(last, started.UnixNano())
			}
			return last, nil
		}
	}
}

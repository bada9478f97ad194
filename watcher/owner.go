package watcher

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"foster/state"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/events"
)

// Owners are containers outside of the project that children share a namespace
// or volumes with. They are named as the engine takes it: by name, by ID or by
// the beginning of an ID, a name before an ID.

// decodeOwner returns what a message about somebody else's container means for
// the owners; one container may be several of them.
func (d decoder) decodeOwner(m events.Message) []state.Event {
	var out []state.Event
	at := stampOf(m)
	for _, owner := range d.owners {
		switch m.Action {
		case events.ActionDie:
			if d.isOwner(owner, m) {
				out = append(out, state.OwnerDied{Name: owner, At: at})
			}
		case events.ActionStart:
			if d.isOwner(owner, m) {
				out = append(out, state.OwnerStarted{Name: owner, At: at})
			}
		case events.ActionDestroy:
			if d.isOwner(owner, m) {
				out = append(out, state.OwnerGone{Name: owner, At: at})
			}
		case events.ActionRename:
			if strings.TrimPrefix(m.Actor.Attributes["oldName"], "/") == owner {
				out = append(out, state.OwnerGone{Name: owner, At: at})
			}
			// The event does not say whether the one that has the name now runs.
			if nameOf(m) == owner && !slices.Contains(out, state.Event(state.ResyncDue{})) {
				out = append(out, state.ResyncDue{})
			}
		}
	}
	return out
}

// isOwner: the message is about the container that the engine means by owner.
// What a look has found goes before a guess from the digits.
func (d decoder) isOwner(owner string, m events.Message) bool {
	if nameOf(m) == owner {
		return true
	}
	if id := d.ownerID(owner); id != "" {
		return m.Actor.ID == id && strings.HasPrefix(id, owner)
	}
	return isIDPrefix(owner) && strings.HasPrefix(m.Actor.ID, owner)
}

func nameOf(m events.Message) string { return strings.TrimPrefix(m.Actor.Attributes["name"], "/") }

// owner says how one owner is. One of the project's own containers is none.
func (l *look) owner(ctx context.Context, name string) (state.OwnerFacts, error) {
	facts := state.OwnerFacts{Name: name}
	c, err := l.inspect(ctx, name)
	switch {
	case errdefs.IsNotFound(err):
	case err != nil:
		return facts, fmt.Errorf("inspect container %q, which a child shares with: %w", name, err)
	case c.ContainerJSONBase == nil, c.State == nil:
	case c.Config != nil && c.Config.Labels[labelProject] == l.cfg.Project:
	default:
		facts.Present, facts.Running = true, c.State.Running && !c.State.Restarting
		facts.Created, facts.StartedAt = timeOf(c.Created), timeOf(c.State.StartedAt)
		l.known.setOwner(name, c.ID)
		return facts, nil
	}
	l.known.setOwner(name, "")
	return facts, nil
}

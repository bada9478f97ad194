package state

import "time"

// owners are the present containers of the children that a child is bound to.
func (c *core) owners(cc ChildConfig) []string {
	ids := make([]string, len(cc.BoundTo))
	for i, b := range cc.BoundTo {
		if o, ok := c.State.Child(b.Name); ok && !b.Outside {
			ids[i] = o.ID
		}
	}
	return ids
}

// broken says why the present container can no longer be what it was made
// for, "" when it can: an owner has another container, or, where a namespace is
// shared, another run. A child whose work is done needs its owners no more.
func (c *core) broken(ch *Child, cc ChildConfig) string {
	if ch.ID == "" || ch.Phase == Completed {
		return ""
	}
	for i, b := range cc.BoundTo {
		if b.Outside {
			if why := c.outsideBroken(ch, b); why != "" {
				return why
			}
			continue
		}
		o, ok := c.State.Child(b.Name)
		switch {
		case !ok:
		case b.Namespace && (o.Phase == Dead || o.Phase == Removing):
			return dropStale
		case ch.Bound != nil && ch.Bound[i] != o.ID && !o.Finished && (b.Namespace || o.ID != ""):
			return dropStale // without a namespace to lose it runs on until the owner is back
		case b.Namespace && o.Finished:
			return dropOwnerDown
		case b.Run && o.Phase == Alive && o.Seen && ch.startedBefore(o.StartedAt):
			return dropStale // somebody restarted the owner in place
		case !b.Run && o.Phase == Alive && o.Seen && ch.madeBefore(o.Created):
			return dropStale
		}
	}
	return ""
}

// forsaken: a container that the child is made against is not there any more.
// It may have gone in the middle of a create or a start, and engines have many
// words for that.
func (c *core) forsaken(cc ChildConfig) bool {
	for _, b := range cc.BoundTo {
		if o := c.owner(b.Name); b.Outside && (!o.Present || b.Namespace && !o.Running) {
			return true
		}
		if o, ok := c.State.Child(b.Name); ok && !b.Outside && !o.carries(b) {
			return true
		}
	}
	return false
}

func (c *core) outsideBroken(ch *Child, b Bond) string {
	o := c.owner(b.Name)
	switch {
	case b.Namespace && !o.Running:
		return dropOwnerDown
	case b.Run && ch.startedBefore(o.StartedAt), !b.Run && o.Present && ch.madeBefore(o.Created):
		return dropStale
	}
	return ""
}

// startedBefore: the present run is known to have begun before t. All stamps
// are the engine's.
func (ch *Child) startedBefore(t time.Time) bool {
	return ch.Phase == Alive && ch.Seen && !ch.StartedAt.IsZero() && ch.StartedAt.Before(t)
}

// madeBefore: the present container is known to have been created before t.
func (ch *Child) madeBefore(t time.Time) bool {
	return ch.Phase == Alive && ch.Seen && !ch.Created.IsZero() && ch.Created.Before(t)
}

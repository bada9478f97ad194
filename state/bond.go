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
			if why := c.outsideBroken(ch, i, b); why != "" {
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
		case o.Phase != Alive || !o.Seen || !ch.running():
		case b.Run && outdated(ch.StartedAt, ch.metOf(i), o.StartedAt):
			return dropStale // somebody restarted the owner in place
		case !b.Run && ch.Bound == nil && ch.Created.Before(o.Created):
			return dropStale
		}
	}
	return ""
}

// judged: broken has had the stamps of all owners that have a container. One that
// does not run has none, and may yet turn out to be younger than the child: made
// by an order of a former foster.
func (c *core) judged(cc ChildConfig) bool {
	for _, b := range cc.BoundTo {
		if o, ok := c.State.Child(b.Name); ok && !b.Outside && o.ID != "" && o.Phase != Completed && (o.Phase != Alive || !o.Seen) {
			return false
		}
	}
	return true
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

func (c *core) outsideBroken(ch *Child, i int, b Bond) string {
	o := c.owner(b.Name)
	switch {
	case b.Namespace && !o.Running:
		return dropOwnerDown
	case !ch.running():
	case b.Run && outdated(ch.StartedAt, ch.metOf(i), o.StartedAt):
		return dropStale
	case !b.Run && o.Present && outdated(ch.Created, ch.metOf(i), o.Created):
		return dropStale
	}
	return ""
}

// running: a look has seen the present run.
func (ch *Child) running() bool { return ch.Phase == Alive && ch.Seen && !ch.StartedAt.IsZero() }

// outdated says whether what was made or started at mine is of a former run of
// its owner, which is of theirs now, and was of met when this foster gave the
// order (zero: it did not, or did not know). All stamps are the engine's, whose
// clock may have been set in between: the same run is the same stamp, whatever
// the order, and one that went back is another run.
func outdated(mine, met, theirs time.Time) bool {
	switch {
	case met.IsZero():
	case theirs.Equal(met):
		return false
	case theirs.Before(met):
		return true
	}
	return mine.Before(theirs)
}

// meet notes what of its owners a child is about to be made or started against.
func (c *core) meet(ch *Child, cc ChildConfig, run bool) {
	if len(ch.Met) != len(cc.BoundTo) {
		ch.Met = make([]time.Time, len(cc.BoundTo))
	}
	for i, b := range cc.BoundTo {
		if b.Run != run {
			continue
		}
		ch.Met[i] = time.Time{}
		if o := c.owner(b.Name); b.Outside && o.Seen {
			ch.Met[i] = o.Created
			if run {
				ch.Met[i] = o.StartedAt
			}
		} else if o, ok := c.State.Child(b.Name); ok && !b.Outside && o.running() {
			ch.Met[i] = o.StartedAt // of another container's run, Bound tells
		}
	}
	if run {
		ch.MetParent = c.ParentStart
	}
}

func (ch *Child) metOf(i int) time.Time {
	if i >= len(ch.Met) {
		return time.Time{}
	}
	return ch.Met[i]
}

package state

import (
	"slices"
	"time"
)

// childEvent folds an event that names a container. Events of containers that
// are not (or no longer) a child's present one fall through: late answers are
// ignored by ID, never by luck.
func (c *core) childEvent(ev Event) {
	if _, known := c.byID(containerOf(ev)); !known {
		c.unknown()
	}
	switch ev := ev.(type) {
	case ChildDied:
		c.now = ev.At
		if ch, ok := c.byID(ev.ID); ok {
			c.childDied(ch, ev.Code)
		} else {
			c.otherEnded()
		}
	case ChildGone:
		c.now = ev.At
		if ch, ok := c.byID(ev.ID); ok {
			c.childGone(ch)
		} else {
			c.otherEnded()
		}
	case ChildStarted:
		c.now = ev.At
		if ch, ok := c.byID(ev.ID); ok {
			c.childStarted(ch)
		}
	case ChildSignalled:
		if ch, ok := c.byID(ev.ID); ok && ch.Phase == Alive && c.config(ch.Name).stops(ev.Signal) {
			ch.Signalled = true
		}
	case ChildOOM:
		if ch, ok := c.byID(ev.ID); ok {
			if !ch.OOMTold { // a process that is made anew each time is killed often
				c.do(Note{Kind: Degraded, Child: ch.Name, Cause: "oom"})
			}
			ch.OOM, ch.OOMTold = true, true
		}
	case ChildPaused:
		c.now = ev.At
		if ch, ok := c.byID(ev.ID); ok {
			c.paused(ch, ev.Paused)
		}
	case ChildRenamed:
		if ch, ok := c.byID(ev.ID); ok {
			c.do(Note{Kind: Degraded, Child: ch.Name, Cause: "renamed", Detail: ev.Name})
		}
	case ChildHealth:
		c.now = ev.At
		if ch, ok := c.byID(ev.ID); ok {
			c.diagnosed(ch, ev)
		}
	case NetLost:
		c.now = ev.At
		if ch, ok := c.byID(ev.ID); ok {
			ch.lost(ev.Network)
			c.settleAnew(ch)
		}
	case NetJoined:
		c.now = ev.At
		if ch, ok := c.byID(ev.ID); ok && ch.Phase == Alive {
			if a := ch.net(ev.Network); a != nil && a.State != Attached && a.Op == 0 {
				a.State = Suspect
			}
		}
	}
}

// unknown: something happened to a container of the project that is nobody's
// present one, as far as is known. A look that is under way may find it as it
// was before.
func (c *core) unknown() {
	if c.Look != 0 {
		c.Again = true
	}
	for i := range c.Children {
		if ch := &c.Children[i]; ch.Look != 0 && ch.ID == "" {
			c.touch(ch)
		}
	}
}

// containerOf is the container that an event names.
func containerOf(ev Event) string {
	switch ev := ev.(type) {
	case ChildDied:
		return ev.ID
	case ChildGone:
		return ev.ID
	case ChildStarted:
		return ev.ID
	case ChildPaused:
		return ev.ID
	case ChildHealth:
		return ev.ID
	case NetLost:
		return ev.ID
	case NetJoined:
		return ev.ID
	}
	return ""
}

// otherEnded: a container that is not the present one ended. When it held a
// child's place, that may be free now.
func (c *core) otherEnded() {
	for i := range c.Children {
		if ch := &c.Children[i]; ch.Phase == HeldBack {
			c.do(StopTimer{Timer{Kind: LookTimer, Child: ch.Name}})
			ch.Phase, ch.Hold = Unknown, false
		}
	}
}

func (c *core) childDied(ch *Child, code int) {
	switch ch.Phase {
	case Starting:
		ch.Died, ch.Code = true, code
	case Stopping:
		ch.Code = code
	case Alive:
		c.ended(ch, code)
	case Unknown:
		// A look is under way: make sure that it is newer than this.
		c.touch(ch)
	}
}

func (c *core) childGone(ch *Child) {
	switch ch.Phase {
	case Removing, Starting, Stopping:
		// The pending op will say that there is nothing left.
		c.touch(ch)
	case Alive, Settling:
		c.died(ch, "removed", ch.Code)
		c.bury(ch)
	case Made, Dead, Unknown, Completed:
		c.bury(ch)
	}
}

func (c *core) childStarted(ch *Child) {
	switch ch.Phase {
	case Settling:
		c.do(StopTimer{Timer{Kind: SettleTimer, Child: ch.Name}})
		c.revive(ch)
	case Made, Dead:
		ch.Phase = Unknown
		c.touch(ch)
	}
}

// settleAnew: until 24.0 the engine leaves the networks after it has told of the
// death, and a busy one takes its time. Only then can somebody's stop go on as
// a restart.
func (c *core) settleAnew(ch *Child) {
	if ch.Phase != Settling && (ch.Phase != Unknown || !ch.Settled) {
		return
	}
	ch.Phase, ch.Settled = Settling, false
	c.touch(ch)
	c.do(SetTimer{Timer: Timer{Kind: SettleTimer, Child: ch.Name}, Delay: c.Config.Policy.Settle})
}

// revive: the present container runs, by our Start or somebody's.
func (c *core) revive(ch *Child) {
	ch.Phase = Alive
	ch.Runs++
	c.works(ch, "prepare", "create", "start")
	ch.Signalled, ch.Died, ch.OOM, ch.Paused, ch.Settled, ch.Over = false, false, false, false, false, false
	ch.Health, ch.Tries, ch.Seen, ch.StartedAt = HealthNone, 0, false, time.Time{}
	ch.OOMTold, ch.Probe = false, ""
	c.touch(ch)
	for i := range ch.Nets {
		ch.Nets[i] = Attachment{Network: ch.Nets[i].Network, State: Suspect, Failed: ch.Nets[i].Failed}
	}
	c.do(SetTimer{Timer: Timer{Kind: StableTimer, Child: ch.Name}, Delay: c.Config.Policy.StableAfter})
}

// unset ends everything that belongs to a running container only.
func (c *core) unset(ch *Child) {
	if ch.Phase == Alive || ch.Phase == Stopping || ch.Phase == Starting {
		c.do(StopTimer{Timer{Kind: StableTimer, Child: ch.Name}})
	}
	if ch.Health == Unhealthy && c.Config.Policy.UnhealthyAfter > 0 {
		c.do(StopTimer{Timer{Kind: HealthTimer, Child: ch.Name}})
	}
	ch.Signalled, ch.Whole, ch.Paused, ch.Ready = false, false, false, false
	ch.Health = HealthNone
	if ch.Probing != 0 {
		c.do(Cancel{ch.Probing})
		ch.Probing = 0
	}
	for i := range ch.Nets {
		a := &ch.Nets[i]
		if a.Op != 0 {
			c.do(Cancel{a.Op})
		}
		if a.State == Unavailable {
			c.do(StopTimer{Timer{Kind: AttachTimer, Child: ch.Name, Network: a.Network}})
		}
		*a = Attachment{Network: a.Network, Failed: a.Failed}
	}
}

// bury: there is no container any more; say when the next one is made.
func (c *core) bury(ch *Child) {
	// What others make necessary is no failure of this child.
	ch.Excused = slices.Contains([]string{dropStale, dropOwnerDown, dropSpec, dropParent, dropUnfinished}, ch.Drop)
	noWait := ch.NoWait || ch.Excused
	c.works(ch, "stop", "remove")
	c.discard(ch.Volumes)
	ch.ID, ch.Drop, ch.Bound, ch.Extra, ch.Volumes = "", "", nil, nil, nil
	ch.Met, ch.MetParent = nil, time.Time{}
	ch.Hold, ch.Died, ch.OOM, ch.OOMTold, ch.Stopped, ch.Settled, ch.NoWait, ch.Over = false, false, false, false, false, false, false, false
	ch.Tries = 0
	c.touch(ch)
	switch {
	case c.Stage == Closing || c.Stage == Away:
		ch.Phase = Ended
	case ch.Finished:
		ch.Phase = Completed
	case noWait || ch.Attempt == 0:
		ch.Phase = Absent
	default:
		c.wait(ch)
	}
}

// wait puts the next create off by the backoff for the starts so far.
func (c *core) wait(ch *Child) { c.waitAtLeast(ch, 0) }

func (c *core) waitAtLeast(ch *Child, least time.Duration) {
	ch.Phase = Waiting
	c.do(SetTimer{Timer: Timer{Kind: RetryTimer, Child: ch.Name}, Attempt: ch.Attempt, Least: least})
}

const (
	dropStale     = "owner-recreated"
	dropOwnerDown = "owner-down"

	dropUnfinished = "start-given-up"
	dropSpec       = "spec-changed"
	dropUnhealthy  = "unhealthy"
	dropParent     = "parent-recreated"
)

func (c *core) paused(ch *Child, paused bool) {
	if ch.Phase != Alive || ch.Paused == paused {
		return
	}
	ch.Paused = paused
	kind := Healed
	if paused {
		kind = Degraded
	}
	c.do(Note{Kind: kind, Child: ch.Name, Cause: "paused"})
}

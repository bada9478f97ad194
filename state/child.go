package state

import "time"

// childEvent folds an event that names a container. Events of containers that
// are not (or no longer) a child's present one fall through: late answers are
// ignored by ID, never by luck.
func (c *core) childEvent(ev Event) {
	switch ev := ev.(type) {
	case ChildDied:
		c.now = ev.At
		if ch, ok := c.byID(ev.ID); ok {
			c.childDied(ch, ev.Code)
		} else {
			c.otherEnded(ev.ID)
		}
	case ChildGone:
		c.now = ev.At
		if ch, ok := c.byID(ev.ID); ok {
			c.childGone(ch)
		} else {
			c.otherEnded(ev.ID)
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
			ch.OOM = true
			c.do(Note{Kind: Degraded, Child: ch.Name, Cause: "oom"})
		}
	case ChildPaused:
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
			h := Unhealthy
			if ev.Healthy {
				h = Healthy
			}
			c.health(ch, h)
		}
	case NetLost:
		c.now = ev.At
		if ch, ok := c.byID(ev.ID); ok {
			ch.lost(ev.Network)
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

// otherEnded: a container that is not the present one ended. When it held a
// child's place, that place may be free now.
func (c *core) otherEnded(id string) {
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
	case Made, Dead, Unknown:
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

// revive: the present container runs, by our Start or somebody's.
func (c *core) revive(ch *Child) {
	ch.Phase = Alive
	ch.Signalled, ch.Died, ch.OOM, ch.Paused, ch.Settled, ch.Over = false, false, false, false, false, false
	ch.Health, ch.Tries, ch.Seen = HealthNone, 0, false
	c.touch(ch)
	for i := range ch.Nets {
		ch.Nets[i] = Attachment{Network: ch.Nets[i].Network, State: Suspect}
	}
	c.do(SetTimer{Timer: Timer{Kind: StableTimer, Child: ch.Name}, Delay: c.Config.Policy.StableAfter})
}

// ended: a run that was under way is over, as an event or a look says.
func (c *core) ended(ch *Child, code int) {
	if !ch.Signalled || ch.Drop != "" || c.Stage != Up {
		c.died(ch, "died", code)
		return
	}
	// A stop by hand, or the first half of a restart by hand.
	c.unset(ch)
	ch.Phase, ch.Code = Settling, code
	c.fault(ch, "stopped")
	c.touch(ch)
	c.do(SetTimer{Timer: Timer{Kind: SettleTimer, Child: ch.Name}, Delay: c.Config.Policy.Settle})
}

// begin opens a fault, unless the child is not whole for another one already.
func (c *core) begin(ch *Child, cause string) {
	if !ch.Fault.faulty() && c.Stage == Up {
		c.fault(ch, cause)
	}
}

// fault records a fault. One that is open keeps its cause and its start: the
// child has not been whole since.
func (c *core) fault(ch *Child, cause string) {
	ch.Whole = false
	if !ch.Fault.faulty() {
		ch.Fault = Fault{Cause: cause, At: c.now}
	}
	c.do(Note{Kind: FaultSeen, Child: ch.Name, Cause: cause, Code: ch.Code, Attempt: ch.Attempt})
}

// died: the present container ran and does not any more. It records the fault
// once and lets the policy say whether there is a next start.
func (c *core) died(ch *Child, cause string, code int) {
	if ch.OOM && cause == "died" {
		cause = "oom"
	}
	ch.Code = code
	c.unset(ch)
	settled := ch.Phase == Settling || ch.Settled
	ch.Phase, ch.Settled = Dead, false
	c.touch(ch)
	if c.Stage != Up || ch.Over {
		return
	}
	ch.Over = true
	if !settled {
		c.fault(ch, cause)
	}
	c.verdict(ch, cause)
}

// verdict applies the restart policy to a child that ended or never began.
func (c *core) verdict(ch *Child, cause string) {
	p := c.Config.Policy
	ended := cause != "unhealthy"
	switch {
	case p.Restart == RestartNone && ended:
		c.do(Note{Kind: GaveUp, Child: ch.Name, Cause: cause, Detail: "restart policy is none", Code: ch.Code})
		c.close(ch.Code, "the child ended")
	case p.Restart == RestartOnFailure && ended && cause != "removed" && ch.Code == 0:
		ch.Finished = true
	default:
		c.spend(ch, cause)
	}
}

// spend takes one recovery from the budget, and closes the project when none is left.
func (c *core) spend(ch *Child, cause string) {
	p := c.Config.Policy
	if p.MaxAttempts == 0 {
		return
	}
	kept := ch.Recent[:0]
	for _, t := range ch.Recent {
		if p.Window == 0 || c.now.Sub(t) < p.Window {
			kept = append(kept, t)
		}
	}
	ch.Recent = kept
	if len(ch.Recent) >= p.MaxAttempts {
		c.do(Note{Kind: GaveUp, Child: ch.Name, Cause: cause, Detail: "the attempts are spent", Code: ch.Code, Attempt: len(ch.Recent)})
		c.close(ch.Code, "the attempts are spent")
		return
	}
	ch.Recent = append(ch.Recent, c.now)
}

// unset ends everything that belongs to a running container only.
func (c *core) unset(ch *Child) {
	if ch.Phase == Alive || ch.Phase == Stopping || ch.Phase == Starting {
		c.do(StopTimer{Timer{Kind: StableTimer, Child: ch.Name}})
	}
	ch.Signalled, ch.Whole, ch.Paused = false, false, false
	ch.Health = HealthNone
	for i := range ch.Nets {
		a := &ch.Nets[i]
		if a.Op != 0 {
			c.do(Cancel{a.Op})
		}
		if a.State == Unavailable {
			c.do(StopTimer{Timer{Kind: AttachTimer, Child: ch.Name, Network: a.Network}})
		}
		*a = Attachment{Network: a.Network}
	}
}

// bury: there is no container any more; say when the next one is made.
func (c *core) bury(ch *Child) {
	noWait := ch.NoWait || ch.Drop == dropStale || ch.Drop == dropSpec
	ch.ID, ch.Drop, ch.Bound, ch.Extra = "", "", nil, nil
	ch.Hold, ch.Died, ch.OOM, ch.Stopped, ch.Settled, ch.NoWait, ch.Over = false, false, false, false, false, false, false
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
func (c *core) wait(ch *Child) {
	ch.Phase = Waiting
	c.do(SetTimer{Timer: Timer{Kind: RetryTimer, Child: ch.Name}, Attempt: ch.Attempt})
}

const (
	dropStale     = "owner-recreated"
	dropSpec      = "spec-changed"
	dropUnhealthy = "unhealthy"
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

func (c *core) health(ch *Child, h Health) {
	if ch.Phase != Alive || ch.Health == h {
		return
	}
	ch.Health = h
	if h != Unhealthy || ch.Drop != "" || c.Stage != Up {
		return
	}
	c.begin(ch, dropUnhealthy)
	switch c.Config.Policy.OnUnhealthy {
	case UnhealthyIgnore:
	case UnhealthyExit:
		c.do(Note{Kind: GaveUp, Child: ch.Name, Cause: dropUnhealthy})
		c.close(1, "the child is unhealthy")
	default:
		ch.Drop = dropUnhealthy
		c.spend(ch, dropUnhealthy)
	}
}

// recovered closes the fault of a child that is whole again.
func (c *core) recovered(ch *Child) {
	f := ch.Fault
	ch.Whole, ch.Fault = true, Fault{}
	down := time.Duration(0)
	if !f.At.IsZero() && c.now.After(f.At) {
		down = c.now.Sub(f.At)
	}
	switch {
	case f.faulty():
		c.do(Note{Kind: Recovered, Child: ch.Name, Cause: f.Cause, Attempt: f.Attempts, Down: down})
	case !ch.Launched:
		c.do(Note{Kind: Launched, Child: ch.Name})
	}
	ch.Launched = true
}

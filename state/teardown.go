package state

import "slices"

// bringDown moves the whole project towards nothing, dependents first.
func (c *core) bringDown() {
	if !c.Owned {
		// Nobody knows yet whose the project is, and nothing was asked of the
		// engine but that.
		if c.Kill || c.Look == 0 && (!c.Met || c.LookTry >= maxChecks) {
			c.quit()
		}
		return
	}
	ended := true
	for i := range c.Children {
		if ch := &c.Children[i]; c.leave(ch) {
			ended = ended && ch.Phase == Ended
		} else {
			ended = false
		}
	}
	if !ended {
		return
	}
	for i := range c.Networks {
		if !c.takeDown(&c.Networks[i]) {
			ended = false
		}
	}
	if !ended || len(c.Volumes) > 0 || c.Stage != Closing || c.Look != 0 || c.Checked && c.LookTry > 0 && c.LookTry < maxChecks {
		return
	}
	if !c.Checked {
		// A create whose answer never came may have been carried out since.
		c.Checked, c.LookTry = true, 0
		c.lookAtAll()
		return
	}
	c.quit()
}

func (c *core) quit() {
	c.Stage = Closed
	c.do(Quit{Code: c.Exit, Reason: c.Reason})
}

// leave moves one child towards Ended; it reports whether no order is pending.
func (c *core) leave(ch *Child) bool {
	if ch.Op != 0 {
		slow := ch.Phase == Preparing || ch.Phase == Starting && c.config(ch.Name).Hooks
		if slow || c.Kill && ch.Phase != Removing {
			c.cancel(ch)
		}
		return false
	}
	if ch.Hold {
		if ch.Phase == Unknown {
			return false
		}
		ch.Hold = false
	}
	switch ch.Phase {
	case Absent, Waiting, HeldBack:
		if ch.Phase == Waiting {
			c.do(StopTimer{Timer{Kind: RetryTimer, Child: ch.Name}})
		}
		ch.Phase, ch.Fault, ch.Whole = Ended, Fault{}, false
	case Unknown:
		c.lookAt(ch)
		return false
	case Completed:
		ch.Finished = false
		if ch.ID != "" {
			c.end(ch)
			return false
		}
		ch.Phase = Ended
	case Ended:
	default:
		if c.needed(ch) {
			return false
		}
		c.end(ch)
		return false
	}
	return true
}

// end gives the next order for a container that is to go.
func (c *core) end(ch *Child) {
	if len(ch.Extra) > 0 {
		c.removeExtra(ch)
		return
	}
	if ch.Phase == Settling {
		c.do(StopTimer{Timer{Kind: SettleTimer, Child: ch.Name}})
	}
	if ch.Phase == Alive && !c.Kill && !ch.Stopped {
		c.stop(ch, c.config(ch.Name))
		return
	}
	c.unset(ch)
	c.remove(ch, ch.Stopped || c.Kill || ch.Phase != Made)
}

// needed: another child that may still run starts after this one or shares
// something of it, and must end first. What is left of one that has ended is
// no obstacle.
func (c *core) needed(ch *Child) bool {
	if c.Kill {
		return false
	}
	for _, cc := range c.Config.Children {
		if !slices.Contains(cc.precursors(), ch.Name) {
			continue
		}
		if o, ok := c.State.Child(cc.Name); ok && !o.ended() {
			return true
		}
	}
	return false
}

// ended: no process of it runs or can begin to run.
func (ch *Child) ended() bool {
	return slices.Contains([]Phase{Absent, Waiting, HeldBack, Dead, Removing, Completed, Ended}, ch.Phase)
}

// cancel gives up a pending op, once.
func (c *core) cancel(ch *Child) {
	if ch.Canceled {
		return
	}
	ch.Canceled = true
	c.do(Cancel{ch.Op})
}

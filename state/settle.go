package state

import "slices"

// settle gives the orders that the present facts ask for. One child's order
// can make another's due, so it goes on until a pass changes nothing; each
// pass that changes something moves a child to a phase that it does not come
// back to without an event.
func (c *core) settle() {
	for {
		before := c.marks()
		c.pass()
		if slices.Equal(before, c.marks()) {
			return
		}
	}
}

// marks is what a pass can change: how much was ordered, and every phase.
func (c *core) marks() []int {
	m := []int{len(c.out), int(c.Stage)}
	for i := range c.Children {
		m = append(m, int(c.Children[i].Phase))
	}
	return m
}

func (c *core) pass() {
	switch c.Stage {
	case Opening:
		// Nothing is known before the first look, which the stream begins.
	case Up:
		for i := range c.Networks {
			c.ensure(&c.Networks[i])
		}
		for i := range c.Children {
			c.raise(&c.Children[i])
		}
		c.complete()
	case Away, Closing:
		c.bringDown()
	case Closed:
	}
}

// raise moves one child towards whole.
func (c *core) raise(ch *Child) {
	if ch.Op != 0 || ch.Hold && ch.Phase != Alive {
		return
	}
	cc := c.config(ch.Name)
	if len(ch.Extra) > 0 && ch.Phase != HeldBack {
		c.removeExtra(ch)
		return
	}
	if ch.Drop == "" && c.stale(ch, cc) {
		ch.Drop = dropStale
		c.begin(ch, dropStale)
	}
	if ch.Phase == Ended {
		ch.Phase = Absent // taken down while the followed parent was away
	}
	switch ch.Phase {
	case Unknown:
		c.lookAt(ch)
	case Absent:
		if c.mayStart(cc) {
			c.build(ch, cc)
		}
	case Made:
		if ch.Drop != "" {
			c.remove(ch, false)
			return
		}
		c.order(ch, Starting)
		c.do(Start{Op: ch.Op, Child: ch.Name, ID: ch.ID})
	case Alive:
		c.tend(ch, cc)
	case Dead:
		c.remove(ch, ch.Stopped)
	}
}

// build gives the next order for a child that has no container.
func (c *core) build(ch *Child, cc ChildConfig) {
	if !ch.Prepared {
		c.order(ch, Preparing)
		c.do(Prepare{Op: ch.Op, Child: ch.Name, Fresh: !ch.Pulled})
		return
	}
	c.order(ch, Creating)
	ch.NoNet = false
	ch.Attempt++
	ch.Fault.Attempts++
	ch.Bound = c.owners(cc)
	cause := ch.Fault.Cause
	if cause == "" {
		cause = "launch"
	}
	c.do(Create{Op: ch.Op, Child: ch.Name, Cause: cause})
}

// tend gives the orders for a child that runs.
func (c *core) tend(ch *Child, cc ChildConfig) {
	if ch.Drop != "" {
		c.stop(ch, cc)
		return
	}
	unsure := !ch.Seen
	for _, a := range ch.Nets {
		unsure = unsure || a.State == Suspect
	}
	if unsure {
		c.lookAt(ch)
	}
	c.attach(ch)
	switch whole := ch.whole(); {
	case whole && ch.Look == 0 && !ch.Whole:
		c.recovered(ch)
	case !whole:
		ch.Whole = false
	}
}

func (c *core) stop(ch *Child, cc ChildConfig) {
	grace := cc.Grace
	if c.Stage != Up {
		grace = cc.FinalGrace
	}
	cause := ch.Drop
	if cause == "" {
		cause = "stop"
	}
	c.unset(ch)
	c.order(ch, Stopping)
	ch.Stopped = true
	c.do(Stop{Op: ch.Op, Child: ch.Name, ID: ch.ID, Grace: grace, Cause: cause})
}

func (c *core) remove(ch *Child, force bool) {
	c.order(ch, Removing)
	cause := ch.Fault.Cause
	switch {
	case c.Stage != Up:
		cause = "stop"
	case cause == "":
		cause = "leftover"
	}
	c.do(Remove{Op: ch.Op, Child: ch.Name, ID: ch.ID, Force: force, Cause: cause})
}

func (c *core) removeExtra(ch *Child) {
	id := ch.Extra[0]
	c.order(ch, Removing)
	c.do(Remove{Op: ch.Op, Child: ch.Name, ID: id, Force: true, Cause: "duplicate"})
}

// order marks a lifecycle op as pending.
func (c *core) order(ch *Child, p Phase) {
	ch.Phase, ch.Canceled = p, false
	ch.Op = c.op()
	ch.Touched = ch.Op
}

// mayStart: everything that the child is made against is there.
func (c *core) mayStart(cc ChildConfig) bool {
	for _, name := range cc.Networks {
		if n := c.network(name); n != nil && !n.External && n.State != NetPresent {
			return false
		}
	}
	for _, list := range [][]string{cc.After, cc.BoundTo} {
		for _, name := range list {
			o, ok := c.State.Child(name)
			if ok && (o.Phase != Alive || o.Drop != "") && o.Phase != Completed {
				return false
			}
		}
	}
	return true
}

// stale: the present container was made against an owner's former container.
func (c *core) stale(ch *Child, cc ChildConfig) bool {
	if ch.ID == "" || len(ch.Bound) != len(cc.BoundTo) {
		return false
	}
	for i, name := range cc.BoundTo {
		if o, ok := c.State.Child(name); ok && o.ID != ch.Bound[i] {
			return true
		}
	}
	return false
}

// complete ends the run when every child has done its work.
func (c *core) complete() {
	if len(c.Children) == 0 {
		return
	}
	for i := range c.Children {
		if c.Children[i].Phase != Completed {
			return
		}
	}
	c.close(0, "every child completed")
	c.bringDown()
}

// bringDown moves the whole project towards nothing, dependents first.
func (c *core) bringDown() {
	if c.Stage == Closing && !c.Met && c.Look == 0 && c.idle() {
		c.quit() // the engine never answered, and nothing was asked of it
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
	if !ended || c.Stage != Closing || c.Look != 0 || c.Checked && c.LookTry > 0 && c.LookTry < maxChecks {
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

// idle: no container is known or being made.
func (c *core) idle() bool {
	for i := range c.Children {
		if ch := &c.Children[i]; ch.Op != 0 || ch.ID != "" {
			return false
		}
	}
	return true
}

func (c *core) quit() {
	c.Stage = Closed
	c.do(Quit{Code: c.Exit, Reason: c.Reason})
}

// leave moves one child towards Ended; it reports whether no order is pending.
func (c *core) leave(ch *Child) bool {
	if ch.Op != 0 {
		if ch.Phase == Preparing || c.Kill && ch.Phase != Removing {
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
	case Absent, Waiting, HeldBack, Completed:
		if ch.Phase == Waiting {
			c.do(StopTimer{Timer{Kind: RetryTimer, Child: ch.Name}})
		}
		ch.Phase, ch.Fault, ch.Whole = Ended, Fault{}, false
	case Unknown:
		c.lookAt(ch)
		return false
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

// needed: another child that is still there starts after this one or shares
// something of it, and must go first.
func (c *core) needed(ch *Child) bool {
	if c.Kill {
		return false
	}
	for _, cc := range c.Config.Children {
		for _, list := range [][]string{cc.After, cc.BoundTo} {
			for _, name := range list {
				if o, ok := c.State.Child(cc.Name); ok && name == ch.Name && o.Phase != Ended {
					return true
				}
			}
		}
	}
	return false
}

// cancel gives up a pending op, once.
func (c *core) cancel(ch *Child) {
	if ch.Canceled {
		return
	}
	ch.Canceled = true
	c.do(Cancel{ch.Op})
}

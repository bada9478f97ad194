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
	c.sweep()
	if c.Stage == Up {
		c.comeBack()
		c.despair()
		c.complete()
	}
	switch c.Stage {
	case Opening, Standby:
		// Nothing is known before the first look, which the stream begins, and
		// nothing is this foster's before its elder's end.
	case Up:
		for i := range c.Networks {
			c.ensure(&c.Networks[i])
		}
		for i := range c.Children {
			c.raise(&c.Children[i])
		}
	case Away, Closing:
		c.bringDown()
	case Closed:
	}
}

// comeBack: what was taken down while the followed parent was away is launched
// anew, one-shots too.
func (c *core) comeBack() {
	for i := range c.Children {
		if ch := &c.Children[i]; ch.Phase == Ended {
			ch.Phase = Absent
		}
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
	if why := c.broken(ch, cc); ch.Drop == "" && why != "" {
		ch.Drop = why
		c.begin(ch, why)
	}
	switch ch.Phase {
	case Unknown:
		c.lookAt(ch)
	case Absent:
		c.build(ch, cc)
	case Made:
		if ch.Drop != "" {
			c.remove(ch, false)
			return
		}
		c.order(ch, Starting)
		c.meet(ch, cc, true)
		c.do(Start{Op: ch.Op, Child: ch.Name, ID: ch.ID})
	case Alive:
		c.tend(ch, cc)
	case Dead:
		c.remove(ch, ch.Stopped)
	}
}

// build gives the next order for a child that has no container. Image and
// volumes are made present at once; the container waits for what comes before it.
func (c *core) build(ch *Child, cc ChildConfig) {
	if !ch.Prepared {
		c.order(ch, Preparing)
		c.do(Prepare{Op: ch.Op, Child: ch.Name, Fresh: !ch.Pulled})
		return
	}
	if !c.mayStart(ch, cc) {
		return
	}
	c.order(ch, Creating)
	ch.NoNet = false
	if ch.Attempt == 0 || !ch.Excused {
		ch.Attempt++
	}
	ch.Excused = false
	ch.Fault.Attempts++
	ch.Fault.Made = true
	ch.Bound = c.owners(cc)
	c.meet(ch, cc, false)
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
	if cc.Probed && ch.Seen && !ch.Ready && ch.Probing == 0 {
		ch.Probing = c.op()
		c.do(Probe{Op: ch.Probing, Child: ch.Name, ID: ch.ID})
	}
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

// complete ends the run when every child has done its work.
func (c *core) complete() {
	if len(c.Children) == 0 {
		return
	}
	code := 0
	for i := range c.Children {
		if c.Children[i].Phase != Completed {
			return
		}
		if code == 0 {
			code = c.Children[i].Code
		}
	}
	c.close(code, "every child completed")
}

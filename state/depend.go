package state

import "fmt"

// mayStart: everything that the child is made against, or waits for, is there.
// What is not is told once.
func (c *core) mayStart(ch *Child, cc ChildConfig) bool {
	for _, name := range cc.Networks {
		if n := c.network(name); n != nil && !n.External && n.State != NetPresent {
			return false
		}
	}
	wait := c.missing(cc)
	if wait.Detail != ch.Awaits {
		if ch.Awaits = wait.Detail; wait.Detail != "" {
			wait.Kind, wait.Child = Awaits, ch.Name
			c.do(wait)
		}
	}
	return wait.Detail == ""
}

// missing describes the first thing that is not there; the zero Note is nothing.
func (c *core) missing(cc ChildConfig) Note {
	for _, b := range cc.BoundTo {
		if o := c.owner(b.Name); b.Outside {
			switch {
			case !o.Present:
				return Note{Cause: "owner", Detail: fmt.Sprintf("container %s, which is not there", b.Name)}
			case b.Namespace && !o.Running:
				return Note{Cause: "owner", Detail: fmt.Sprintf("container %s, which does not run", b.Name)}
			}
			continue
		}
		if o, ok := c.State.Child(b.Name); ok && !o.carries(b) {
			return Note{Cause: "dependency", Detail: b.Name + " to run"}
		}
	}
	for _, d := range cc.After {
		o, ok := c.State.Child(d.Name)
		switch {
		case !ok || o.met(d.Condition) || d.Optional && o.failing():
		default:
			return Note{Cause: "dependency", Detail: d.Name + " " + d.Condition.wish()}
		}
	}
	return Note{}
}

// carries: a container can be made against the child as the bond wants it.
func (ch *Child) carries(b Bond) bool {
	return ch.Phase == Alive && ch.Drop == "" || ch.Finished && !b.Namespace && (b.Run || ch.ID != "")
}

// met: the child has come as far as another wants it to.
func (ch *Child) met(want Condition) bool {
	runs := ch.Phase == Alive && ch.Drop == ""
	switch want {
	case IsHealthy:
		return runs && ch.Seen && ch.Health == Healthy
	case IsCompleted:
		return ch.Phase == Completed && ch.Code == 0
	case IsReady:
		return runs && ch.Ready
	}
	return runs || ch.Phase == Completed
}

// failing: it has been tried and is not well, as far as is known.
func (ch *Child) failing() bool {
	return ch.Fault.faulty() || ch.Health == Unhealthy || ch.Phase == Completed || ch.Phase == HeldBack
}

// never: it cannot come as far as that any more.
func (ch *Child) never(want Condition) bool {
	noCheck := want == IsHealthy && ch.Phase == Alive && ch.Seen && ch.Health == HealthNone
	return noCheck || ch.Phase == Completed && !ch.met(want)
}

// despair ends the run when a child can never be started, because what it
// waits for cannot come about any more.
func (c *core) despair() {
	for _, cc := range c.Config.Children {
		ch, _ := c.State.Child(cc.Name)
		if ch.Phase != Absent && ch.Phase != Preparing && ch.Phase != Waiting {
			continue
		}
		for _, b := range cc.BoundTo {
			if o, ok := c.State.Child(b.Name); ok && !b.Outside && o.Finished && !o.carries(b) {
				c.giveUpOn(o, cc.Name, IsRunning)
				return
			}
		}
		for _, d := range cc.After {
			if o, ok := c.State.Child(d.Name); ok && !d.Optional && o.never(d.Condition) {
				c.giveUpOn(o, cc.Name, d.Condition)
				return
			}
		}
	}
}

func (c *core) giveUpOn(o *Child, waiting string, want Condition) {
	n := Note{Kind: GaveUp, Child: waiting, Cause: "dependency", Code: o.Code}
	if o.Finished {
		n.Detail = fmt.Sprintf("%s was to wait for %s %s, which ended with exit code %d", waiting, o.Name, want.wish(), o.Code)
		n.Code = max(1, o.Code)
	} else {
		n.Detail = fmt.Sprintf("%s was to wait for %s %s, which has no healthcheck: give it one, or wait for service_started", waiting, o.Name, want.wish())
		n.Code = ExitRefused
	}
	c.do(n)
	c.close(n.Code, n.Detail)
}

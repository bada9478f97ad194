package state

// net returns the child's attachment to a network, nil when it wants none.
func (ch *Child) net(name string) *Attachment {
	for i := range ch.Nets {
		if ch.Nets[i].Network == name {
			return &ch.Nets[i]
		}
	}
	return nil
}

// lost: an event says that the endpoint is gone. That is a hint only: a death
// brings the same event, before or after the die. A look will tell.
func (ch *Child) lost(name string) {
	a := ch.net(name)
	if a == nil || ch.Phase != Alive {
		return
	}
	switch a.State {
	case Attached, Missing:
		a.State = Suspect
	case Attaching, Suspect:
		a.Again = true
	case Unavailable:
	}
}

// attached folds what a look saw of the endpoints of a running child. One that
// was asked for before an Attach was over may have come before that.
func (c *core) attached(ch *Child, op int, live []string) {
	for i := range ch.Nets {
		a := &ch.Nets[i]
		if a.Op != 0 || op < a.Touched {
			continue
		}
		has := false
		for _, n := range live {
			has = has || n == a.Network
		}
		switch {
		case has && a.Again:
			a.State, a.Again = Suspect, false
		case has:
			if a.State == Unavailable {
				c.do(StopTimer{Timer{Kind: AttachTimer, Child: ch.Name, Network: a.Network}})
			}
			c.joined(ch, a)
		case a.State != Unavailable:
			c.begin(ch, "disconnected")
			a.State, a.Again = Missing, false
		}
	}
}

// attachDone folds the answer to Attach.
func (c *core) attachDone(ch *Child, a *Attachment, d Done) {
	a.Op = 0
	switch d.Class {
	case OK:
		a.Touched = c.op()
		c.joined(ch, a)
		if a.Again {
			a.State, a.Again = Suspect, false
		}
	case Gone:
		// The container is gone or does not run; its own events say more.
		a.State = Suspect
	case Canceled:
		a.State = Missing
	default:
		a.State = Unavailable
		a.Attempt++
		if d.Class == NoNetwork {
			if n := c.network(a.Network); n != nil && !n.External && n.State == NetPresent {
				n.State = NetAbsent // it is made anew, and its return attaches
			}
		}
		if d.Class == Foreign {
			c.heldNet(ch, a, d)
			if a.Again {
				a.State, a.Again = Missing, false
				return
			}
		} else {
			c.attachTrouble(ch, a, d)
		}
		c.do(SetTimer{Timer: Timer{Kind: AttachTimer, Child: ch.Name, Network: a.Network}, Attempt: a.Attempt})
	}
}

// joined: the endpoint is there.
func (c *core) joined(ch *Child, a *Attachment) {
	if a.Failed > 0 {
		c.do(Note{Kind: Healed, Child: ch.Name, Network: a.Network, Cause: "attach", Attempt: a.Failed})
	}
	a.State, a.Attempt, a.Failed, a.Holder = Attached, 0, 0, ""
}

func (c *core) attachTrouble(ch *Child, a *Attachment, d Done) {
	a.Failed++
	kind := Trouble
	if a.Failed == 1 {
		kind = Degraded
	}
	c.do(Note{Kind: kind, Child: ch.Name, Network: a.Network, Cause: "attach", Detail: d.Detail, Attempt: a.Failed})
}

// attach gives the orders for what is missing on a running child.
func (c *core) attach(ch *Child) {
	for i := range ch.Nets {
		a := &ch.Nets[i]
		if a.State != Missing || a.Op != 0 {
			continue
		}
		if n := c.network(a.Network); n != nil && !n.External && n.State != NetPresent {
			continue
		}
		a.Op, a.State = c.op(), Attaching
		ch.Fault.Attempts++
		ch.Fault.Joined = true
		c.do(Attach{Op: a.Op, Child: ch.Name, ID: ch.ID, Network: a.Network})
	}
}

// whole: it runs, every attachment is live and its healthcheck does not object.
func (ch *Child) whole() bool {
	if ch.Phase != Alive || !ch.Seen || ch.Drop != "" || ch.Paused || ch.Health == HealthStarting || ch.Health == Unhealthy {
		return false
	}
	for _, a := range ch.Nets {
		if a.State != Attached {
			return false
		}
	}
	return true
}

package state

// What a child needs may be somebody else's: the name of its container, a port
// of the host, an address on a network. Foster says who has it, leaves it alone
// and tries again, with the backoff of every other failure; the end of the
// holder (Freed) ends the pause.

// held tells who has what a child was refused, once for each holder.
func (c *core) held(ch *Child, d Done) {
	if ch.Holder != d.Detail {
		ch.Holder = d.Detail
		c.do(Note{Kind: Held, Child: ch.Name, Detail: d.Detail})
	}
}

// heldNet is held for the place on one network.
func (c *core) heldNet(ch *Child, a *Attachment, d Done) {
	if a.Holder != d.Detail {
		a.Holder = d.Detail
		c.do(Note{Kind: Held, Child: ch.Name, Network: a.Network, Detail: d.Detail})
	}
}

// freed: somebody else gave something up. Whoever waits for its holder tries
// again; a try that is under way may have come too early, so that the next one
// comes at once.
func (c *core) freed() {
	for i := range c.Children {
		ch := &c.Children[i]
		if ch.Holder != "" {
			switch ch.Phase {
			case Waiting:
				c.do(StopTimer{Timer{Kind: RetryTimer, Child: ch.Name}})
				ch.Phase = Absent
			case Creating, Made, Starting, Dead, Removing:
				ch.NoWait = true
			}
		}
		for j := range ch.Nets {
			a := &ch.Nets[j]
			if a.Holder == "" {
				continue
			}
			switch a.State {
			case Unavailable:
				c.do(StopTimer{Timer{Kind: AttachTimer, Child: ch.Name, Network: a.Network}})
				a.State = Missing
			case Attaching:
				a.Again = true
			}
		}
	}
}

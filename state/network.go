package state

import "time"

// maxRemovals is how often the removal of a network or a volume is tried before
// it is left behind by name: somebody else's container may be using it.
// All of the tries fit into what foster keeps of its own grace for cleaning up.
const (
	maxRemovals  = 5
	removalPause = 400 * time.Millisecond
)

func (c *core) netGone(name string) {
	n := c.network(name)
	if n == nil {
		return
	}
	switch n.State {
	case NetPresent, NetUnknown:
		n.State, n.Touched, n.ID = NetAbsent, c.op(), ""
		c.netWorks(n, "remove-network")
	case NetRemoving:
		return // its Done says so too
	default:
		n.Doubt = n.Doubt && n.Op != 0
		n.Freed = n.Op != 0
		if n.Hold { // whoever had the name has given it up
			n.Hold = false
			c.do(StopTimer{Timer{Kind: NetworkTimer, Network: n.Name}})
		}
		return
	}
	for i := range c.Children {
		c.Children[i].lost(name)
	}
}

func (c *core) netBack(name, id string) {
	n := c.network(name)
	if n == nil {
		return
	}
	switch {
	case n.External:
		n.State, n.Touched = NetPresent, c.op()
	case n.State == NetPresent && n.Op == 0 && c.Stage == Up && (id == "" || id != n.ID):
		// A second network of this name, made by a late order of a former foster,
		// or by somebody else: EnsureNetwork leaves one of the project's.
		n.State, n.Touched, n.Doubt = NetAbsent, c.op(), true
	}
	c.reached(name)
}

// reached: a network can be attached to again.
func (c *core) reached(name string) {
	for i := range c.Children {
		ch := &c.Children[i]
		a := ch.net(name)
		if a == nil {
			continue
		}
		switch {
		case ch.Phase == Waiting && ch.NoNet:
			c.do(StopTimer{Timer{Kind: RetryTimer, Child: ch.Name}})
			ch.Phase = Absent
		case ch.Phase == Alive && a.State == Unavailable:
			c.do(StopTimer{Timer{Kind: AttachTimer, Child: ch.Name, Network: name}})
			a.State = Missing
		}
	}
}

func (c *core) seeNetworks(op int, facts []NetworkFacts) {
	for _, f := range facts {
		n := c.network(f.Name)
		if n == nil || n.Op != 0 || op < n.Touched {
			continue
		}
		if n.State == NetRemoved {
			// An order of a foster that is gone may have been carried out since.
			if f.Present && !n.Left {
				n.State = NetPresent
			}
			continue
		}
		was := n.State
		switch {
		case f.Present && was == NetUnknown && !n.External && c.Stage == Up:
			n.State, n.Doubt = NetAbsent, true // EnsureNetwork says whether it is ours
		case f.Present && was != NetPresent:
			n.State = NetPresent
			if was == NetAbsent {
				c.reached(n.Name)
			}
		case !f.Present:
			n.State, n.Doubt = NetAbsent, false
			c.netWorks(n, "remove-network")
		}
	}
}

func (c *core) networkDone(n *Network, d Done) {
	was := n.State
	n.Op, n.Touched = 0, c.op()
	switch {
	case was == NetRemoving && (d.Class == OK || d.Class == Gone || d.Class == Foreign):
		c.netWorks(n, "remove-network") // none of the project's is left
		n.State, n.Doubt = NetRemoved, false
	case was == NetRemoving:
		n.State = NetPresent
		failed := counted(&n.Failing, "remove-network")
		if failed >= maxRemovals {
			n.State, n.Left = NetRemoved, true
			over(&n.Failing, "remove-network")
			c.do(Note{Kind: Left, Network: n.Name, Cause: "remove-network", Detail: d.Detail, Attempt: failed})
			return
		}
		n.Hold = true
		c.do(Note{Kind: Trouble, Network: n.Name, Cause: "remove-network", Detail: d.Detail, Attempt: failed})
		c.do(SetTimer{Timer: Timer{Kind: NetworkTimer, Network: n.Name}, Delay: removalPause})
	case d.Class == OK:
		c.netWorks(n, "create-network")
		n.Attempt = 0
		n.State, n.Doubt, n.Holder, n.ID = NetPresent, false, "", d.ID
		c.reached(n.Name)
	case d.Class == Permanent:
		n.State = NetAbsent
		c.do(Note{Kind: GaveUp, Network: n.Name, Cause: "create-network", Detail: d.Detail, Code: ExitRefused})
		c.close(ExitRefused, d.Detail)
	default:
		n.State = NetAbsent
		n.Doubt = d.Class != Foreign || n.ID != "" // beside somebody else's there is ours
		n.Attempt++
		if d.Class == Foreign && n.Freed {
			return
		}
		n.Hold = true
		if d.Class != Foreign {
			c.do(Note{Kind: Trouble, Network: n.Name, Cause: "create-network", Detail: d.Detail, Attempt: counted(&n.Failing, "create-network")})
		} else if n.Holder != d.Detail {
			n.Holder = d.Detail
			c.do(Note{Kind: Held, Network: n.Name, Cause: "create-network", Detail: d.Detail})
		}
		c.do(SetTimer{Timer: Timer{Kind: NetworkTimer, Network: n.Name}, Attempt: n.Attempt})
	}
}

// ensure gives the orders for created networks that are not there.
func (c *core) ensure(n *Network) {
	if n.State == NetRemoved {
		n.State = NetAbsent // taken down while the followed parent was away
	}
	n.Left = false
	c.netWorks(n, "remove-network") // it is wanted again
	if n.State == NetPresent && n.Hold {
		n.Hold = false // a look saw it, or its removal failed
		c.do(StopTimer{Timer{Kind: NetworkTimer, Network: n.Name}})
	}
	if n.State == NetPresent {
		c.netWorks(n, "create-network")
	}
	if n.External || n.State != NetAbsent || n.Op != 0 || n.Hold {
		return
	}
	n.Op, n.State, n.Freed = c.op(), NetEnsuring, false
	c.do(EnsureNetwork{Op: n.Op, Network: n.Name})
}

// takeDown gives the orders for created networks that are to go. It reports
// whether there is nothing left to wait for.
func (c *core) takeDown(n *Network) bool {
	switch {
	case n.Op != 0:
		return false
	case n.External || n.State == NetRemoved:
		return true
	case n.State == NetAbsent && !n.Doubt:
		n.State = NetRemoved
		if n.Hold {
			n.Hold = false
			c.do(StopTimer{Timer{Kind: NetworkTimer, Network: n.Name}})
		}
		return true
	case n.Hold && n.State != NetAbsent:
		return false
	case n.Hold:
		n.Hold = false
		c.do(StopTimer{Timer{Kind: NetworkTimer, Network: n.Name}})
	}
	n.Op, n.State = c.op(), NetRemoving
	c.do(RemoveNetwork{Op: n.Op, Network: n.Name})
	return false
}

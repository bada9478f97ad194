package state

// diagnosed folds what the engine told: a look from before knows no better.
func (c *core) diagnosed(ch *Child, ev ChildHealth) {
	switch ch.Phase {
	case Alive:
		ch.Judged = c.op()
		h := Unhealthy
		if ev.Healthy {
			h = Healthy
		}
		c.health(ch, h, ev.Detail)
	case Unknown:
		// Whether it runs is for a look to say, and how it is with that.
		c.touch(ch)
	}
}

// health folds the engine's verdict; last is what the last probe said.
func (c *core) health(ch *Child, h Health, last string) {
	if ch.Phase != Alive {
		return
	}
	if h == Unhealthy && last != "" {
		ch.Probe = last
	}
	if ch.Health == h {
		return
	}
	was := ch.Health
	ch.Health = h
	if was == Unhealthy && c.Config.Policy.UnhealthyAfter > 0 {
		c.do(StopTimer{Timer{Kind: HealthTimer, Child: ch.Name}})
	}
	if h != Unhealthy || ch.Drop != "" || c.Stage != Up {
		return
	}
	c.fault(ch, dropUnhealthy, last)
	if after := c.Config.Policy.UnhealthyAfter; after > 0 && c.Config.Policy.OnUnhealthy != UnhealthyIgnore {
		c.do(SetTimer{Timer: Timer{Kind: HealthTimer, Child: ch.Name}, Delay: after})
		return
	}
	c.sick(ch)
}

// sick does what the policy says about an unhealthy child.
func (c *core) sick(ch *Child) {
	switch c.Config.Policy.OnUnhealthy {
	case UnhealthyIgnore:
	case UnhealthyExit:
		c.do(Note{Kind: GaveUp, Child: ch.Name, Cause: dropUnhealthy, Detail: ch.Probe, Code: 1})
		c.close(1, "the child is unhealthy")
	default:
		ch.Drop = dropUnhealthy
		c.spend(ch, dropUnhealthy)
	}
}

package state

// The exit codes that the core chooses itself; a child's own code is passed on.
const (
	// ExitRefused: the engine refuses the child or a network for good, as
	// `docker run` says 125.
	ExitRefused = 125
)

// done folds the answer to an effect. An answer to an op that is not pending
// is late, and ignored.
func (c *core) done(d Done) {
	for i := range c.Networks {
		if n := &c.Networks[i]; n.Op == d.Op && d.Op != 0 {
			c.networkDone(n, d)
			return
		}
	}
	for i := range c.Volumes {
		if c.Volumes[i].Op == d.Op && d.Op != 0 {
			c.volumeDone(i, d)
			return
		}
	}
	for i := range c.Children {
		ch := &c.Children[i]
		if ch.Op == d.Op && d.Op != 0 {
			c.childDone(ch, d)
			return
		}
		if ch.Probing == d.Op && d.Op != 0 {
			c.probed(ch, d)
			return
		}
		for j := range ch.Nets {
			if a := &ch.Nets[j]; a.Op == d.Op && d.Op != 0 {
				c.attachDone(ch, a, d)
				return
			}
		}
	}
}

func (c *core) childDone(ch *Child, d Done) {
	ch.Op = 0
	c.touch(ch)
	if d.Class == Permanent && c.forsaken(c.config(ch.Name)) {
		d.Class = Transient // no wonder, and no verdict on the child
	}
	switch ch.Phase {
	case Preparing:
		c.prepared(ch, d)
	case Creating:
		c.created(ch, d)
	case Starting:
		c.started(ch, d)
	case Stopping:
		c.stopped(ch, d)
	case Removing:
		c.removed(ch, d)
	}
}

func (c *core) prepared(ch *Child, d Done) {
	switch d.Class {
	case OK:
		ch.Phase, ch.Prepared, ch.Pulled = Absent, true, true
		c.works(ch, "prepare")
	case Canceled:
		ch.Phase = Absent
	case Permanent, NoImage:
		ch.Phase = Absent
		c.refuse(ch, "prepare", d)
	default:
		c.failed(ch, "prepare", d)
	}
}

func (c *core) created(ch *Child, d Done) {
	switch d.Class {
	case OK:
		ch.ID, ch.Phase = d.ID, Made
		c.works(ch, "create")
		return
	case Unsure, Canceled, Exists:
		// There may be a container, and only a look can tell which.
		ch.Phase = Unknown
		c.trouble(ch, "create", d)
		if ch.Attempt > 1 {
			c.hold(ch, LookTimer)
		}
		return
	case Permanent:
		c.refuse(ch, "create", d)
		ch.Phase = Absent
	case NoImage:
		ch.Prepared = false
		c.failed(ch, "create", d)
	case NoNetwork:
		c.failed(ch, "create", d)
		ch.NoNet = true
		c.lookAtAll()
	case Foreign:
		c.held(ch, d)
		if ch.NoWait {
			ch.Phase, ch.NoWait = Absent, false
			return
		}
		c.wait(ch)
	default:
		c.failed(ch, "create", d)
	}
	if d.ID != "" {
		c.do(StopTimer{Timer{Kind: RetryTimer, Child: ch.Name}})
		ch.ID, ch.Phase = d.ID, Dead
	}
}

func (c *core) started(ch *Child, d Done) {
	switch d.Class {
	case OK:
		died, code := ch.Died, ch.Code
		ch.Holder, ch.NoWait = "", false
		c.revive(ch)
		if died {
			c.died(ch, "died", code)
		}
	case Unsure, Canceled:
		ch.Phase = Unknown
		if d.Class == Canceled && c.config(ch.Name).Hooks {
			ch.Drop = dropUnfinished // it may run, but its hooks were given up
		}
		c.trouble(ch, "start", d)
	case Gone:
		c.begin(ch, "removed")
		c.bury(ch)
	case Permanent:
		ch.Phase = Dead
		c.refuse(ch, "start", d)
	default:
		ch.Phase = Dead
		if d.Class == Foreign {
			c.held(ch, d)
		} else {
			c.trouble(ch, "start", d)
		}
		if c.Stage == Up {
			c.begin(ch, "start")
			c.spend(ch, "start")
		}
		if d.Class == NoNetwork {
			ch.NoNet = true
			c.lookAtAll()
		}
	}
}

func (c *core) stopped(ch *Child, d Done) {
	switch d.Class {
	case OK, Gone:
		ch.Phase = Dead
		c.works(ch, "stop")
		if ch.Drop == "" && c.Stage == Up {
			ch.NoWait = true // the followed parent came back meanwhile
		}
	default:
		// It may still run: it is removed by force.
		ch.Phase = Dead
		c.trouble(ch, "stop", d)
	}
	c.unset(ch)
}

func (c *core) removed(ch *Child, d Done) {
	gone := d.Class == OK || d.Class == Gone
	switch {
	case gone && len(ch.Extra) > 0:
		c.works(ch, "remove")
		ch.Extra, ch.Phase = nil, Unknown // look how the child itself is
	case gone:
		c.bury(ch)
	default:
		// Somebody may have started it again: look before trying again.
		ch.Extra, ch.Phase = nil, Unknown
		ch.Tries++
		c.trouble(ch, "remove", d)
		c.hold(ch, RetryTimer)
	}
}

// probed folds the answer to Probe. A port that stays closed is no reason to
// hold everything else back for ever.
func (c *core) probed(ch *Child, d Done) {
	ch.Probing = 0
	switch d.Class {
	case OK:
		ch.Ready = true
	case Gone, Canceled:
		ch.Seen = false // a look will tell what became of it
	default:
		ch.Ready = true
		c.do(Note{Kind: Degraded, Child: ch.Name, Cause: "not-ready", Detail: d.Detail})
	}
}

// failed: nothing of the child exists; the next try waits its turn.
func (c *core) failed(ch *Child, what string, d Done) {
	c.trouble(ch, what, d)
	if c.Stage != Up {
		ch.Phase = Ended
		return
	}
	c.begin(ch, what)
	if what == "prepare" {
		ch.Attempt++ // Create counts itself
	}
	c.waitAtLeast(ch, d.Pause)
	c.spend(ch, what)
}

// refuse: the engine will never take it; the operator has to change something.
func (c *core) refuse(ch *Child, what string, d Done) {
	if c.Stage == Closing {
		return
	}
	c.do(Note{Kind: GaveUp, Child: ch.Name, Cause: what, Detail: d.Detail, Code: ExitRefused})
	c.close(ExitRefused, d.Detail)
}

func (c *core) trouble(ch *Child, what string, d Done) {
	if d.Class == Canceled {
		return
	}
	c.failing(ch, what, d.Detail)
}

// hold puts the next order for a child off.
func (c *core) hold(ch *Child, k TimerKind) {
	ch.Hold = true
	c.do(SetTimer{Timer: Timer{Kind: k, Child: ch.Name}, Attempt: max(1, ch.Tries)})
}

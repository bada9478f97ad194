package state

import "slices"

// observed folds a look. Looks are the truth, but a look that was asked for
// before the present container last changed hands is history: it is dropped,
// and whoever still needs to know asks again.
func (c *core) observed(ev Observed) {
	if ev.Child != "" {
		ch, ok := c.State.Child(ev.Child)
		if !ok || ev.Op == 0 || ev.Op != ch.Look {
			return
		}
		ch.Look = 0
		c.works(ch, "look")
		c.see(ch, ev.Op, ev.Children)
		return
	}
	if ev.Op == 0 || ev.Op != c.Look {
		return
	}
	if c.LookTry > 0 {
		c.do(Note{Kind: Overcome, Cause: "look", Attempt: c.LookTry})
	}
	c.Look, c.LookTry, c.Met = 0, 0, true
	if c.standBy(ev.Elder) {
		return
	}
	c.ParentStart = ev.ParentStart
	if c.Stage == Opening || c.Stage == Standby {
		c.ParentUp = ev.ParentUp
		c.Stage = Up
		if c.Config.FollowParent && !ev.ParentUp {
			c.Stage = Away
			c.do(Note{Kind: Degraded, Cause: "parent-down"})
		}
	} else {
		c.parent(ev.ParentUp)
	}
	c.seeNetworks(ev.Op, ev.Networks)
	c.seeOwners(ev.Op, ev.Owners)
	for i := range c.Children {
		c.see(&c.Children[i], ev.Op, ev.Children)
	}
	for i := range c.Children {
		// One that was adopted was made against what is there now, unless its
		// stamps say otherwise.
		if ch := &c.Children[i]; ch.Phase == Alive && ch.Bound == nil {
			if cc := c.config(ch.Name); c.broken(ch, cc) == "" && c.judged(cc) {
				ch.Bound = c.owners(cc)
			}
		}
	}
	if c.Again {
		c.lookAtAll()
	}
}

// see folds what a look found of one child.
func (c *core) see(ch *Child, op int, all []ChildFacts) {
	if ch.Op != 0 || op < ch.Touched {
		return
	}
	c.works(ch, "look")
	var found []ChildFacts
	for _, f := range all {
		if f.Name == ch.Name {
			found = append(found, f)
		}
	}
	f, ok := c.choose(ch, found)
	if !ok {
		c.seeNothing(ch)
		return
	}
	if ch.Finished {
		// Somebody may run it again by hand: that is theirs.
		ch.ID, ch.Phase = f.ID, Completed
		return
	}
	if f.Holder != "" && f.ID != ch.ID {
		c.heldBack(ch, f)
		return
	}
	ch.Holder = ""
	defer func() {
		if ch.ID == f.ID {
			ch.Volumes = f.Volumes
		}
	}()
	switch f.Status {
	case Running:
		c.seeRunning(ch, op, f)
	case Exited:
		c.seeExited(ch, f)
	case Created:
		if ch.Phase == Made && ch.ID == f.ID {
			return
		}
		// Half made by a call whose answer never came, or by a former foster:
		// whether its attachments are complete is not known.
		ch.ID, ch.Phase = f.ID, Dead
	}
}

// choose picks the container that is the child: the one we know, else a
// running one, else any. The others go.
func (c *core) choose(ch *Child, found []ChildFacts) (ChildFacts, bool) {
	best := -1
	rank := func(f ChildFacts) int {
		switch {
		case f.ID == ch.ID:
			return 3
		case f.Status == Running:
			return 2
		case f.Status == Exited:
			return 1
		}
		return 0
	}
	for i, f := range found {
		if best < 0 || rank(f) > rank(found[best]) {
			best = i
		}
	}
	ch.Extra = nil
	for i, f := range found {
		if i != best && f.Holder == "" {
			ch.Extra = append(ch.Extra, f.ID)
		}
	}
	slices.Sort(ch.Extra)
	if best < 0 {
		return ChildFacts{}, false
	}
	return found[best], true
}

func (c *core) seeNothing(ch *Child) {
	switch ch.Phase {
	case Completed:
		c.bury(ch)
	case Alive, Settling:
		c.died(ch, "removed", ch.Code)
		c.bury(ch)
	case Unknown:
		if ch.ID == "" && ch.Attempt == 0 && !ch.Settled {
			c.works(ch, "stop", "remove")
			ch.Phase = Absent
			if c.Stage == Closing || c.Stage == Away {
				ch.Phase = Ended
			}
			return
		}
		if ch.Settled {
			c.died(ch, "removed", ch.Code)
		}
		c.bury(ch)
	case Made, Dead:
		c.bury(ch)
	}
}

func (c *core) seeRunning(ch *Child, op int, f ChildFacts) {
	fresh := ch.Phase != Alive || ch.ID != f.ID
	if fresh {
		c.do(StopTimer{Timer{Kind: RetryTimer, Child: ch.Name}})
		ch.Hold = false
		was := ch.ID
		ch.ID = f.ID
		adopted := was == "" && ch.Attempt == 0
		c.revive(ch)
		if adopted && c.unfit(ch, f) == "" {
			ch.Launched, ch.Prepared, ch.Pulled = true, true, true
			c.do(Note{Kind: Adopted, Child: ch.Name, Detail: f.ID})
		}
	}
	if why := c.unfit(ch, f); why != "" && ch.Drop == "" {
		ch.Drop = why
		c.begin(ch, why)
	}
	ch.OOM, ch.Seen, ch.Created, ch.StartedAt = false, true, f.Created, f.StartedAt
	c.paused(ch, f.Paused)
	if op >= ch.Judged {
		c.health(ch, f.Health, f.Probe)
	}
	c.attached(ch, op, f.Attached)
}

// unfit says why a running container cannot be the child, "" when it can.
func (c *core) unfit(ch *Child, f ChildFacts) string {
	cc := c.config(ch.Name)
	switch {
	case f.Hash != cc.Hash:
		return dropSpec
	case f.Unfinished && cc.Hooks:
		return dropUnfinished
	case cc.SharesParent && outdated(f.StartedAt, ch.MetParent, c.ParentStart):
		return dropParent
	}
	return ""
}

func (c *core) seeExited(ch *Child, f ChildFacts) {
	switch {
	case ch.Phase == Settling && ch.ID == f.ID:
	case ch.Phase == Alive && ch.ID == f.ID:
		ch.OOM = ch.OOM || f.OOM
		c.ended(ch, f.Code)
	case ch.Settled && ch.ID == f.ID:
		c.died(ch, "died", f.Code)
	case ch.Phase == Dead && ch.ID == f.ID:
	case ch.Phase == Unknown && ch.ID == f.ID && ch.Attempt > 0 && c.Stage == Up:
		// It was started, by an answer that came too late, and has ended.
		c.died(ch, "died", f.Code)
	case ch.Attempt == 0 && c.Stage == Up && f.Hash == c.config(ch.Name).Hash && c.completes(ch, "died", f.Code):
		// It did its work under a former foster.
		ch.ID, ch.Code = f.ID, f.Code
		c.finish(ch)
	default:
		// Left by a former foster.
		ch.ID, ch.Phase = f.ID, Dead
	}
}

// heldBack: a live foster elsewhere on this engine has this child.
func (c *core) heldBack(ch *Child, f ChildFacts) {
	if ch.Phase == Alive {
		return
	}
	ch.ID, ch.Phase, ch.Hold = "", HeldBack, true
	if ch.Holder != f.Holder {
		ch.Holder = f.Holder
		c.do(Note{Kind: Held, Child: ch.Name, Detail: f.Holder})
	}
	c.do(SetTimer{Timer: Timer{Kind: LookTimer, Child: ch.Name}, Attempt: 1})
}

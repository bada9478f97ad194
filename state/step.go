package state

import "time"

// Step folds one event into the State and says what to do about it. It is
// total and pure: the same State and Event give the same answer, it reads no
// clock and never blocks. An event that means nothing in the present State
// leaves it as it is.
//
// It works in two halves. The first records the fact. The second (settle)
// decides from the facts as they now are, never from what happened before, so
// a fault that comes in the middle of another needs no case of its own.
func Step(s State, ev Event) (State, []Effect) {
	if s.Stage == Closed {
		return s, nil
	}
	c := &core{State: s.clone()}
	c.fold(ev)
	c.settle()
	return c.State, c.out
}

// core is one Step at work.
type core struct {
	State
	out []Effect
	now time.Time // of the event, where it has one
}

func (c *core) do(e Effect) { c.out = append(c.out, e) }

func (c *core) op() int { c.Ops++; return c.Ops }

// touch makes every look that was asked for before now too old for this child.
func (c *core) touch(ch *Child) { ch.Touched = c.op() }

func (c *core) fold(ev Event) {
	switch ev := ev.(type) {
	case Started:
	case StreamBack:
		c.StreamUp, c.Met = true, true
		c.lookAtAll()
		c.freed() // its event may be one that was missed
	case StreamLost:
		c.StreamUp = false
	case ResyncDue:
		c.lookAtAll()
	case Observed:
		c.now = ev.At
		c.observed(ev)
	case ObserveFailed:
		c.observeFailed(ev)
	case Fired:
		c.now = ev.At
		c.fired(ev.Timer)
	case Done:
		c.now = ev.At
		c.done(ev)
	case StopRequested:
		c.close(0, ev.Reason)
	case KillRequested:
		c.kill(ev)
	case ParentDied:
		c.now = ev.At
		c.parent(false)
	case ParentStarted:
		c.now = ev.At
		c.parent(true)
	case Freed:
		c.now = ev.At
		c.freed()
	case ElderGone:
		c.now = ev.At
		c.elderGone()
	case OwnerDied, OwnerStarted, OwnerGone:
		c.ownerEvent(ev)
	case NetGone:
		c.now = ev.At
		if c.Stage != Standby { // it is the other foster's until then
			c.netGone(ev.Network)
		}
	case NetBack:
		c.now = ev.At
		if c.Stage != Standby {
			c.netBack(ev.Network, ev.ID)
		}
	default:
		c.childEvent(ev)
	}
}

// close begins the end of the run; the first reason stands.
func (c *core) close(code int, reason string) {
	switch c.Stage {
	case Closing, Closed:
		return
	case Standby:
		c.Exit, c.Reason = code, reason
		c.quit() // nothing here is this foster's
		return
	}
	c.Stage, c.Exit, c.Reason = Closing, code, reason
	c.sweepNow()
}

// kill ends the grace of a stop, and whatever was being waited for.
func (c *core) kill(ev KillRequested) {
	c.close(ev.Code, ev.Reason)
	c.Kill, c.Exit = true, ev.Code
	for i := range c.Children {
		c.Children[i].Hold = false
	}
	for i := range c.Networks {
		c.Networks[i].Hold = false
	}
}

// parent follows the life of the followed parent.
func (c *core) parent(up bool) {
	if !c.Config.FollowParent || c.ParentUp == up && c.Stage != Opening {
		return
	}
	c.ParentUp = up
	switch {
	case c.Stage == Up && !up && c.Config.ExitWithParent:
		c.close(0, "the followed parent stopped")
	case c.Stage == Up && !up:
		c.Stage = Away
		c.do(Note{Kind: Degraded, Cause: "parent-down"})
	case c.Stage == Away && up:
		c.Stage = Up
		c.do(Note{Kind: Healed, Cause: "parent-down"})
		for i := range c.Children {
			c.begin(&c.Children[i], "parent-down")
		}
	}
}

// lookAtAll asks for a look at the whole project. A look that is already
// pending may be too old for what is asked now: then another one follows.
func (c *core) lookAtAll() {
	if c.Look != 0 {
		c.Again = true
		return
	}
	c.Again = false
	c.Look = c.op()
	c.do(Observe{Op: c.Look})
}

// lookAt asks for a look at one child, unless one is under way or the last one
// failed a moment ago.
func (c *core) lookAt(ch *Child) {
	if ch.Look != 0 || ch.Hold || c.Stage == Opening || c.Stage == Standby {
		return
	}
	ch.Look = c.op()
	c.do(Observe{Op: ch.Look, Child: ch.Name, ID: ch.ID})
}

// maxChecks is how often the last look before Quit is tried.
const maxChecks = 3

func (c *core) observeFailed(ev ObserveFailed) {
	if ev.Child == "" {
		if ev.Op != c.Look {
			return
		}
		c.Look = 0
		c.LookTry++
		if c.Checked && c.LookTry >= maxChecks {
			return // it was only to make sure
		}
		c.do(Note{Kind: Trouble, Cause: "look", Detail: ev.Detail, Attempt: c.LookTry})
		c.do(SetTimer{Timer: Timer{Kind: LookTimer}, Attempt: c.LookTry})
		return
	}
	ch, ok := c.State.Child(ev.Child)
	if !ok || ev.Op != ch.Look {
		return
	}
	ch.Look = 0
	ch.Tries++
	ch.Hold = true
	c.failing(ch, "look", ev.Detail)
	c.do(SetTimer{Timer: Timer{Kind: LookTimer, Child: ch.Name}, Attempt: ch.Tries})
}

func (c *core) fired(t Timer) {
	if t.Kind == NetworkTimer {
		if n := c.network(t.Network); n != nil {
			n.Hold = false
		}
		return
	}
	if t.Kind == VolumeTimer {
		c.volumeFired(t.Network)
		return
	}
	ch, ok := c.State.Child(t.Child)
	if !ok {
		if t.Kind == LookTimer {
			c.lookAtAll()
		}
		return
	}
	switch t.Kind {
	case RetryTimer:
		ch.Hold = false
		if ch.Phase == Waiting {
			ch.Phase = Absent
		}
	case LookTimer:
		ch.Hold = false
		if ch.Phase == HeldBack {
			ch.Phase = Unknown
		}
	case StableTimer:
		if ch.Phase == Alive && ch.Drop == "" {
			// Neither creates that failed nor a restart by hand are of the series.
			if starts := min(ch.Attempt, ch.Runs); starts > 1 {
				c.do(Note{Kind: Overcome, Child: ch.Name, Cause: CauseUnstable, Attempt: starts})
			}
			ch.Attempt, ch.Tries, ch.Runs = 0, 0, 0
		}
	case HealthTimer:
		if ch.Phase == Alive && ch.Health == Unhealthy && ch.Drop == "" && c.Stage == Up {
			c.sick(ch)
		}
	case SettleTimer:
		if ch.Phase == Settling {
			ch.Settled = true
			ch.Phase = Unknown
		}
	case AttachTimer:
		if a := ch.net(t.Network); a != nil && a.State == Unavailable {
			a.State = Missing
		}
	}
}

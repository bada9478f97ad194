package state

import "time"

// ended: a run that was under way is over, as an event or a look says.
func (c *core) ended(ch *Child, code int) {
	if !ch.Signalled || ch.Drop != "" || c.Stage != Up {
		c.died(ch, "died", code)
		return
	}
	// A stop by hand, or the first half of a restart by hand.
	c.unset(ch)
	ch.Phase, ch.Code, ch.Over = Settling, code, true
	c.fault(ch, "stopped", "")
	c.touch(ch)
	c.do(SetTimer{Timer: Timer{Kind: SettleTimer, Child: ch.Name}, Delay: c.Config.Policy.Settle})
}

// begin opens a fault, unless the child is not whole for another one already.
func (c *core) begin(ch *Child, cause string) {
	if !ch.Fault.faulty() && c.Stage == Up {
		c.fault(ch, cause, "")
	}
}

// fault records a fault. One that is open keeps its cause and its start, for the
// child has not been whole since: what comes on top of it is a Relapse, and the
// fault is still one.
func (c *core) fault(ch *Child, cause, detail string) {
	ch.Whole = false
	n := Note{Kind: FaultSeen, Child: ch.Name, Cause: cause, Detail: detail, Attempt: ch.Attempt}
	if cause == "died" || cause == "oom" || cause == "stopped" {
		n.Code = ch.Code
	}
	if ch.Fault.faulty() {
		n.Kind, n.Again = Relapse, ch.Fault.Last == cause && ch.Fault.Code == n.Code
	} else {
		ch.Fault = Fault{Cause: cause, At: c.now}
	}
	ch.Fault.Last, ch.Fault.Code = cause, n.Code
	c.do(n)
}

// died: the present container ran and does not any more. It records the fault
// once and lets the policy say whether there is a next start.
func (c *core) died(ch *Child, cause string, code int) {
	if ch.OOM && cause == "died" {
		cause = "oom"
	}
	ch.Code = code
	c.unset(ch)
	settled := ch.Phase == Settling || ch.Settled
	ch.Phase, ch.Settled = Dead, false
	c.touch(ch)
	if c.Stage != Up || ch.Over && !settled {
		return
	}
	ch.Over = true
	if c.completes(ch, cause, code) {
		if cause == "removed" && ch.Code == 0 {
			ch.Code = codeUnknown // nobody saw how it ended: that is no success
		}
		c.finish(ch)
		return
	}
	if !settled {
		c.fault(ch, cause, "")
	}
	c.verdict(ch, cause)
}

// The Detail of a GaveUp whose child was recovered too often. OwnAttemptsSpent
// ends one child alone; any other ends the project.
const (
	OwnAttemptsSpent = "its own attempts are spent"
	AttemptsSpent    = "the attempts are spent"
)

// verdict applies the restart policy to a child whose end is to be recovered
// from.
func (c *core) verdict(ch *Child, cause string) {
	cc := c.config(ch.Name)
	switch {
	case c.restartOf(cc) == RestartNone:
		c.do(Note{Kind: GaveUp, Child: ch.Name, Cause: cause, Detail: "restart policy is none", Code: ch.Code})
		c.close(ch.Code, "the child ended")
	case cc.MaxAttempts == 0:
		c.spend(ch, cause)
	case ch.Attempt > cc.MaxAttempts:
		c.do(Note{Kind: GaveUp, Child: ch.Name, Cause: cause, Detail: OwnAttemptsSpent, Code: ch.Code, Attempt: cc.MaxAttempts})
		c.finish(ch)
	}
}

// spend takes one recovery from the budget, and closes the project when none is left.
func (c *core) spend(ch *Child, cause string) {
	p := c.Config.Policy
	if p.MaxAttempts == 0 {
		return
	}
	kept := ch.Recent[:0]
	for _, t := range ch.Recent {
		// A recovery that seems to come is of before the clock was set back.
		if ago := c.now.Sub(t); p.Window == 0 || ago >= 0 && ago < p.Window {
			kept = append(kept, t)
		}
	}
	ch.Recent = kept
	if len(ch.Recent) >= p.MaxAttempts {
		c.do(Note{Kind: GaveUp, Child: ch.Name, Cause: cause, Detail: AttemptsSpent, Code: ch.Code, Attempt: len(ch.Recent)})
		c.close(ch.Code, AttemptsSpent)
		return
	}
	ch.Recent = append(ch.Recent, c.now)
}

// did says what a recovery consisted of.
func (f Fault) did() string {
	switch {
	case f.Made && f.Joined:
		return DidBoth
	case f.Made:
		return DidRecreate
	case f.Joined:
		return DidReattach
	}
	return DidNothing
}

// recovered closes the fault of a child that is whole again.
func (c *core) recovered(ch *Child) {
	f := ch.Fault
	ch.Whole, ch.Fault = true, Fault{}
	for len(ch.Failing) > 0 { // it is of no matter any more
		c.works(ch, ch.Failing[0].What)
	}
	down := time.Duration(0)
	if !f.At.IsZero() && c.now.After(f.At) {
		down = c.now.Sub(f.At)
	}
	switch {
	case f.faulty():
		c.do(Note{Kind: Recovered, Child: ch.Name, Cause: f.Cause, Did: f.did(), Attempt: f.Attempts, Down: down})
	case !ch.Launched:
		c.do(Note{Kind: Launched, Child: ch.Name})
	}
	ch.Launched = true
}

package state

// codeUnknown is the exit code of an end that nobody saw; the engine itself
// uses it so.
const codeUnknown = 255

// restartOf is the policy that counts for a child.
func (c *core) restartOf(cc ChildConfig) Restart {
	switch {
	case cc.Restart != Inherit:
		return cc.Restart
	case c.Config.Policy.Restart != Inherit:
		return c.Config.Policy.Restart
	}
	return RestartAny
}

// completes: with this end the child's work is done.
func (c *core) completes(ch *Child, cause string, code int) bool {
	cc := c.config(ch.Name)
	restart := c.restartOf(cc)
	if restart == RestartNever {
		return true
	}
	return cause != "removed" && code == 0 && (cc.OneShot || restart == RestartOnFailure)
}

// finish keeps a child whose work is done as it is: its container stays, for
// its logs, for those who use its volumes, and so that the next foster knows.
func (c *core) finish(ch *Child) {
	ch.Finished, ch.Phase, ch.Fault = true, Completed, Fault{}
	c.touch(ch)
	c.do(Note{Kind: Finished, Child: ch.Name, Code: ch.Code})
}

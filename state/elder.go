package state

import "time"

// standbyPause is how often a foster looks again while another one has the
// project, should the engine not tell of that one's end.
const standbyPause = 10 * time.Second

// standBy folds what a look says of the foster that has the project. It reports
// whether this one has to wait. Once it has the project it keeps it: an elder
// that shows up later was started later, whatever the clock says.
func (c *core) standBy(elder string) bool {
	if elder == "" || c.Owned {
		c.Owned = true
		return false
	}
	if c.Stage == Closing {
		c.quit()
		return true
	}
	c.Stage = Standby
	if c.Elder != elder {
		c.Elder = elder
		c.do(Note{Kind: Held, Detail: elder})
	}
	if c.Again {
		c.lookAtAll()
	} else {
		c.do(SetTimer{Timer: Timer{Kind: LookTimer}, Delay: standbyPause})
	}
	return true
}

// elderGone: a look tells whether the project is free, or who is next.
func (c *core) elderGone() {
	if c.Stage == Standby {
		c.do(StopTimer{Timer{Kind: LookTimer}})
	}
	if c.Stage == Standby || c.Stage == Opening && c.Look != 0 {
		c.lookAtAll()
	}
}

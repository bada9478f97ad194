package state

import (
	"slices"
	"strings"
)

// discard marks the anonymous volumes of a container that is gone for removal.
// Somebody's `docker rm -f` leaves them; so does our own Remove, in spite of its
// answer, while the engine shuts down (20.10: its volume store is closed first).
func (c *core) discard(names []string) {
	for _, name := range names {
		if !slices.ContainsFunc(c.Volumes, func(v Volume) bool { return v.Name == name }) {
			c.Volumes = append(c.Volumes, Volume{Name: name})
		}
	}
}

// sweep gives the orders for volumes that are to go.
func (c *core) sweep() {
	for i := range c.Volumes {
		if v := &c.Volumes[i]; v.Op == 0 && !v.Hold {
			v.Op = c.op()
			c.do(RemoveVolume{Op: v.Op, Volume: v.Name})
		}
	}
}

func (c *core) volumeDone(i int, d Done) {
	v := &c.Volumes[i]
	v.Op = 0
	v.Attempt++
	timer := SetTimer{Timer: Timer{Kind: VolumeTimer, Network: v.Name}, Delay: removalPause}
	switch {
	case d.Class == OK || d.Class == Gone:
		if v.Failed > 0 {
			c.do(Note{Kind: Overcome, Cause: "remove-volume", Detail: v.Name, Attempt: v.Failed})
		}
		c.Volumes = slices.Delete(c.Volumes, i, i+1)
		return
	case c.Stage == Up:
		// There is time: the engine may be away for a while.
		timer.Delay, timer.Attempt = 0, v.Attempt
	case v.Attempt >= maxRemovals:
		c.do(Note{Kind: Left, Cause: "remove-volume", Detail: v.named(d.Detail), Attempt: v.Failed + 1})
		c.Volumes = slices.Delete(c.Volumes, i, i+1)
		return
	}
	v.Hold = true
	v.Failed++
	c.do(Note{Kind: Trouble, Cause: "remove-volume", Detail: v.named(d.Detail), Attempt: v.Failed})
	c.do(timer)
}

// named is why it could not be removed, with its name.
func (v *Volume) named(why string) string {
	if strings.Contains(why, v.Name) {
		return why
	}
	return v.Name + ": " + why
}

// sweepNow ends the pauses before volumes are removed: the project is closed.
func (c *core) sweepNow() {
	for i := range c.Volumes {
		v := &c.Volumes[i]
		if v.Attempt = 0; v.Hold {
			v.Hold = false
			c.do(StopTimer{Timer{Kind: VolumeTimer, Network: v.Name}})
		}
	}
}

func (c *core) volumeFired(name string) {
	for i := range c.Volumes {
		if c.Volumes[i].Name == name {
			c.Volumes[i].Hold = false
		}
	}
}

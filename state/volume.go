package state

import "slices"

// discard marks the anonymous volumes of a container that is gone for removal.
// Our own Remove takes them along, somebody's `docker rm -f` leaves them.
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
	if v.Attempt++; d.Class == OK || d.Class == Gone || v.Attempt >= maxRemovals {
		if d.Class != OK && d.Class != Gone {
			c.do(Note{Kind: Left, Cause: "remove-volume", Detail: d.Detail, Attempt: v.Attempt})
		}
		c.Volumes = slices.Delete(c.Volumes, i, i+1)
		return
	}
	v.Hold = true
	c.do(SetTimer{Timer: Timer{Kind: VolumeTimer, Network: v.Name}, Delay: removalPause})
}

func (c *core) volumeFired(name string) {
	for i := range c.Volumes {
		if c.Volumes[i].Name == name {
			c.Volumes[i].Hold = false
		}
	}
}

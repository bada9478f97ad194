package state

import (
	"slices"
	"strings"
	"time"
)

// Owner is a container outside of the project that children are bound to, as
// it was last seen. It is waited for, and never touched.
type Owner struct {
	Name      string
	Present   bool
	Running   bool
	Created   time.Time
	StartedAt time.Time
	Seen      bool // the stamps are a look's
	Touched   int  // as a child's
}

// ownersOf lists the outside owners of all children.
func ownersOf(c Config) []Owner {
	var out []Owner
	for _, cc := range c.Children {
		for _, b := range cc.BoundTo {
			if b.Outside && !slices.ContainsFunc(out, func(o Owner) bool { return o.Name == b.Name }) {
				out = append(out, Owner{Name: b.Name})
			}
		}
	}
	slices.SortFunc(out, func(a, b Owner) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// owner returns the outside owner of that name, nil when there is none.
func (s *State) owner(name string) *Owner {
	for i := range s.Owners {
		if s.Owners[i].Name == name {
			return &s.Owners[i]
		}
	}
	return nil
}

func (c *core) ownerEvent(ev Event) {
	switch ev := ev.(type) {
	case OwnerDied:
		c.now = ev.At
		if o := c.since(ev.Name, ev.At); o != nil {
			o.Running, o.Touched = false, c.op()
		}
	case OwnerStarted:
		c.now = ev.At
		if o := c.since(ev.Name, ev.At); o != nil {
			o.Present, o.Running, o.StartedAt, o.Seen, o.Touched = true, true, ev.At, false, c.op()
			c.lookAtAll() // it may be another container
		}
	case OwnerGone:
		c.now = ev.At
		if o := c.since(ev.Name, ev.At); o != nil {
			o.Present, o.Running, o.Touched = false, false, c.op()
			c.lookAtAll() // the name may be another's by now
		}
	}
}

// since returns the owner that an event tells of, nil when the event is older
// than what is known: a look may have been faster, and have seen the next run
// already; or the engine's clock went back, which another look settles.
func (c *core) since(name string, at time.Time) *Owner {
	o := c.owner(name)
	if o != nil && at.Before(o.StartedAt) {
		c.lookAtAll()
		return nil
	}
	return o
}

func (c *core) seeOwners(op int, facts []OwnerFacts) {
	for _, f := range facts {
		if o := c.owner(f.Name); o != nil && op >= o.Touched {
			o.Present, o.Running, o.Created, o.StartedAt, o.Seen = f.Present, f.Running, f.Created, f.StartedAt, true
		}
	}
}

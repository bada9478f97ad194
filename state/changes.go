package state

import "fmt"

// Change is one thing that moved between two States.
type Change struct {
	Child, Network string // both "": the project's stage
	From, To       string
}

// String is the change in one stable line.
func (c Change) String() string {
	switch {
	case c.Child != "" && c.Network != "":
		return fmt.Sprintf("%s/%s: %s -> %s", c.Child, c.Network, c.From, c.To)
	case c.Network != "":
		return fmt.Sprintf("net %s: %s -> %s", c.Network, c.From, c.To)
	case c.Child != "":
		return fmt.Sprintf("%s: %s -> %s", c.Child, c.From, c.To)
	default:
		return fmt.Sprintf("project: %s -> %s", c.From, c.To)
	}
}

// Changes lists what Step moved, in the order project, networks, children.
func Changes(from, to State) []Change {
	var out []Change
	add := func(child, network string, a, b fmt.Stringer) {
		if a.String() != b.String() {
			out = append(out, Change{Child: child, Network: network, From: a.String(), To: b.String()})
		}
	}
	add("", "", from.Stage, to.Stage)
	for i := range to.Networks {
		add("", to.Networks[i].Name, from.Networks[i].State, to.Networks[i].State)
	}
	for i := range to.Children {
		a, b := &from.Children[i], &to.Children[i]
		add(b.Name, "", a.Phase, b.Phase)
		for j := range b.Nets {
			add(b.Name, b.Nets[j].Network, a.Nets[j].State, b.Nets[j].State)
		}
	}
	return out
}

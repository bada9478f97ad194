package state

import "slices"

// Series is what fails again and again, and how often that was told. It ends
// where the fact is recorded that what failed is so now, whoever says that.
type Series struct {
	What  string
	Count int
}

// counted adds a failure to a list of series and says the how-many-th it is.
func counted(all *[]Series, what string) int {
	i := slices.IndexFunc(*all, func(s Series) bool { return s.What == what })
	if i < 0 {
		i = len(*all)
		*all = append(*all, Series{What: what})
	}
	(*all)[i].Count++
	return (*all)[i].Count
}

// over takes a series out of a list and says how many failures it had; 0: there
// is none.
func over(all *[]Series, what string) int {
	i := slices.IndexFunc(*all, func(s Series) bool { return s.What == what })
	if i < 0 {
		return 0
	}
	n := (*all)[i].Count
	*all = slices.Delete(*all, i, i+1)
	return n
}

// failing tells a failure of a child's.
func (c *core) failing(ch *Child, what, detail string) {
	c.do(Note{Kind: Trouble, Child: ch.Name, Cause: what, Detail: detail, Attempt: counted(&ch.Failing, what)})
}

// works ends the series of what failed of a child's, where there is one.
func (c *core) works(ch *Child, whats ...string) {
	for _, what := range whats {
		if n := over(&ch.Failing, what); n > 0 {
			c.do(Note{Kind: Overcome, Child: ch.Name, Cause: what, Attempt: n})
		}
	}
}

// netWorks is the same for a network's orders.
func (c *core) netWorks(n *Network, what string) {
	if count := over(&n.Failing, what); count > 0 {
		c.do(Note{Kind: Overcome, Network: n.Name, Cause: what, Attempt: count})
	}
}

package page

import (
	"testing"
	"time"

	"foster/state"
)

// spent is the end of a child whose own attempts are spent: it has a fault no
// more, and was not recovered from it.
func (p *project) spent(i int) {
	name := p.now.Children[i].Name
	p.child(i, func(ch *state.Child) { ch.Phase, ch.Fault = state.Completed, state.Fault{} },
		state.Note{Kind: state.GaveUp, Child: name, Cause: "died", Detail: state.OwnAttemptsSpent, Code: 137},
		state.Note{Kind: state.Finished, Child: name, Code: 137})
}

// TestEndsUnrecovered: a fault that ends without a recovery is open no longer,
// whether the page was there, comes later, or hears of all of it at once.
func TestEndsUnrecovered(t *testing.T) {
	t.Parallel()
	ended := func(tb *tab) {
		t.Helper()
		tb.has("#events li.finished", "ended with exit code 137")
		tb.has("#events li.episode .end", "no recovery was seen")
		tb.until("document.querySelector('#axis .over') !== null && document.querySelector('#axis .open') === null")
	}
	p := newProject(t, "shop", "job", "web")
	tb := p.open(desk)
	p.dies(0)
	tb.has("#events li.episode .end", "not whole for")
	p.spent(0)
	ended(tb)
	ended(p.open(desk))

	p = newProject(t, "shop", "job", "web")
	tb = p.open(desk)
	tb.has("#link", "live")
	p.end() // so that what follows is told at once
	p.dies(0)
	p.spent(0)
	p.serve()
	ended(tb)
}

// TestRelapse: what comes on top of a fault is of that fault, also when the page
// hears of it together with the recovery.
func TestRelapse(t *testing.T) {
	t.Parallel()
	p := newProject(t, "shop", "web")
	p.dies(0)
	tb := p.open(desk)
	tb.has("#events li.episode .end", "not whole for")
	p.end() // so that what follows is told at once
	p.step(func(*state.State) {}, state.Note{Kind: state.Relapse, Child: "web", Cause: "unhealthy"})
	p.recovers(0, 830*time.Millisecond)
	p.serve()
	tb.has("#events li.episode .end", "made anew in 0.83 s")
	tb.has("#events li.episode", "the child died with exit code 137; the child's healthcheck gave up")
	if got, want := counts(tb), "1 episode, 1 launched, 0 restart, 1 stage"; got != want || eval[bool](tb, "document.querySelector('#events > .relapse') !== null") {
		t.Errorf("the timeline has %s, want %s and no relapse:\n%s", got, want, tb.text("#events"))
	}
}

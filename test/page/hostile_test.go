package page

import (
	"testing"
	"time"

	"foster/state"
)

// evil is a name that becomes a script where somebody makes markup of it.
const evil = `"'><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`

// TestHostileNames: what others have named is text, wherever it is shown, and
// the policy of the page has nothing to stop.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	p := newProject(t, evil, evil, "constructor", "web")
	for i := range 3 {
		p.child(i, func(ch *state.Child) {
			ch.Holder, ch.Awaits, ch.ID = evil, evil, evil
			ch.Nets[0].Network, ch.Nets[0].Holder = evil, evil
		}, state.Note{Kind: state.Degraded, Child: p.now.Children[i].Name, Network: evil, Cause: evil, Detail: evil + " told"},
			state.Note{Kind: state.FaultSeen, Child: p.now.Children[i].Name, Cause: evil, Detail: evil + " told"})
	}
	p.step(func(s *state.State) { s.Networks[0].Name, s.Networks[0].State, s.Elder = evil, state.NetAbsent, evil })
	p.child(1, func(*state.Child) {}, state.Note{Kind: state.Recovered, Child: "constructor", Cause: "toString", Did: "valueOf", Down: time.Second})
	tb := p.open(desk)
	tb.has("#link", "live")
	for _, selector := range []string{"h1", "#child-list", "#detail-name", "#facts", "#attachments", "#alarm", "#events .what", "#events .detail", "#elder", "#networks"} {
		tb.has(selector, evil[:12])
	}
	tb.has("#causes", "toString")
	tb.has("#events", "valueOf in 1.00 s")
	p.child(0, func(*state.Child) {}, state.Note{Kind: state.FaultSeen, Child: evil, Cause: evil})
	tb.has("#news", "Fault: "+evil)
	if eval[bool](tb, "window.hacked !== undefined || document.querySelector('img, body script, iframe, object') !== null") {
		t.Error("a name became markup")
	}
	if said := tb.console(); len(said) > 0 {
		t.Errorf("the console says %q", said)
	}
	// The test can see it: by hand the same text does become markup, and the policy stops its script.
	tb.run(void("document.querySelector('#project').innerHTML = document.querySelector('#project').textContent"))
	tb.until("document.querySelector('img') !== null")
	if eval[bool](tb, "window.hacked !== undefined") {
		t.Error("the policy lets inline scripts run")
	}
}

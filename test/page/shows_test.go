package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"foster/state"
)

var desk = View{Width: 1280, Height: 900}

// TestShows: each fact of the status is on the page, in words.
func TestShows(t *testing.T) {
	t.Parallel()
	p := newProject(t, "shop", "web", "db")
	tb := p.open(desk)
	tb.has("#verdict", "Whole")
	tb.has("#link", "live")
	for selector, want := range map[string]string{
		"h1": "foster shop", "#n-whole": "2/2", "#version": "1.2.3", "#engine": "API 1.47, events arrive", "#healthy": "healthy for Swarm",
		"#detail-name": "web", "#detail-phase": "running", "#attachments": "front", "#child-count": "2 children",
		"#facts": "shop-web-1 (c0ffeec0ffee)", "#events": "launched: the child is whole", "#recoveries-note": "There was none",
	} {
		tb.has(selector, want)
	}
	tb.has("#facts", "registry.example.org/team/web:1.4")
	if got := eval[string](tb, "document.title"); got != "Whole: shop – foster" {
		t.Errorf("the title is %q", got)
	}
	before := tb.text("#uptime")
	tb.until("document.querySelector('#uptime').innerText !== '" + before + "'")

	p.dies(0)
	tb.has("#verdict", "Recovering")
	tb.has("#alarm", "Not whole for ")
	tb.has("#alarm", "died, 1 attempt so far")
	tb.has("#events li.episode .end", "not whole for")
	tb.has("#attachments", "missing")
	tb.until("document.querySelector('.phase.lit text').textContent === 'dead'")
	tb.until("document.querySelectorAll('#axis .open').length === 1")
	running := tb.text("#alarm")
	tb.until("document.querySelector('#alarm').innerText !== `" + running + "`")

	p.recovers(0, 830*time.Millisecond)
	tb.has("#verdict", "Whole")
	tb.has("#events li.episode", "the child died with exit code 137")
	tb.has("#events li.episode .end", "made anew in 0.83 s")
	tb.until("document.querySelectorAll('#axis .mended').length === 1 && !document.querySelector('#axis .open')")
	tb.has("#percentiles", "0.83 s")
	tb.has("#recoveries-note", "1 recovery in this run of foster.")
	tb.has("#causes", "died")
	tb.has("#facts", "died, made anew in 0.83 s")
	tb.until("document.querySelector('.phase.lit text').textContent === 'running'")
	if got, want := strings.Join(eval[[]string](tb, "[...document.querySelectorAll('.phase.passed text')].map(n => n.textContent)"), " "), "absent creating created starting removing dead"; got != want {
		t.Errorf("it came by %s, want %s", got, want)
	}
	tb.has(".trail", "Came by running → dead → removing → absent → creating → starting → running")
	if said := tb.console(); len(said) > 0 {
		t.Errorf("the console says %q", said)
	}
}

// TestTroubles: what a child waits for, and who is in its way.
func TestTroubles(t *testing.T) {
	t.Parallel()
	p := newProject(t, "shop", "web")
	tb := p.open(desk)
	tb.has("#verdict", "Whole")
	p.child(0, func(ch *state.Child) { ch.Phase, ch.Whole, ch.Attempt = state.Waiting, false, 4 })
	p.board.Retries("web", time.Now().Add(time.Minute))
	tb.has("#alarm", "Next try in ")
	tb.has("#alarm", " s, after 4 tries")
	before := tb.text("#alarm")
	tb.until(fmt.Sprintf("(rest => rest(document.querySelector('#alarm').innerText) < rest(%q))(s => parseFloat(s.match(/in ([0-9.]+) s/)[1]))", before))
	tb.has("#verdict", "Backing off")
	p.child(0, func(ch *state.Child) { ch.Phase, ch.Awaits = state.Absent, "db to be healthy" })
	tb.has("#alarm", "Waits for db to be healthy")
	p.child(0, func(ch *state.Child) { ch.Phase, ch.Awaits, ch.Holder = state.HeldBack, "", "container other" })
	tb.has("#alarm", "Its place is held by container other")
	p.whole(0)
	p.child(0, func(ch *state.Child) { ch.Holder, ch.Health, ch.Whole = "", state.Unhealthy, false })
	tb.has("#alarm", "Its healthcheck gave up")
	tb.has("#verdict", "Unhealthy")
	tb.has("#facts", "unhealthy")
	p.child(0, func(ch *state.Child) { ch.Health, ch.Paused = state.HealthNone, true }, state.Note{Kind: state.Degraded, Child: "web", Cause: "paused"})
	tb.has("#detail-phase", "running, paused")
	tb.has("#events", "somebody paused the child")
	p.step(func(s *state.State) { s.Networks[1].State, s.Networks[1].Attempt = state.NetAbsent, 1 })
	p.child(0, func(ch *state.Child) { ch.Nets[1].State, ch.Nets[1].Holder = state.Unavailable, "container thief" })
	tb.has("#networks", "front is absent")
	tb.has("#attachments", "cannot be attached, held by container thief")
	// A network moves alone: nothing of a child does, and nothing is noted.
	p.step(func(s *state.State) { s.Networks[1].State = state.NetEnsuring })
	tb.has("#networks", "front is creating")
	p.step(func(s *state.State) { s.Networks[1].State, s.Networks[1].Attempt = state.NetPresent, 0 })
	tb.until("document.querySelector('#networks').hidden")
	p.step(func(s *state.State) { s.Stage, s.Elder, s.StreamUp = state.Standby, "0123456789abcdef", false })
	tb.has("#elder", "Another foster has this project: 0123456789ab.")
	tb.has("#verdict", "Standing by")
	tb.has("#engine", "no events")
}

// TestNews: who listens is told each fault and each recovery, and nothing else;
// nor what was before the page.
func TestNews(t *testing.T) {
	t.Parallel()
	p := newProject(t, "shop", "web")
	p.dies(0)
	p.recovers(0, time.Second)
	tb := p.open(desk)
	tb.has("#events", "made anew in 1.00 s")
	tb.run(watchNews)
	p.step(func(*state.State) {}, state.Note{Kind: state.Degraded, Child: "web", Cause: "renamed"})
	tb.has("#events", "somebody renamed the child")
	p.dies(0)
	tb.has("#news", "Fault: web: died.")
	p.step(func(*state.State) {}, state.Note{Kind: state.Relapse, Child: "web", Cause: "unhealthy"})
	tb.has("#events", "the child died with exit code 137; the child's healthcheck gave up")
	p.recovers(0, 730*time.Millisecond)
	tb.has("#news", "web recovered: made anew in 0.73 s.")
	p.end() // so that what follows is told at once
	for range 2 {
		p.dies(0)
		p.recovers(0, time.Second)
	}
	p.serve()
	tb.has("#news", "2 faults, 2 recoveries. Fault: web: died. web recovered: made anew in 1.00 s.")
	want := []string{"Fault: web: died.", "web recovered: made anew in 0.73 s.", "Not connected: foster cannot be reached.", "Connected again.", "2 faults, 2 recoveries. Fault: web: died. web recovered: made anew in 1.00 s."}
	if got := eval[[]string](tb, "window.news"); !slices.Equal(got, want) {
		t.Errorf("told were %q, want %q", got, want)
	}
}

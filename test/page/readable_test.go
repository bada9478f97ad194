package page

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"
	"time"

	"foster/state"
)

//go:embed testdata/contrast.js
var contrast string

// troubled is a project that shows most of what the page can show.
func troubled(t *testing.T) *project {
	p := newProject(t, "shop", "db", "web", "worker", "cache", "mail", "queue", "proxy", "cron", "log")
	for i := range 3 {
		p.dies(i)
		p.recovers(i, time.Duration(700+400*i)*time.Millisecond)
	}
	p.child(1, func(ch *state.Child) { ch.Whole, ch.Health = false, state.Unhealthy })
	p.child(2, func(ch *state.Child) { ch.Phase, ch.Whole, ch.Attempt = state.Waiting, false, 3 })
	p.board.Retries("worker", time.Now().Add(time.Minute))
	p.child(3, func(ch *state.Child) { ch.Whole, ch.Nets[0].State = false, state.Missing }, state.Note{Kind: state.Degraded, Child: "cache", Network: "back", Cause: "attach", Detail: "no such network"})
	p.child(4, func(ch *state.Child) { ch.Phase, ch.Whole, ch.Awaits = state.Absent, false, "db to be healthy" }, state.Note{Kind: state.Awaits, Child: "mail", Detail: "db to be healthy"})
	p.child(5, func(ch *state.Child) { ch.Phase, ch.Whole, ch.Holder = state.HeldBack, false, "container other" }, state.Note{Kind: state.Trouble, Child: "queue", Cause: "create"})
	p.child(6, func(ch *state.Child) { ch.Paused, ch.Whole = true, false })
	p.child(7, func(ch *state.Child) { ch.Phase, ch.Whole = state.Completed, false }, state.Note{Kind: state.GaveUp, Child: "cron", Cause: "died"})
	p.step(func(s *state.State) { s.Networks[0].State, s.Networks[0].Attempt = state.NetAbsent, 1 })
	p.dies(8)
	return p
}

// TestContrast: every text can be read in both modes, whichever child is
// chosen, and while the page is stale.
func TestContrast(t *testing.T) {
	t.Parallel()
	p := troubled(t)
	var tabs []*tab
	check := func(tb *tab, when string) {
		t.Helper()
		got := eval[struct {
			Measured int
			Bad      []string
		}](tb, contrast)
		if got.Measured < 80 || len(got.Bad) > 0 {
			t.Errorf("%s: of %d texts these have too little contrast:\n%s", when, got.Measured, strings.Join(got.Bad, "\n"))
		}
	}
	for _, dark := range []bool{false, true} {
		tb := p.open(View{Width: 1280, Height: 900, Dark: dark, Still: true})
		tabs = append(tabs, tb)
		tb.has("#verdict", "Unhealthy")
		tb.until("document.querySelector('#axis .mended') !== null")
		for i := range p.now.Children {
			tb.run(void(fmt.Sprintf("document.querySelectorAll('[role=tab]')[%d].click()", i)))
			check(tb, fmt.Sprintf("dark %t, child %d", dark, i))
		}
	}
	p.end()
	for _, tb := range tabs {
		tb.has("#link", "not connected")
		check(tb, "stale")
	}
}

// TestWidth: nothing is cut off or wider than the window: on a small phone, at
// 200 % of a usual window, and with names that do not want to be broken.
func TestWidth(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("averylongname", 12)
	plain, names := troubled(t), newProject(t, long, long+"-1", long+"-2")
	names.child(0, func(ch *state.Child) {
		ch.Nets[0].Network, ch.Nets[1].Holder, ch.Awaits, ch.Holder = long, long, long, long
	}, state.Note{Kind: state.Degraded, Child: names.now.Children[0].Name, Network: long, Cause: "attach", Detail: long})
	names.dies(0)
	names.recovers(0, time.Second)
	for _, v := range []View{{Width: 320, Height: 640, Phone: true}, {Width: 360, Height: 780, Phone: true, Scale: 2}, {Width: 640, Height: 450, Scale: 2}, {Width: 900, Height: 700}, desk} {
		for _, p := range []*project{plain, names} {
			tb := p.open(v)
			tb.has("#link", "live")
			tb.until("document.querySelector('#axis .mended') !== null")
			if wide := eval[[]string](tb, `(() => {
				const most = document.documentElement.clientWidth, inner = document.documentElement.scrollWidth > most ? ['the page scrolls sideways'] : [];
				for (const n of document.querySelectorAll('body *')) {
					const r = n.getBoundingClientRect();
					if (r.width && r.right > most + 1 && !n.closest('.hidden, .symbols, .axis svg, .tabs')) inner.push(n.tagName + '.' + n.getAttribute('class') + ' #' + n.id);
				}
				return inner;
			})()`); len(wide) > 0 {
				t.Errorf("%d px, project %.8s: %q", v.Width, p.name, wide)
			}
			if got := eval[float64](tb, "document.documentElement.clientWidth"); got != float64(v.Width) {
				t.Errorf("the window is %.0f px wide, want %d", got, v.Width)
			}
			if small := eval[string](tb, "String([...document.querySelectorAll('.diagram text')].filter(n => n.getBoundingClientRect().height < 11).length)"); small != "0" {
				t.Errorf("%d px: %s texts of the diagram are too small", v.Width, small)
			}
		}
	}
}

// TestMotion: who wants no motion has none.
func TestMotion(t *testing.T) {
	t.Parallel()
	p := newProject(t, "shop", "web")
	moving := `(() => {
		const all = [...document.querySelectorAll('*')].map(n => getComputedStyle(n));
		return all.filter(s => s.transitionDuration.split(', ').some(d => d !== '0s') || s.animationName !== 'none').length;
	})()`
	for still, want := range map[bool]bool{true: false, false: true} {
		tb := p.open(View{Width: 1280, Height: 900, Still: still})
		tb.has("#link", "live")
		if got := eval[int](tb, moving) > 0; got != want {
			t.Errorf("no motion wanted %t: something moves %t", still, got)
		}
	}
}

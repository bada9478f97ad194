package page

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"foster/report"
	"foster/state"
)

// watchNews keeps what the live region has said in window.news.
var watchNews = chromedp.Steps(void("window.news = []; new MutationObserver(() => news.push(document.querySelector('#news').textContent)).observe(document.querySelector('#news'), {childList: true, characterData: true, subtree: true})"))

// void evaluates a script for what it does.
func void(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](script + "; undefined")
}

// counts are how many items of each kind the timeline has.
func counts(tb *tab) string {
	return eval[string](tb, "['episode', 'launched', 'restart', 'stage'].map(kind => `${document.querySelectorAll('#events > .' + kind).length} ${kind}`).join(', ')")
}

// TestFostersEnd: the page says that it is stale, keeps what it knows, and
// goes on with the next foster, which counts from one again.
func TestFostersEnd(t *testing.T) {
	t.Parallel()
	p := newProject(t, "shop", "web", "db")
	p.dies(0)
	p.recovers(0, 830*time.Millisecond)
	p.dies(1)
	tb := p.open(desk)
	tb.has("#verdict", "Recovering")
	tb.has("#events", "made anew in 0.83 s")
	p.end()
	tb.has("#link", "not connected")
	if got := eval[string](tb, "document.title"); got != "Not connected: Recovering: shop – foster" {
		t.Errorf("the title is %q", got)
	}
	tb.has("#stale", "foster cannot be reached. This is how it was at ")
	tb.has("#verdict", "Recovering")
	tb.until("/[1-9] s ago/.test(document.querySelector('#stale').innerText)")
	stale := tb.text("#stale")
	before := tb.text("#events") + tb.text("#detail") + tb.text("#child-list") + tb.text("#uptime")
	tb.until(fmt.Sprintf("document.querySelector('#stale').innerText !== %q", stale))
	if after := tb.text("#events") + tb.text("#detail") + tb.text("#child-list") + tb.text("#uptime"); after != before {
		t.Errorf("times run on while nothing is known: before\n%s\nafter\n%s", before, after)
	}
	p.version = "1.3.0"
	p.begin("web", "db")
	tb.has("#link", "live")
	tb.has("#other", "another version than this page: reload")
	tb.has("#verdict", "Whole")
	tb.has("#events", "foster restarted")
	tb.has("#events", "no recovery was seen")
	p.dies(0)
	p.recovers(0, 930*time.Millisecond)
	tb.has("#events", "made anew in 0.93 s")
	if got, want := counts(tb), "3 episode, 4 launched, 1 restart, 2 stage"; got != want {
		t.Errorf("the timeline has %s, want %s", got, want)
	}
	tb.until("document.querySelector('#axis text.restart') !== null && document.querySelector('#axis .gap') !== null && document.querySelector('#axis .over') !== null")
	if eval[bool](tb, "!document.querySelector('#stale').hidden || document.body.classList.contains('stale')") {
		t.Error("the page still says that it is stale")
	}
}

// TestInTurn: two fosters that answer in turn, as behind a name that both have:
// each change is one row, and stays one.
func TestInTurn(t *testing.T) {
	t.Parallel()
	p := newProject(t, "shop", "web")
	tb := p.open(desk)
	tb.has("#events", "launched")
	first := p.board
	p.end()
	p.begin("web")
	tb.until("document.querySelectorAll('#events > .restart').length === 1")
	second := p.board
	for i, board := range []*report.Board{first, second, first} {
		p.end()
		p.board = board
		p.serve()
		tb.until(fmt.Sprintf("document.querySelectorAll('#events > .restart').length === %d", i+2))
	}
	p.step(func(*state.State) {}, state.Note{Kind: state.Degraded, Child: "web", Cause: "renamed"})
	tb.has("#events", "somebody renamed the child")
	if got, want := counts(tb), "0 episode, 2 launched, 4 restart, 2 stage"; got != want {
		t.Errorf("the timeline has %s, want %s", got, want)
	}
}

// TestCut: the same foster again, after a cut: what happened meanwhile is
// there, and nothing twice.
func TestCut(t *testing.T) {
	t.Parallel()
	p := newProject(t, "shop", "web")
	tb := p.open(desk)
	tb.has("#events", "launched")
	p.end()
	tb.has("#link", "not connected")
	p.dies(0)
	p.recovers(0, 830*time.Millisecond)
	p.serve()
	tb.has("#link", "live")
	tb.has("#events", "made anew in 0.83 s")
	if !eval[bool](tb, "document.querySelector('#other').hidden && document.title === 'Whole: shop – foster'") {
		t.Error("the page speaks of another version, or of its connection")
	}
	if got, want := counts(tb), "1 episode, 1 launched, 0 restart, 1 stage"; got != want {
		t.Errorf("the timeline has %s, want %s", got, want)
	}
}

// TestProxy: behind a proxy with a prefix; and an answer that is no stream,
// at which a browser gives up, is not the end.
func TestProxy(t *testing.T) {
	t.Parallel()
	p := newProject(t, "shop", "web")
	at, _ := url.Parse(p.url())
	refused := make(chan struct{}, 100)
	pass := &httputil.ReverseProxy{
		FlushInterval: -1,
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(at) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			refused <- struct{}{}
			http.Error(w, "nobody is there", http.StatusBadGateway)
		},
	}
	proxy := httptest.NewServer(http.StripPrefix("/apps/foster", pass))
	t.Cleanup(proxy.Close) // after the tab is closed: it waits for its stream
	tb := openAt(t, proxy.URL+"/apps/foster/", desk)
	tb.has("#verdict", "Whole")
	if got := eval[string](tb, "getComputedStyle(document.querySelector('.card')).borderTopStyle"); got != "solid" {
		t.Errorf("the style sheet was not loaded: %s", got)
	}
	p.end()
	for range 2 {
		select {
		case <-refused:
		case <-time.After(patience):
			t.Fatal("the page does not try again")
		}
	}
	tb.has("#link", "not connected")
	p.serve()
	tb.has("#link", "live")
	if got, want := counts(tb), "0 episode, 1 launched, 0 restart, 1 stage"; got != want {
		t.Errorf("the timeline has %s, want %s", got, want)
	}
}

package e2e

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"foster/test/lab"
	"foster/test/page"
)

// browser is a Chromium at one page.
type browser struct {
	t   *testing.T
	tab context.Context
}

// browse opens a page.
func browse(t *testing.T, url string) *browser {
	t.Helper()
	tab, end, err := page.Start(context.Background()) // its end is below
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Errorf("end Chromium: %v", err)
		}
	})
	ctx, cancel := context.WithTimeout(tab, patience)
	defer cancel()
	if err := chromedp.Do(ctx, page.Look(page.View{Width: 1280, Height: 900}), chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	return &browser{t, tab}
}

// value is that of a JavaScript expression.
func value[T any](b *browser, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.tab, patience)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatal(err)
	}
	return got
}

// text is what the first element that fits shows, "" when there is none.
func (b *browser) text(selector string) string {
	b.t.Helper()
	return value[string](b, fmt.Sprintf("(n => n?.innerText ?? n?.textContent ?? '')(document.querySelector(%q))", selector))
}

// shows waits until an element shows a text, and returns what it found of it.
func (b *browser) shows(selector, text string) []string {
	b.t.Helper()
	want, got, found := regexp.MustCompile(text), "", []string(nil)
	lab.Eventually(b.t, patience, fmt.Sprintf("%q at %s", text, selector), func() error {
		got = b.text(selector)
		if found = want.FindStringSubmatch(got); found == nil {
			return fmt.Errorf("it shows %q", got)
		}
		return nil
	})
	return found
}

// count is how many elements fit.
func (b *browser) count(selector string) int {
	b.t.Helper()
	return value[int](b, fmt.Sprintf("document.querySelectorAll(%q).length", selector))
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestStatusPage: what happens on the engine is seen in the browser as it
// happens, over the death of child and foster.
func TestStatusPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	at := freeAddress(t)
	settings := []string{"LAUNCH_NETWORKS=front", "FOSTER_LISTEN=" + at}
	f := w.foster(settings...)
	before := w.awaitWhole(wanted(w.net("front")))
	f.awaitSaid("launched")
	b := browse(t, "http://"+at+"/")
	b.shows("#verdict", "Whole")
	b.shows("#facts", regexp.QuoteMeta(w.container()+" ("+before.ID[:12]+")"))
	b.shows("#attachments", regexp.QuoteMeta(w.net("front"))+"(?s).*attached")
	b.shows(".phase.lit", "^running$")

	killed := time.Now()
	w.docker("kill", w.container())
	after := w.awaitWhole(wanted(w.net("front")), newer(before))
	said := b.shows("#events .episode .end", `made anew in ([0-9ms. ]+ s)`)[1]
	took, err := time.ParseDuration(strings.ReplaceAll(said, " ", ""))
	if most := time.Since(killed); err != nil || took <= 0 || took > most+time.Second/20 { // it is rounded
		t.Errorf("the page says that the recovery took %s, and it cannot have taken more than %s", said, most)
	}
	b.shows("#events .episode", "the child died with exit code 137")
	b.shows("#facts", regexp.QuoteMeta(after.ID[:12]))
	b.shows("#percentiles", `p50\s+`+regexp.QuoteMeta(said))
	b.shows(".trail", "removing → .*starting → running$")
	if n := b.count("#axis .mended"); n != 1 {
		t.Errorf("the axis has %d bars, want 1", n)
	}

	f.kill()
	b.shows("#link", "not connected")
	next := w.foster(settings...)
	next.awaitSaid("adopted")
	b.shows("#link", "live")
	b.shows("#events", "(?s)adopted a running child whose foster is gone.*foster restarted.*the child died")
	if events, restarts := b.count("#events > .episode"), b.count("#events > .restart"); events != 1 || restarts != 1 {
		t.Errorf("the timeline has %d episodes and %d restarts, want one of each", events, restarts)
	}
	next.stop()
	b.shows("#link", "not connected")
	w.nothingLeft()
}

package page

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// tab is one tab, at the project's page.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu   sync.Mutex
	said []string // on its console: the page's own words, breaches of the policy, failed requests
}

// open opens the project's page in a tab of its own.
func (p *project) open(v View) *tab {
	p.t.Helper()
	return openAt(p.t, p.url(), v)
}

func openAt(t *testing.T, url string, v View) *tab {
	t.Helper()
	ctx, _ := chromedp.NewContext(browser)
	tb := &tab{t: t, ctx: ctx}
	console, heard := chromedp.Console(ctx), make(chan struct{})
	go func() {
		defer close(heard)
		for m, err := range console {
			if err != nil {
				return
			}
			tb.mu.Lock()
			tb.said = append(tb.said, m.String())
			tb.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("close a tab: %v", err)
		}
		<-heard
	})
	tb.run(Look(v), chromedp.Navigate(url))
	return tb
}

// console is what was said on it so far.
func (tb *tab) console() []string {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	return slices.Clone(tb.said)
}

// run runs actions, which must succeed.
func (tb *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		tb.t.Fatal(err)
	}
}

// result runs an action that has one.
func result[T any](tb *tab, action chromedp.Action[T]) T {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		tb.t.Fatal(err)
	}
	return v
}

// eval is the value of a JavaScript expression.
func eval[T any](tb *tab, expression string) T {
	tb.t.Helper()
	return result(tb, chromedp.Evaluate[T](expression))
}

// until waits until a JavaScript expression is true.
func (tb *tab) until(expression string) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool]("Boolean("+expression+")", chromedp.WithPollingInterval(30*time.Millisecond), chromedp.WithPollingTimeout(0))); err != nil {
		tb.t.Fatalf("waiting for %s: %v\nthe page says:\n%s\nits console:\n%q", expression, err, eval[string](tb, "document.body.innerText"), tb.console())
	}
}

// text is what an element shows.
func (tb *tab) text(selector string) string {
	tb.t.Helper()
	return eval[string](tb, fmt.Sprintf("document.querySelector(%q).innerText", selector))
}

// has waits until an element shows a text; one that is hidden shows none.
func (tb *tab) has(selector, text string) {
	tb.t.Helper()
	tb.until(fmt.Sprintf("(n => n?.checkVisibility() && n.innerText.includes(%q))(document.querySelector(%q))", text, selector))
}

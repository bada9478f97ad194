package page

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// ahead makes the clock of each page that a tab opens later go wrong by a time;
// skip in the page is the time in milliseconds, and can be changed.
func ahead(by time.Duration) chromedp.Action[chromedp.Void] {
	script := fmt.Sprintf("window.skip = %d; const clock = Date.now; Date.now = () => clock() + skip;", by.Milliseconds())
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return err
	})
}

// TestClock: what a browser's clock says does not matter, and times of day are
// those of where it is.
func TestClock(t *testing.T) {
	t.Parallel()
	p := newProject(t, "shop", "web")
	p.dies(0)
	told := p.board.Status(true).History
	kolkata := time.FixedZone("Asia/Kolkata", 5*3600+1800)
	for _, by := range []time.Duration{-time.Hour, time.Hour} {
		tb := openAt(t, "about:blank", desk)
		tb.run(ahead(by), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: kolkata.String()})
			return err
		}), chromedp.Navigate(p.url()))
		tb.has("#events", told[len(told)-1].At.In(kolkata).Format("15:04:05"))
		for _, selector := range []string{"#uptime", "#alarm"} {
			if got := tb.text(selector); !regexp.MustCompile(`(^|for )[0-9.]+ s`).MatchString(got) || strings.Contains(got, "0.00 s") {
				t.Errorf("with a clock that is wrong by %s, %s says %q", by, selector, got)
			}
		}
	}
}

// TestSilence: a connection that died without a word is found out, and so are
// those that never come about; a quiet one is left alone.
func TestSilence(t *testing.T) {
	t.Parallel()
	p := newProject(t, "shop", "web")
	way := newRelay(t, p.at)
	tb := openAt(t, "about:blank", desk)
	tb.run(ahead(0), chromedp.Navigate(way.url()))
	tb.has("#link", "live")
	way.silent.Store(true)
	tb.run(void("skip += 30_000"), void("dispatchEvent(new Event('online'))"))
	tb.has("#link", "live")
	before := way.missed.Load()
	tb.run(void("skip += 60_000"))
	tb.has("#link", "not connected")
	tb.has("#stale", "1 m 3")
	tb.until("document.querySelector('#axis .gap') !== null")
	for way.missed.Load() == before { // the next connection, which gets no answer
		time.Sleep(20 * time.Millisecond)
	}
	way.silent.Store(false)
	p.dies(0)
	p.recovers(0, 830*time.Millisecond)
	tb.has("#link", "live")
	tb.has("#events", "made anew in 0.83 s")
}

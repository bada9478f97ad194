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

// clock gives each page that a tab opens later a clock of its own.
func clock(script string) chromedp.Action[chromedp.Void] {
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
		tb.run(clock(fmt.Sprintf("const clock = Date.now; Date.now = () => clock() + %d;", by.Milliseconds())), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
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
// those that never come about; a quiet one is left alone. The page's clock
// stands still, so that what it says does not hang on how long the test takes.
func TestSilence(t *testing.T) {
	t.Parallel()
	p := newProject(t, "shop", "web")
	way := newRelay(t, p.at)
	tb := openAt(t, "about:blank", desk)
	tb.run(clock("window.skip = 0; const began = Date.now(); Date.now = () => began + skip;"), chromedp.Navigate(way.url()))
	tb.has("#link", "live")
	way.silent.Store(true)
	tb.run(void("skip += 39_999"), void("dispatchEvent(new Event('online'))"))
	tb.has("#link", "live")
	tb.run(void("skip += 50_001"))
	tb.has("#link", "not connected")
	tb.has("#stale", "1 m 30 s")
	tb.until("document.querySelector('#axis .gap') !== null")
	select {
	case <-way.asked: // the next connection, which gets no answer
	case <-time.After(patience):
		t.Fatal("the page does not try again")
	}
	way.silent.Store(false)
	p.dies(0)
	p.recovers(0, 830*time.Millisecond)
	tb.has("#link", "live")
	tb.has("#events", "made anew in 0.83 s")
}

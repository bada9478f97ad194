package page

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// View is how a page is looked at.
type View struct {
	Width, Height int     // CSS pixels
	Scale         float64 // device pixels per CSS pixel; 0: 1
	Dark          bool
	Still         bool // the user wants no motion
	Phone         bool // touch, and a viewport as the page asks for
}

// Start starts a browser and opens a tab in it. Actions are run with the
// context; end closes the browser and waits until it is gone.
func Start(ctx context.Context) (tab context.Context, end func() error, err error) {
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.Flag("no-sandbox", os.Geteuid() == 0), // Chromium refuses to run as root with it
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("disable-features", "Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,InterestFeedContentSuggestions"),
		chromedp.Flag("no-pings", true),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("font-render-hinting", "none"),
	)
	alloc, stop := chromedp.NewExecAllocator(ctx, opts...)
	tab, _ = chromedp.NewContext(alloc, chromedp.WithErrorf(func(string, ...any) {})) // what a newer Chromium says and chromedp does not know
	end = func() error {
		defer stop()
		return chromedp.Cancel(tab)
	}
	if err := chromedp.Do(tab); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("start Chromium (make setup installs it): %w", err), end())
	}
	return tab, end, nil
}

// Look makes a tab show pages in a way.
func Look(v View) chromedp.Action[chromedp.Void] {
	scheme, motion, scale := "light", "no-preference", v.Scale
	if v.Dark {
		scheme = "dark"
	}
	if v.Still {
		motion = "reduce"
	}
	if scale == 0 {
		scale = 1
	}
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, size := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: int64(v.Width), Height: int64(v.Height), DeviceScaleFactor: scale, Mobile: v.Phone})
		_, touch := cdp.Call(ctx, t, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: v.Phone})
		_, media := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion},
		}})
		return errors.Join(size, touch, media)
	})
}

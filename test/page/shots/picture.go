package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"time"

	"github.com/chromedp/chromedp"

	"foster/test/page"
)

// picture is one view of the page.
type picture struct {
	name  string
	view  page.View
	child string // who is chosen
}

var pictures = []picture{
	{"light", page.View{Width: 1200, Height: 1150, Still: true}, "mailer"},
	{"dark", page.View{Width: 1200, Height: 1150, Still: true, Dark: true}, "web"},
	{"phone", page.View{Width: 390, Height: 1750, Still: true, Phone: true}, "web"},
}

// take takes the picture of the page at an address, as a small PNG.
func (p picture) take(ctx context.Context, url string) (small []byte, err error) {
	tab, end, err := page.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	chosen := fmt.Sprintf("[...document.querySelectorAll('[role=tab] .name')].find(n => n.textContent === %q)", p.child)
	within, cancel := context.WithTimeout(tab, time.Minute)
	defer cancel()
	err = chromedp.Do(
		within, page.Look(p.view), chromedp.Navigate(url), wait(chosen), wait("document.querySelector('#axis .mended')"),
		chromedp.Evaluate[chromedp.Void](chosen+".click(); undefined"), wait(fmt.Sprintf("document.querySelector('#detail-name').textContent === %q", p.child)),
	)
	if err != nil {
		return nil, err
	}
	raw, err := chromedp.Run(within, chromedp.CaptureScreenshot())
	if err != nil {
		return nil, err
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, img)
	return out.Bytes(), err
}

// wait waits until something is so in the page.
func wait(expression string) chromedp.Action[chromedp.Void] {
	poll := chromedp.Poll[bool]("Boolean(" + expression + ")")
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := poll(ctx, t)
		return chromedp.Void{}, err
	}
}

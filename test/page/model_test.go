package page

import (
	"context"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestBounds: what a page keeps in a long life is bounded, and what is still
// open is not what goes.
func TestBounds(t *testing.T) {
	t.Parallel()
	tb := newProject(t, "shop", "web").open(desk)
	tb.run(void("import('./model.js').then(module => { window.model = new module.Model(); })"))
	tb.until("window.model")
	got := eval[[]int](tb, `(() => {
		const at = '2026-01-02T03:04:05Z', fault = {at, kind: 'fault', child: 'web', cause: 'died'};
		model.add('first', {...fault, seq: 1, text: 'the first'});
		for (let seq = 2; seq < 100; seq++) model.add('first', {...fault, kind: 'relapse', seq, text: 'again ' + seq});
		for (let i = 0; i < 2000; i++) model.add('instance ' + i, {at, kind: 'stage', seq: 1, text: 'up'});
		return [model.items.length, model.newest.size, model.items.filter(item => item.end === null).length, model.open.get('web').texts.length, model.open.get('web').texts.indexOf('the first')];
	})()`)
	for i, want := range []int{1000, 16, 1, 8, 0} {
		if got[i] != want {
			t.Errorf("number %d is %d, want %d", i, got[i], want)
		}
	}
}

// TestSettle: a status ends what it knows of, not what is newer than it; a
// recovery that is told later repairs that.
func TestSettle(t *testing.T) {
	t.Parallel()
	tb := newProject(t, "shop", "web").open(desk)
	tb.run(void("import('./model.js').then(module => { window.model = new module.Model(); })"))
	tb.until("window.model")
	got := eval[[]string](tb, `(() => {
		const at = '2026-01-02T03:04:05Z', now = '2026-01-02T03:04:08Z', said = [];
		const how = () => said.push(model.items.map(item => item.end === null ? 'open' : item.over ? 'over' : item.did).join());
		const status = (seq, child) => model.take({now, seq, foster: {instance: 'i', started: at}, children: [{name: 'web', ...child}]});
		model.add('i', {at, kind: 'fault', child: 'web', cause: 'died', seq: 5, text: 'died'});
		status(4); how();
		status(5, {fault: {at, cause: 'died'}}); how();
		status(5); how();
		model.add('i', {at: now, kind: 'recovered', child: 'web', cause: 'died', did: 'recreated', seq: 6, down_ms: 3000}); how();
		return said;
	})()`)
	if want := []string{"open", "open", "over", "recreated"}; !slices.Equal(got, want) {
		t.Errorf("it is %q, want %q", got, want)
	}
}

// TestSchema: a document of another schema is not read, the page asks to be
// loaded anew.
func TestSchema(t *testing.T) {
	t.Parallel()
	p := newProject(t, "shop", "web")
	tb := openAt(t, "about:blank", desk)
	tb.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: "const parse = JSON.parse; JSON.parse = s => { const { seq, kind, foster } = parse(s); return { seq, kind, foster, schema: foster && 2 }; };",
		})
		return err
	}), chromedp.Navigate(p.url()))
	tb.has("#other", "another version than this page: reload")
	if said := tb.console(); len(said) > 0 {
		t.Errorf("the console says %q", said)
	}
}

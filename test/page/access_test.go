package page

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tree is what a screen reader is given: role and name of each element.
func tree(tb *tab) []string {
	tb.t.Helper()
	return result(tb, func(ctx context.Context, t *chromedp.Target) ([]string, error) {
		got, err := cdp.Call(ctx, t, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		var lines []string
		for _, n := range got.Nodes {
			if n.Ignored || n.Role == nil {
				continue
			}
			word := func(v *accessibility.Value) string {
				if v == nil {
					return ""
				}
				return strings.Trim(string(v.Value), `"`)
			}
			line := word(n.Role) + ": " + word(n.Name)
			for _, p := range n.Properties {
				if p.Name == "selected" || p.Name == "live" {
					line += fmt.Sprintf(" [%s %s]", p.Name, word(p.Value))
				}
			}
			lines = append(lines, line)
		}
		return lines, err
	})
}

// TestTree: landmarks, headings and names are there, and every drawing says
// what it shows.
func TestTree(t *testing.T) {
	t.Parallel()
	p := newProject(t, "shop", "web", "db")
	p.dies(0)
	p.recovers(0, 830*time.Millisecond)
	tb := p.open(desk)
	tb.has("#events", "made anew")
	tb.has("#percentiles", "0.83 s")
	got := tree(tb)
	for _, want := range []string{
		"banner: ", "main: ", "contentinfo: ", "link: Skip to the children",
		"heading: foster shop", "heading: Children", "heading: web", "heading: Networks", "heading: Phases",
		"heading: Faults and recoveries", "heading: What happened, newest first", "heading: How long recoveries took",
		"region: Children", "region: Faults and recoveries", "region: How long recoveries took",
		"tablist: Children", "tab: web: running, whole, 1 restart, 2 of 2 networks attached [selected true]", "tab: db: running, whole, 0 restarts, 2 of 2 networks attached [selected false]",
		"tabpanel: web: running, whole, 1 restart, 2 of 2 networks attached",
		"image: State diagram of web: running", "image: Faults and recoveries over time", "image: How long recoveries took",
		"list: What happened, newest first", "group: Time shown on the axis", "radio: 5 min", "checkbox: only faults and recoveries",
		"table: By cause", "rowheader: died", "status:  [live polite]",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("there is no %q", want)
		}
	}
	if t.Failed() {
		t.Logf("there are:\n%s", strings.Join(got, "\n"))
	}
	for _, line := range got {
		if role, name, _ := strings.Cut(line, ": "); name == "" && slices.Contains([]string{"button", "link", "textbox", "searchbox", "checkbox", "radio", "tab", "image", "heading"}, role) {
			t.Errorf("a %s has no name", role)
		}
	}
	for id, want := range map[string]string{"diagram-desc": "It came by running, dead, removing, absent, creating, starting.", "axis-desc": "1 fault, 0 of them not recovered from yet.", "histogram-desc": "1 recovery: p50 0.83 s, p90 0.83 s, p99 0.83 s, max 0.83 s."} {
		if said := eval[string](tb, fmt.Sprintf("document.getElementById(%q).textContent", id)); !strings.Contains(said, want) {
			t.Errorf("%s says %q, want %q", id, said, want)
		}
	}
}

// at is what has the focus: its role or tag, and its words.
func (tb *tab) at() string {
	tb.t.Helper()
	return eval[string](tb, `(() => {
		const n = document.activeElement;
		const words = n.getAttribute('aria-label') ?? n.closest('label')?.innerText ?? n.placeholder ?? '';
		return (n.getAttribute('role') || n.type || n.tagName.toLowerCase()) + ': ' + (words || n.innerText).trim().split('\n')[0];
	})()`)
}

// TestKeyboard: everything can be reached and done with keys alone, in the
// order of the page, and what has the focus is to be seen.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 9 {
		names = append(names, fmt.Sprintf("child%d", i))
	}
	p := newProject(t, "shop", names...)
	p.dies(0)
	p.recovers(0, time.Second)
	tb := p.open(View{Width: 1280, Height: 900, Still: true})
	tb.has("#events", "made anew")
	press := func(keys string) {
		t.Helper()
		tb.run(chromedp.KeyEvent(keys))
	}
	for _, want := range []string{
		"a: Skip to the children", "search: Filter by name or image", "checkbox: only those not whole", "tab: child0: running", "tabpanel: child0",
		"radio: 1 min", "checkbox: only faults and recoveries", "a: status", "a: metrics",
	} {
		press(kb.Tab)
		if got := tb.at(); !strings.HasPrefix(got, want) {
			t.Fatalf("Tab leads to %q, want %q", got, want)
		}
		if eval[bool](tb, `(() => {
			const n = document.activeElement.name === 'window' ? document.activeElement.nextElementSibling : document.activeElement, s = getComputedStyle(n);
			return s.outlineStyle === 'none' || parseFloat(s.outlineWidth) < 2 || n.getBoundingClientRect().top < 0;
		})()`) {
			t.Errorf("the focus is not to be seen at %q", want)
		}
	}
	tb.run(void("document.querySelector('[role=tab]').focus()"))
	for _, step := range []struct{ key, want string }{
		{kb.ArrowDown, "child1"}, {kb.ArrowDown, "child2"}, {kb.ArrowUp, "child1"}, {kb.End, "child8"}, {kb.ArrowDown, "child0"}, {kb.ArrowLeft, "child8"}, {kb.Home, "child0"},
	} {
		press(step.key)
		if got := tb.at(); !strings.HasPrefix(got, "tab: "+step.want+":") || tb.text("#detail-name") != step.want {
			t.Errorf("the focus is at %q and %q is shown, want %s", got, tb.text("#detail-name"), step.want)
		}
	}
	if n := eval[int](tb, "document.querySelectorAll('[role=tab][tabindex=\"0\"]').length"); n != 1 {
		t.Errorf("%d tabs can be reached with Tab", n)
	}
	tb.narrowed(p)
	tb.run(void("document.querySelector('[name=window]:checked').focus()"))
	press(kb.ArrowRight)
	if got := tb.at(); got != "radio: 5 min" || !eval[bool](tb, "document.activeElement.checked") {
		t.Errorf("the arrow leads to %q", got)
	}
	tb.run(void("document.querySelector('#only-faults').focus()"))
	press(" ")
	tb.until("!document.querySelector('#events').innerText.includes('launched') && document.querySelectorAll('#events .episode').length === 4")
	tb.run(void("document.querySelector('.skip').focus()"))
	press(kb.Enter)
	tb.until("document.activeElement.id === 'content'")
}

// narrowed: rows that go take the focus of no other, and leave their own to a
// neighbour; the panel keeps a name. At the end all is as it was.
func (tb *tab) narrowed(p *project) {
	tb.t.Helper()
	for _, i := range []int{3, 5, 7} {
		p.dies(i)
	}
	tb.run(void("document.querySelector('#child-ailing').click()"))
	tb.has("#child-count", "3 of 9 children")
	tb.run(void("document.querySelectorAll('[role=tab]')[1].focus()"))
	for n, want := range []string{"child5", "child7", "checkbox"} {
		p.recovers(3+2*n, time.Second)
		tb.has("#child-count", fmt.Sprintf("%d of 9 children", 2-n))
		if got := tb.at(); !strings.Contains(got, want) {
			tb.t.Errorf("with %d rows left the focus is at %q, want %s", 2-n, got, want)
		}
		if eval[bool](tb, "document.getElementById(document.querySelector('#detail').getAttribute('aria-labelledby')) === null") {
			tb.t.Error("the panel is named by what is not there")
		}
	}
	tb.run(void("document.querySelector('#child-ailing').click()"))
	tb.has("#child-count", "9 children")
}

// TestCrowd: a hundred children can be used.
func TestCrowd(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("worker-%03d", i))
	}
	p := newProject(t, "farm", names...)
	tb := p.open(View{Width: 360, Height: 780, Phone: true})
	tb.has("#n-whole", "100/100")
	if tall := eval[float64](tb, "document.querySelector('#child-list').getBoundingClientRect().height"); tall > 400 {
		t.Errorf("the list takes %.0f px of a phone", tall)
	}
	for i := range names {
		p.dies(i)
	}
	p.recovers(41, time.Second)
	tb.has("#n-whole", "1/100")
	tb.has("#child-list", "dead")
	tb.until("[...document.querySelectorAll('#axis .label')].some(n => n.textContent.startsWith('others'))")
	tb.has("#more", "Show more (")
	tb.run(void("document.querySelector('#more').focus()"), chromedp.KeyEvent(kb.Enter))
	tb.until("document.querySelectorAll('#events > li').length === 40 && document.activeElement === document.querySelectorAll('#events > li')[20]")
	tb.run(chromedp.SendKeys(chromedp.CSS("#child-filter"), "r-04"))
	tb.has("#child-count", "10 of 100 children")
	tb.run(chromedp.Click(chromedp.CSS("#child-ailing")))
	tb.has("#child-count", "9 of 100 children")
	tb.run(chromedp.SendKeys(chromedp.CSS("#child-filter"), "nobody"))
	tb.has("#children", "No child is like that.")
	if changed := eval[int](tb, `(() => {
		const filter = document.querySelector('#child-filter'), list = document.querySelector('#child-list');
		const type = text => { filter.value = text; filter.dispatchEvent(new Event('input')); };
		type('');
		const watch = new MutationObserver(() => {});
		watch.observe(list, {subtree: true, childList: true, attributes: true, characterData: true});
		type(' ');
		return watch.takeRecords().length;
	})()`); changed > 0 {
		t.Errorf("to draw the same hundred children again changes %d things", changed)
	}
}

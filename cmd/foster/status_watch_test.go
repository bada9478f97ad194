package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"foster/report"
)

// TestScreenGrowsOlder: while a foster tells nothing but that it is alive, times
// go on; what came just before that is shown.
func TestScreenGrowsOlder(t *testing.T) {
	tty, read := openTerminal(t)
	synctest.Test(t, func(t *testing.T) {
		s := &screen{out: outside{stdout: tty, stderr: &bytes.Buffer{}, environ: []string{"NO_COLOR=1"}}, flags: &statusFlags{format: "table", watch: true}}
		w := told{screen: s}
		take := func(kind, data string, more bool) {
			t.Helper()
			if err := w.take(kind, "i-1", []byte(data), more); err != nil {
				t.Fatal(err)
			}
		}
		want := func(all ...string) {
			t.Helper()
			text := read()
			for _, words := range all {
				if !strings.Contains(text, words) {
					t.Errorf("no %q in %q", words, text)
				}
			}
		}
		take("status", `{"schema":1,"project":"p","now":"2026-03-01T12:01:00Z","foster":{"instance":"i","version":"v","started":"2026-03-01T12:00:00Z"},
			"children":[{"name":"web","retry":"2026-03-01T12:02:00Z"}]}`, false)
		want("up 60s", "web: next try in 60s")
		time.Sleep(15 * time.Second)
		take("alive", "", false)
		s.age()
		want("up 75s", "web: next try in 45s")
		time.Sleep(5 * time.Second)
		take("entry", `{"seq":1,"text":"something new"}`, true)
		take("alive", "", false)
		want("up 80s", "something new")
		time.Sleep(5 * time.Second)
		s.age()
		want("up 85s", "something new")
	})
}

// TestScreenTroubleIsOneLine: what an error says comes from outside too.
func TestScreenTroubleIsOneLine(t *testing.T) {
	t.Parallel()
	tty, read := openTerminal(t)
	s := &screen{out: outside{stdout: tty, stderr: &bytes.Buffer{}, environ: []string{"NO_COLOR=1"}}, flags: &statusFlags{format: "table", watch: true}}
	s.show([]report.Status{{Project: "ci"}}, time.Now())
	read()
	s.say(fmt.Errorf("it says \x1b]0;mine\x07 and\r\nmore %s", strings.Repeat("x", 300)))
	text := read()
	line, rest, _ := strings.Cut(strings.TrimPrefix(text, "\x1b[H"), "\x1b[K")
	if n := len([]rune(line)); !strings.HasPrefix(line, "foster: it says ]0;mine and  more xxx") || !strings.HasSuffix(line, "…") || n > 80 || !strings.Contains(rest, "ci  ") {
		t.Errorf("%d characters: %q", n, text)
	}
}

package actions

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// TestHookLog: no more than is of use, and nothing is held up.
func TestHookLog(t *testing.T) {
	var log strings.Builder
	l := &hookLog{log: zerolog.New(&log)}
	for _, part := range []string{"one\ntw", "o\r\n", "\n", strings.Repeat("x", 3000), strings.Repeat("y", 3000) + "\n", "last"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	l.end()
	lines := said(t, log.String())
	if want := []string{"one", "two", "", strings.Repeat("x", hookLineSize), "last"}; !reflect.DeepEqual(lines, want) {
		t.Errorf("%q", lines)
	}
	log.Reset()
	for range 100 {
		_, _ = l.Write([]byte("again\n"))
	}
	l.end()
	lines = said(t, log.String())
	if len(lines) != hookLines-5+1 || strings.Count(log.String(), "left out") != 1 {
		t.Errorf("%d lines:\n%s", len(lines), log.String())
	}
}

// said are the lines of a hook in a log.
func said(t *testing.T, log string) []string {
	t.Helper()
	var out []string
	for entry := range strings.Lines(log) {
		var e struct{ Line string }
		if err := json.Unmarshal([]byte(entry), &e); err != nil {
			t.Fatal(errors.Join(err, errors.New(entry)))
		}
		out = append(out, e.Line)
	}
	return out
}

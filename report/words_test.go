package report

import (
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"foster/state"
)

// TestSentences: every kind of note has words of its own, and the fields that
// operators search for.
func TestSentences(t *testing.T) {
	seen := map[string]state.NoteKind{}
	for k := state.FaultSeen; k <= state.Overcome; k++ {
		level, text := Words(state.Note{Kind: k, Child: "web", Cause: "x"})
		if text == "" || strings.HasPrefix(text, "note ") {
			t.Errorf("%s has no words: %q", k, text)
		}
		if other, twice := seen[text]; twice {
			t.Errorf("%s and %s have the same words", k, other)
		}
		seen[text] = k
		if k == state.GaveUp && level != zerolog.ErrorLevel || k == state.Recovered && level != zerolog.InfoLevel {
			t.Errorf("%s is told at %s", k, level)
		}
	}
	for _, cause := range []string{"died", "oom", "stopped", "removed", "disconnected", "unhealthy", "parent-down", "owner-recreated", "owner-down", "start-given-up", "spec-changed", "parent-recreated", "prepare", "create", "start"} {
		words := faultWords(state.Note{Cause: cause})
		if other, twice := seen[words]; strings.HasSuffix(words, ": "+cause) || twice {
			t.Errorf("fault %s has no words of its own: %q (%s)", cause, words, other)
		}
		seen[words] = state.FaultSeen
	}
}

// TestRelapses: what happens on top of a fault is told as that, and the same
// again only to who debugs.
func TestRelapses(t *testing.T) {
	n := state.Note{Kind: state.Relapse, Child: "web", Cause: "died", Code: 3}
	if level, text := Words(n); level != zerolog.WarnLevel || text != "not whole yet: the child died with exit code 3" {
		t.Errorf("%s: %q", level, text)
	}
	n.Again = true
	if level, text := Words(n); level != zerolog.DebugLevel || text != "not whole yet, as before: the child died with exit code 3" {
		t.Errorf("again: %s: %q", level, text)
	}
}

// TestGivingUp: a child that is given up alone does not end foster.
func TestGivingUp(t *testing.T) {
	_, all := Words(state.Note{Kind: state.GaveUp, Child: "web", Cause: "died", Detail: "the attempts are spent"})
	level, one := Words(state.Note{Kind: state.GaveUp, Child: "web", Cause: "died", Detail: state.OwnAttemptsSpent})
	if level != zerolog.ErrorLevel || !strings.Contains(one, "the others go on") || !strings.Contains(all, "restart policy of the service") {
		t.Errorf("%s: %q, and of all %q", level, one, all)
	}
}

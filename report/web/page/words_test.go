package page

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"foster/state"
)

// TestKnowsTheWords: every phase of the core has its place in the diagram, and
// every way there joins two of them; every state of an attachment and of
// the verdict, every cause of a fault and every kind of recovery has its words.
func TestKnowsTheWords(t *testing.T) {
	all := files(t)
	diagram, words := all["diagram.js"], all["words.js"]
	places := map[string]bool{}
	for _, m := range regexp.MustCompile(`(\w+): \[\d, \d\]`).FindAllStringSubmatch(diagram, -1) {
		places[m[1]] = true
	}
	for p := state.Unknown; p <= state.Ended; p++ {
		if !places[p.String()] {
			t.Errorf("phase %s is not in the diagram", p)
		}
	}
	if len(places) != int(state.Ended)+1 {
		t.Errorf("the diagram has %d phases: %v", len(places), places)
	}
	ways := regexp.MustCompile(`\['(\w+)', '(\w+)'`).FindAllStringSubmatch(diagram, -1)
	if len(ways) < int(state.Ended) {
		t.Errorf("the diagram has %d ways", len(ways))
	}
	for _, m := range ways {
		if !places[m[1]] || !places[m[2]] {
			t.Errorf("a way leads from %s to %s", m[1], m[2])
		}
	}
	known := append(found(t, "../../verdict.go", `var conditions = `, `\{"([a-z]+)", `), found(t, "../../words.go", `func faultWords`, `case "([a-z-]+)":`)...)
	if len(known) < 30 {
		t.Errorf("the core has %d causes and states: %q", len(known), known)
	}
	for a := state.Missing; a <= state.Unavailable; a++ {
		known = append(known, a.String())
	}
	for _, word := range append(known, state.DidNothing, state.DidRecreate, state.DidReattach, state.DidBoth) {
		if !strings.Contains(words, " "+word+": ") && !strings.Contains(words, "\t"+word+": ") && !strings.Contains(words, "'"+word+"': ") {
			t.Errorf("%s has no words", word)
		}
	}
}

// found are the words that a pattern has in one declaration of a file.
func found(t *testing.T, file, declaration, pattern string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(text), declaration)
	part, _, _ = strings.Cut(part, "\n}\n")
	var words []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(part, -1) {
		words = append(words, m[1])
	}
	return words
}

// TestWays: whatever a child of the core's stories goes through is a way of the
// diagram, or several over phases that may be over before anybody sees them.
func TestWays(t *testing.T) {
	diagram := files(t)["diagram.js"]
	phases, ways := map[string]bool{}, map[string][]string{}
	for p := state.Unknown; p <= state.Ended; p++ {
		phases[p.String()] = true
	}
	for _, m := range regexp.MustCompile(`\['(\w+)', '(\w+)'`).FindAllStringSubmatch(diagram, -1) {
		if phases[m[1]] && phases[m[2]] {
			ways[m[1]] = append(ways[m[1]], m[2])
		}
	}
	momentary := regexp.MustCompile(`momentary = new Set.*`).FindString(diagram)
	leads := func(from, to string) bool {
		ends := []string{from}
		for range 4 { // as the page's function between
			var next []string
			for _, end := range ends {
				for _, way := range ways[end] {
					if way == to {
						return true
					}
					if strings.Contains(momentary, "'"+way+"'") {
						next = append(next, way)
					}
				}
			}
			ends = next
		}
		return false
	}
	stories, err := filepath.Glob("../../../state/testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{} // transition -> one of its stories
	for _, story := range stories {
		text, err := os.ReadFile(story)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^ +([^ /]+: \w+ -> \w+)$`).FindAllStringSubmatch(string(text), -1) {
			_, transition, _ := strings.Cut(m[1], ": ")
			told[transition] = filepath.Base(story)
		}
	}
	seen := 0
	for transition, story := range told {
		from, to, _ := strings.Cut(transition, " -> ")
		if !phases[from] || !phases[to] {
			continue // of the project
		}
		if seen++; !leads(from, to) {
			t.Errorf("no way leads from %s to %s, as in %s", from, to, story)
		}
	}
	if seen < 30 {
		t.Errorf("the stories have %d transitions", seen)
	}
}

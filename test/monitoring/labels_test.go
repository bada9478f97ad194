package monitoring

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"foster/report"
	"foster/report/metrics"
	"foster/state"
)

// added are the labels that Prometheus, its configuration and its histograms add.
var added = []string{"job", "instance", "service", "node", "le"}

// documented are the labels of each metric in docs/metrics.md.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	row := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| \\w+ \\| ([^|]*) \\|")
	word := regexp.MustCompile(`\w+`)
	labels := map[string][]string{}
	for _, m := range row.FindAllStringSubmatch(string(read(t, docs)), -1) {
		labels[m[1]] = word.FindAllString(m[2], -1)
	}
	return labels
}

// values are those that the labels with few of them can have, as they are
// scraped of a run that has seen everything.
func values(t *testing.T) map[string]map[string]bool {
	t.Helper()
	calls := metrics.NewCalls()
	now := state.New(state.Config{})
	board := report.NewBoard(report.Config{}, now)
	m := metrics.New(metrics.Config{Board: board, Calls: calls})
	one := regexp.MustCompile(`(outcome|class|stage|did|cause)="([^"]*)"`)
	found := map[string]map[string]bool{"outcome": {}, "class": {}, "stage": {}, "did": {}, "cause": {}}
	for stage := state.Opening; stage <= state.Closed; stage++ {
		next := now
		next.Stage = stage
		step := report.Step{Event: state.Started{}, From: now, To: next, Effects: []state.Effect{state.Note{Kind: state.GaveUp, Cause: "died"}}}
		m.Stepped(step)
		board.Stepped(step)
		now = next
		answer := httptest.NewRecorder()
		m.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
		for _, label := range one.FindAllStringSubmatch(answer.Body.String(), -1) {
			found[label[1]][label[2]] = true
		}
	}
	return found
}

// TestLabelsExist: alerts, their tests and the dashboard ask for no label that
// its metric does not have, and for no value that the label cannot have.
func TestLabelsExist(t *testing.T) {
	var (
		selector = regexp.MustCompile(`(foster_\w+)\{([^}]*)\}`)
		matcher  = regexp.MustCompile(`(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
		grouping = regexp.MustCompile(`\b(?:by|on|without|ignoring) \(([^)]*)\)`)
		metric   = regexp.MustCompile(`foster_\w+`)
		labels   = documented(t)
		can      = values(t)
		checked  = map[string]int{}
	)
	of := func(name string) []string {
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			if l, known := labels[strings.TrimSuffix(name, suffix)]; known {
				return append(slices.Clone(l), added...)
			}
		}
		return nil
	}
	for where, expr := range questionsAndAlerts(t) {
		for _, s := range selector.FindAllStringSubmatch(expr, -1) {
			for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
				label, value := m[1], m[3]
				if !slices.Contains(of(s[1]), label) {
					t.Errorf("%s: %s has no label %s", where, s[1], label)
				}
				if can[label] == nil || strings.Contains(value, "$") {
					continue
				}
				for word := range strings.SplitSeq(value, "|") {
					if checked[label]++; !can[label][word] {
						t.Errorf("%s: %s is never %q: there are %v", where, label, word, slices.Sorted(maps.Keys(can[label])))
					}
				}
			}
		}
		var all []string
		for _, name := range metric.FindAllString(expr, -1) {
			all = append(all, of(name)...)
		}
		for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
			for label := range strings.SplitSeq(g[1], ",") {
				if label = strings.TrimSpace(label); label != "" && len(all) > 0 && !slices.Contains(all, label) {
					t.Errorf("%s: nothing that it asks for has a label %s", where, label)
				}
			}
		}
	}
	for _, label := range []string{"outcome", "class", "stage", "did"} {
		if checked[label] == 0 {
			t.Errorf("no value of %s was looked at", label)
		}
	}
}

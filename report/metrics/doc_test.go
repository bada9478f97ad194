package metrics

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"foster/state"
)

var goversion = runtime.Version()

var update = flag.Bool("update", false, "rewrite the table of metrics")

const (
	docs       = "../../docs/metrics.md"
	tableStart = "<!-- metrics: generated, see report/metrics/doc_test.go -->\n"
	tableEnd   = "<!-- end of metrics -->\n"
)

// exercised has every metric.
func exercised(t *testing.T) *world {
	w := newWorld(t)
	w.step(state.StreamBack{}, up)
	w.calls.seconds.WithLabelValues("ping", "ok").Observe(0.001)
	return w
}

// TestDocs holds docs/metrics.md and the code together: `go test
// ./report/metrics -run Docs -update` writes the table anew.
func TestDocs(t *testing.T) {
	families, err := exercised(t).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| metric | type | labels | meaning |\n|---|---|---|---|\n")
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "process_") {
			continue // every client library's
		}
		var labels []string
		for _, l := range f.Metric[0].Label {
			labels = append(labels, "`"+l.GetName()+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.GetName(), strings.ToLower(dto.MetricType_name[int32(f.GetType())]), strings.Join(labels, ", "), f.GetHelp())
	}
	raw, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(raw), tableStart)
	got, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatal("docs/metrics.md has no marks for the table")
	}
	if *update {
		if err := os.WriteFile(docs, []byte(before+tableStart+b.String()+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != b.String() {
		t.Errorf("the table is not the code's (-update writes it anew); the code says\n%s", b.String())
	}
}

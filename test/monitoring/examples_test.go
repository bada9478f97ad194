package monitoring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"foster/report"
	"foster/report/metrics"
	"foster/state"
)

const (
	examples = "../../examples/monitoring"
	docs     = "../../docs/metrics.md"
)

// promtool runs it in the directory of the examples.
func promtool(t *testing.T, stdin string, args ...string) error {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "promtool", args...)
	cmd.Dir, cmd.Stdin = examples, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatal("promtool is missing: install the Debian package prometheus (make setup does)")
	}
	if err != nil {
		return fmt.Errorf("promtool %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// TestPromtool: Prometheus takes the files as they stand, every alert does what
// its tests say, and nothing is to be said of the metrics.
func TestPromtool(t *testing.T) {
	for _, args := range [][]string{
		{"check", "config", "prometheus.yml"},
		{"check", "config", "prometheus-swarm.yml"},
		{"check", "rules", "alerts.yml"},
		{"test", "rules", "alerts_test.yml"},
	} {
		if err := promtool(t, "", args...); err != nil {
			t.Error(err)
		}
	}
	now := state.New(state.Config{Children: []state.ChildConfig{{Name: "web", Networks: []string{"front"}}}})
	calls := metrics.NewCalls()
	m := metrics.New(metrics.Config{Board: report.NewBoard(report.Config{}, now), Calls: calls})
	m.Stepped(report.Step{Event: state.Started{}, From: now, To: now})
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	if err := promtool(t, answer.Body.String(), "check", "metrics"); err != nil {
		t.Errorf("%v\n%s", err, answer.Body)
	}
}

// rules is alerts.yml.
type rules struct {
	Groups []struct {
		Rules []struct {
			Alert       string
			Expr        string
			Labels      map[string]string
			Annotations map[string]string
		}
	}
}

// tests is alerts_test.yml.
type tests struct {
	Tests []struct {
		Series []struct {
			Series string
		} `yaml:"input_series"`
		Checks []struct {
			Alert string           `yaml:"alertname"`
			Want  []map[string]any `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func alerts(t *testing.T) (r rules) {
	t.Helper()
	if err := yaml.Unmarshal(read(t, filepath.Join(examples, "alerts.yml")), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAlertsAreTested: each alert fires in a test, and stays silent in another;
// it says how bad it is and what to do, and the README knows it.
func TestAlertsAreTested(t *testing.T) {
	var ts tests
	if err := yaml.Unmarshal(read(t, filepath.Join(examples, "alerts_test.yml")), &ts); err != nil {
		t.Fatal(err)
	}
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, test := range ts.Tests {
		for _, c := range test.Checks {
			fires[c.Alert] = fires[c.Alert] || len(c.Want) > 0
			silent[c.Alert] = silent[c.Alert] || len(c.Want) == 0
		}
	}
	readme := string(read(t, filepath.Join(examples, "README.md")))
	n := 0
	for _, g := range alerts(t).Groups {
		for _, r := range g.Rules {
			n++
			if !fires[r.Alert] || !silent[r.Alert] {
				t.Errorf("%s: fires in a test: %t, is silent in one: %t", r.Alert, fires[r.Alert], silent[r.Alert])
			}
			if !slices.Contains([]string{"critical", "warning"}, r.Labels["severity"]) || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s says too little: %v %v", r.Alert, r.Labels, r.Annotations)
			}
			if !strings.Contains(readme, "\n| "+r.Alert+" | ") {
				t.Errorf("the README does not have %s", r.Alert)
			}
		}
	}
	if listed := strings.Count(readme, "\n| Foster"); listed != n || n == 0 {
		t.Errorf("the README has %d alerts, there are %d", listed, n)
	}
}

// dashboard is what counts of dashboard.json.
type dashboard struct {
	Panels []struct {
		Title   string
		Targets []struct{ Expr string }
	}
	Templating  struct{ List []struct{ Definition string } }
	Annotations struct{ List []struct{ Expr string } }
}

// questions are the expressions of the dashboard, by where they stand.
func questions(t *testing.T) map[string]string {
	t.Helper()
	var d dashboard
	decode := json.NewDecoder(bytes.NewReader(read(t, filepath.Join(examples, "dashboard.json"))))
	if err := decode.Decode(&d); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, p := range d.Panels {
		if len(p.Targets) == 0 {
			t.Errorf("the panel %q shows nothing", p.Title)
		}
		for i, target := range p.Targets {
			found[fmt.Sprintf("panel %q, %d", p.Title, i)] = target.Expr
		}
	}
	for i, a := range d.Annotations.List {
		found[fmt.Sprintf("annotation %d", i)] = a.Expr
	}
	for _, v := range d.Templating.List {
		if selector, ok := strings.CutPrefix(v.Definition, "label_values("); ok {
			found["variable "+v.Definition] = selector[:strings.LastIndexByte(selector, ',')]
		}
	}
	return found
}

// grafana stands for what Grafana puts into an expression.
var grafana = strings.NewReplacer("$__rate_interval", "1m", "$__range", "6h", "$job", ".*", "$instance", ".*", "$child", ".*")

// TestDashboardExpressions: Prometheus understands each.
func TestDashboardExpressions(t *testing.T) {
	type rule struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	var all []rule
	for where, expr := range questions(t) {
		if expr = grafana.Replace(expr); strings.Contains(expr, "$") {
			t.Errorf("%s has a variable that is not known here: %s", where, expr)
		}
		all = append(all, rule{fmt.Sprintf("dashboard:expression:%d", len(all)), expr})
	}
	raw, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": all}}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := promtool(t, "", "check", "rules", path); err != nil || len(all) < 20 {
		t.Errorf("%d expressions: %v", len(all), err)
	}
}

// questionsAndAlerts are the expressions of the dashboard and the alerts, and the
// series of the alerts' tests, by where they stand.
func questionsAndAlerts(t *testing.T) map[string]string {
	t.Helper()
	asked := questions(t)
	for _, g := range alerts(t).Groups {
		for _, r := range g.Rules {
			asked["alert "+r.Alert] = r.Expr
		}
	}
	var ts tests
	if err := yaml.Unmarshal(read(t, filepath.Join(examples, "alerts_test.yml")), &ts); err != nil {
		t.Fatal(err)
	}
	for i, test := range ts.Tests {
		for _, s := range test.Series {
			asked[fmt.Sprintf("test %d, %s", i, s.Series)] = s.Series
		}
	}
	return asked
}

// TestMetricsExist: alerts, their tests and the dashboard name nothing that is
// not in docs/metrics.md, which is held against the code.
func TestMetricsExist(t *testing.T) {
	known := map[string]bool{"up": true, "process_resident_memory_bytes": true}
	row := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\w+) \\|")
	for _, m := range row.FindAllStringSubmatch(string(read(t, docs)), -1) {
		switch name := m[1]; m[2] {
		case "histogram":
			known[name+"_bucket"], known[name+"_sum"], known[name+"_count"] = true, true, true
		case "summary":
			known[name+"_sum"], known[name+"_count"] = true, true
		default:
			known[name] = true
		}
	}
	asked := questionsAndAlerts(t)
	name := regexp.MustCompile(`\b(foster_\w+|process_\w+|up)\b`)
	for where, expr := range asked {
		names := name.FindAllString(expr, -1)
		if len(names) == 0 {
			t.Errorf("%s asks for nothing of foster's: %s", where, expr)
		}
		for _, n := range names {
			if !known[n] {
				t.Errorf("%s asks for %s, which does not exist", where, n)
			}
		}
	}
}

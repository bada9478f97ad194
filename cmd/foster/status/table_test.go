package status

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"foster/report"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)

// ailing is a project with everything that a table has words for.
func ailing() report.Status {
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	attached := func(names ...string) (out []report.Attachment) {
		for _, n := range names {
			out = append(out, report.Attachment{Network: n, State: "attached"})
		}
		return out
	}
	return report.Status{
		Schema: report.Schema, Now: noon, Project: "ci_runner", Stage: "up",
		Foster: report.Foster{Version: "1.4.0", Started: ago(26 * time.Hour), Task: "ci_runner.1.zk4h0wq1c9x0"},
		Health: report.Verdict{State: "backoff", Reason: "db: in back-off after 3 tries"}, Engine: report.Engine{API: "1.41", Stream: true},
		Children: []report.Child{
			{
				Name: "web", Phase: "running", Since: ago(3 * time.Hour), Whole: true, Health: "healthy", Restarts: 12, Attachments: attached("front", "back"),
				Last: &report.Entry{At: ago(5 * time.Minute), Cause: "disconnected", Down: 412.4},
			},
			{
				Name: "db", Phase: "waiting", Since: ago(4 * time.Second), Health: "none", Restarts: 3, Retry: noon.Add(12 * time.Second),
				Fault:       &report.Fault{Cause: "died", At: ago(40 * time.Second), Attempts: 3},
				Attachments: []report.Attachment{{Network: "back", State: "missing"}, {Network: "front", State: "unavailable", Holder: "a stranger"}},
			},
			{Name: "migrate", Phase: "completed", Since: ago(72 * time.Hour), Health: "none", Last: &report.Entry{At: ago(49 * time.Hour), Cause: "oom", Down: 61000}},
			{Name: "slow", Phase: "running", Since: ago(time.Minute), Health: "starting", Paused: true, Waits: "db to run", Holder: "ci_runner.1.other"},
		},
		Recoveries: report.Recoveries{Count: 16, P50: 3.25, P99: 1234, Max: 61000},
		History: []report.Entry{
			{At: ago(2 * time.Hour), Kind: "fault", Child: "gone", Text: "too old to be shown"},
			{At: ago(time.Hour), Kind: "stage", Text: "project: opening -> up"},
			{At: ago(5 * time.Minute), Kind: "fault", Child: "web", Text: "fault: the child was cut off a network"},
			{At: ago(5 * time.Minute), Kind: "recovered", Child: "web", Text: "recovered: the child is whole again", Cause: "disconnected", Down: 412.4},
			{At: ago(40 * time.Second), Kind: "fault", Child: "db", Text: "fault: the child died with exit code 1"},
			{At: ago(39 * time.Second), Kind: "trouble", Child: "db", Text: "failed, it is tried again: start", Detail: strings.Repeat("very ", 20) + "long"},
			{At: ago(4 * time.Second), Kind: "fault", Child: "db", Text: "fault: the child died with exit code 1"},
		},
	}
}

const ailingTable = `ci_runner  backoff: db: in back-off after 3 tries
foster 1.4.0, up 26h, task ci_runner.1.zk4h0wq1c9x0

CHILD    PHASE      HEALTH    NETS  RESTARTS  FOR  LAST RECOVERY
web      running    healthy   2/2   12        3h   disconnected 412ms, 5m ago
db       waiting    -         0/2   3         4s   -
migrate  completed  -         -     0         3d   oom 1m1s, 2d ago
slow     paused     starting  -     0         60s  -
  db: died 40s ago, 3 tries to recover
  db: next try in 12s
  db: network back is missing
  db: network front is unavailable, its address is held by a stranger
  slow: waits for db to run
  slow: its place is held by ci_runner.1.other

16 recoveries: median 3.2ms, 99 % within 1.2s, longest 1m1s

11:00:00  project: opening -> up
11:55:00  web: fault: the child was cut off a network
11:55:00  web: recovered: the child is whole again (disconnected, 412ms)
11:59:20  db: fault: the child died with exit code 1
11:59:21  db: failed, it is tried again: start: very very very very very very v…
11:59:56  db: fault: the child died with exit code 1
`

func TestTable(t *testing.T) {
	var out bytes.Buffer
	Table(&out, ailing(), Style{})
	if out.String() != ailingTable {
		t.Errorf("got\n%s\nwant\n%s", out.String(), ailingTable)
	}
	fits(t, out.String(), 80)
}

// TestTableOfLabels: what no foster has told is not made up.
func TestTableOfLabels(t *testing.T) {
	s := report.Status{
		Source: report.SourceLabels, Now: noon, Project: "ci", Stage: "unknown", Foster: report.Foster{Version: "1.4.0", Container: strings.Repeat("ab", 32)},
		Health:   report.Verdict{State: "whole", Healthy: true, Ready: true, Reason: "1 child runs"},
		Children: []report.Child{{Name: "web", Phase: "running", Since: noon.Add(-time.Hour), Whole: true, Health: "none", Attachments: []report.Attachment{{Network: "n", State: "attached"}}}},
	}
	const want = `ci  whole: 1 child runs
as the engine has it: no foster answers, foster 1.4.0, container abababababab

CHILD  PHASE    HEALTH  NETS  RESTARTS  FOR  LAST RECOVERY
web    running  -       1/1   -         60m  -
`
	var out bytes.Buffer
	Table(&out, s, Style{})
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// TestWidth: a hundred children with the longest names fit, and can be told apart.
func TestWidth(t *testing.T) {
	s := ailing()
	s.Project = strings.Repeat("p", 63)
	s.Health.Reason = strings.Repeat("because ", 40)
	s.Foster.Task = s.Project + ".1.abcdefghijklmnopqrstuvwxy"
	s.Children = nil
	for i := range 100 {
		s.Children = append(s.Children, report.Child{
			Name: fmt.Sprintf("%03d-%s", i, strings.Repeat("é", 60)), Phase: "completed", Health: "unhealthy", Restarts: 12345678, Since: noon.Add(-100 * time.Hour),
			Attachments: []report.Attachment{{Network: strings.Repeat("n", 90), State: "unavailable"}},
			Last:        &report.Entry{At: noon.Add(-time.Hour), Cause: "parent-recreated", Down: 123456},
		})
	}
	for _, columns := range []int{0, 72, 80, 100} {
		var table, list bytes.Buffer
		Table(&table, s, Style{Columns: columns})
		List(&list, []report.Status{s}, Style{Columns: columns})
		width := columns
		if width == 0 {
			width = 80
		}
		for _, text := range []string{table.String(), list.String()} {
			fits(t, text, width)
			if !strings.Contains(text, "…") || strings.Count(text, "\n") < 101 {
				t.Errorf("not cut, or not whole:\n%s", text)
			}
			if !strings.Contains(text, "\n099-é") && !strings.Contains(text, " 099-é") {
				t.Errorf("the last child is not there:\n%s", text)
			}
		}
	}
}

func fits(t *testing.T, text string, width int) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
			t.Errorf("%d characters, %d fit: %s", n, width, line)
		}
	}
}

func TestList(t *testing.T) {
	web := report.Status{
		Now: noon, Project: "a", Source: report.SourceLabels, Health: report.Verdict{State: "whole", Healthy: true, Ready: true},
		Children: []report.Child{{Name: "web", Phase: "running", Health: "none", Since: noon.Add(-5 * time.Second)}},
	}
	const want = `PROJECT    STATE    CHILD    PHASE      HEALTH    NETS  RESTARTS  FOR
a          whole    web      running    -         -     -         5s
ci_runner  backoff  web      running    healthy   2/2   12        3h
ci_runner  backoff  db       waiting    -         0/2   3         4s
ci_runner  backoff  migrate  completed  -         -     0         3d
ci_runner  backoff  slow     paused     starting  -     0         60s
empty               -        -          -         -     -         -
`
	var out bytes.Buffer
	List(&out, []report.Status{ailing(), {Now: noon, Project: "empty"}, web}, Style{})
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// TestPrintable: what is told from inside a container cannot steer a terminal.
func TestPrintable(t *testing.T) {
	const evil = "a\x1b[2Jb\u009bc\nd\x00\r\u202e"
	s := ailing()
	s.Project, s.Health.State, s.Health.Reason, s.Foster.Version, s.Foster.Task = evil, evil, evil, evil, evil
	s.Children[0].Name, s.Children[1].Phase, s.Children[1].Health, s.Children[1].Holder = evil, evil, evil, evil
	s.History[6].Text, s.History[6].Detail = evil, evil
	var out bytes.Buffer
	Table(&out, s, Style{})
	List(&out, []report.Status{s}, Style{})
	if text := out.String(); strings.ContainsAny(text, "\x1b\u009b\x00\r\u202e") || strings.Count(text, "a[2Jbc d") < 10 {
		t.Errorf("%q", text)
	}
}

// TestColour: it is only between the words, and takes no room.
func TestColour(t *testing.T) {
	var coloured bytes.Buffer
	Table(&coloured, ailing(), Style{Colour: true})
	text := coloured.String()
	for _, want := range []string{green + "running" + reset, red + "backoff" + reset, yellow + "paused" + reset, red + "0/2" + reset} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if bare := strings.NewReplacer(green, "", red, "", yellow, "", bold, "", reset, "").Replace(text); bare != ailingTable {
		t.Errorf("without its colours it is\n%s", bare)
	}
}

func TestSpans(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 119 * time.Second: "119s", 2 * time.Minute: "2m", 119 * time.Minute: "119m", 2 * time.Hour: "2h", 47 * time.Hour: "47h", 48 * time.Hour: "2d",
	} {
		if got := span(d); got != want {
			t.Errorf("%s is %s, want %s", d, got, want)
		}
	}
	for ms, want := range map[float64]string{0.42: "0.4ms", 9.99: "10.0ms", 412.4: "412ms", 1234: "1.2s", 61000: "1m1s"} {
		if got := took(ms); got != want {
			t.Errorf("%g ms is %s, want %s", ms, got, want)
		}
	}
}

package chaos

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func sample() (*Target, *Summary) {
	web := &Target{Project: "demo", Child: "web", faults: []fault{{kind: Kill}}}
	s := newSummary(Config{Options: Options{Seed: 42}})
	s.Probe, s.Asked, s.Widest, s.Took = "http://web:8080/", 12345, 3*time.Millisecond, 90*time.Second
	for n, ms := range []int{231, 245, 250, 260, 2900} {
		s.add(Round{
			N: n + 1, Target: web, Kind: Kill, At: time.Unix(1000, 0), Recovered: true, Measured: true,
			Recovery: time.Duration(ms) * time.Millisecond, Early: ms > 1000, Probed: true, Down: time.Duration(ms+20) * time.Millisecond,
		}, false)
	}
	s.add(Round{N: 6, Target: web, Kind: Pause, At: time.Unix(1001, 0), Recovered: true, Measured: true, Recovery: 510 * time.Millisecond}, false)
	s.add(Round{N: 7, Target: web, Kind: Cut, Network: "front", At: time.Unix(1002, 0), Why: "it is not attached to front"}, false)
	return web, s
}

// TestSummary: what a person reads; pauses are no part of "all".
func TestSummary(t *testing.T) {
	_, s := sample()
	for _, utf := range []bool{true, false} {
		var out, errs bytes.Buffer
		r := &Report{Out: &out, Err: &errs, Style: Style{UTF8: utf}}
		r.Summary(s)
		for _, want := range []string{
			"7 faults (5 kill, 1 cut, 1 pause) in 90.0 s, seed 42",
			"  kill          5      250     2900     2900     2900     2900\n",
			"  pause         1      510      510      510      510      510\n",
			"  all           5      250     2900     2900     2900     2900\n",
			"1 ended a run shorter than FOSTER_STABLE_AFTER",
			"downtime of http://web:8080/, ms",
			"12345 questions, at most 3 ms between two; 2 faults went unnoticed",
			"never recovered:\n  round 7  00:16:42.000  demo/web  cut front: it is not attached to front\n",
		} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, out.String())
			}
		}
		for line := range strings.Lines(out.String()) {
			if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 80 || !utf && utf8.RuneCountInString(line) != len(line) || strings.Contains(line, "\x1b") {
				t.Errorf("%q", line)
			}
		}
	}
}

// TestJSON: each line is an object, and times are milliseconds.
func TestJSON(t *testing.T) {
	web, s := sample()
	var out, errs bytes.Buffer
	r := &Report{Out: &out, Err: &errs, Style: Style{JSON: true, Bar: true}}
	r.Head(Options{Kinds: []Kind{Kill}, Rounds: 7, Seed: 42}, Found{Targets: []*Target{web}}, nil)
	r.round(Round{N: 1, Target: web, Kind: Kill, Recovered: true, Measured: true, Recovery: 231_456_789})
	r.round(Round{N: 2, Target: web, Kind: Cut, Network: "front", Why: "it is gone"})
	r.Summary(s)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 || strings.Contains(out.String(), "\x1b") {
		t.Fatalf("%q", lines)
	}
	var one, two, sum map[string]any
	for i, v := range []*map[string]any{&one, &two, &sum} {
		if err := json.Unmarshal([]byte(lines[i]), v); err != nil {
			t.Fatal(err)
		}
	}
	if one["type"] != "round" || one["recovery_ms"] != 231.457 || one["recovered"] != true || one["child"] != "web" {
		t.Errorf("%s", lines[0])
	}
	if _, has := two["recovery_ms"]; has || two["why"] != "it is gone" || two["network"] != "front" {
		t.Errorf("%s", lines[1])
	}
	recovery := sum["recovery_ms"].(map[string]any)
	if sum["type"] != "summary" || sum["seed"] != 42.0 || len(sum["never"].([]any)) != 1 || recovery["all"].(map[string]any)["p95"] != 2900.0 || recovery["pause"].(map[string]any)["n"] != 1.0 {
		t.Errorf("%s", lines[2])
	}
	if !strings.Contains(errs.String(), "seed 42") {
		t.Errorf("the seed is not told: %q", errs.String())
	}
}

// TestProgress is one line that is taken away before anything else is written.
func TestProgress(t *testing.T) {
	web, s := sample()
	var terminal bytes.Buffer // of both
	r := &Report{Out: &terminal, Err: &terminal, Style: Style{Bar: true, UTF8: true}}
	r.Head(Options{Kinds: []Kind{Kill}, Rounds: 4}, Found{Targets: []*Target{web}}, nil)
	r.doing("waits for " + strings.Repeat("x", 200))
	r.round(Round{N: 1, Target: web, Kind: Kill, Recovered: true, Measured: true, Recovery: time.Second})
	r.Summary(s)
	all := terminal.String()
	if !strings.Contains(all, "\r\x1b[K[█████               ] 1/4  waits for xxx") || !strings.Contains(all, "\r\x1b[K   1  kill  demo/web    1000 ms") {
		t.Errorf("%q", all)
	}
	for _, part := range strings.Split(all, "\r\x1b[K") {
		if line, _, _ := strings.Cut(part, "\n"); utf8.RuneCountInString(line) > 80 {
			t.Errorf("%q", line)
		}
	}
	if i := strings.LastIndex(all, "]"); strings.Contains(all[i:], "7 faults") && !strings.Contains(all[i:], "\r\x1b[K") {
		t.Errorf("the line of progress stays: %q", all[i:])
	}
}

// TestNothingMeasured: a run that was interrupted in its first round proves nothing.
func TestNothingMeasured(t *testing.T) {
	web, _ := sample()
	var out bytes.Buffer
	r := &Report{Out: &out, Err: &out}
	s := newSummary(Config{})
	s.add(Round{N: 1, Target: web, Kind: Pause}, true)
	r.Summary(s)
	if got := out.String(); !strings.Contains(got, "was interrupted and is not counted") || !strings.Contains(got, "nothing was measured") || strings.Contains(got, "recovered") {
		t.Error(got)
	}
}

func TestParseJitter(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "0.3": 600 * time.Millisecond, "30%": 600 * time.Millisecond, "1": 2 * time.Second, "500ms": 500 * time.Millisecond} {
		if got, err := ParseJitter(text, 2*time.Second); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "1.5", "-0.1", "101%", "x", "NaN", "3 s"} {
		if got, err := ParseJitter(bad, 2*time.Second); err == nil {
			t.Errorf("%q is %s", bad, got)
		}
	}
}

package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestReport(t *testing.T) {
	r := &report{Seed: 9, Rounds: 3, Bound: time.Minute, Faults: map[string]tally{}}
	for _, err := range []error{nil, errAbsent, errors.New("no")} {
		r.count("kill", err)
	}
	for i, after := range []string{"kill web", "power-cut on n1", "stop web"} {
		r.recovered([]time.Duration{time.Second, 9 * time.Second, 2 * time.Second}[i], after)
	}
	var out strings.Builder
	r.print(&out)
	for _, want := range []string{
		"seed 9: 3 rounds, 1 faults, 3 quiet periods", "kill             1 done, 1 found nobody, 1 could not be done",
		"p50 2.0 s, p90 9.0 s, slowest 9.0 s (bound 60 s), after: power-cut on n1",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	out.Reset()
	if err := r.encode(&out, errors.New("why")); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Seed    uint64
		Failure string
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil || got.Seed != 9 || got.Failure != "why" {
		t.Errorf("%+v (%v)", got, err)
	}
}

func TestSlots(t *testing.T) {
	for task, want := range map[string]int{"a_b.2.xyz": 2, "a_b.j4k2h1.xyz": 0, "a_b.1.xyz": 1, "other": 0} {
		if got := slotOf("a_b", task); got != want {
			t.Errorf("%s is slot %d, want %d", task, got, want)
		}
	}
	l := &launcher{service: "a_b"}
	if a, b := l.projectOf(1), l.projectOf(2); a != "a_b" || b != "a_b-2" {
		t.Errorf("%s and %s", a, b)
	}
}

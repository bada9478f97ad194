package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestPercentiles(t *testing.T) {
	var s samples
	for i := range 20 {
		s.add(0, int64(20-i)) // 20 to 1
	}
	for p, want := range map[float64]time.Duration{0: 1, 50: 10, 95: 19, 100: 20} {
		if got := s.at(p); got != want {
			t.Errorf("percentile %v is %d, want %d", p, got, want)
		}
	}
	if got := (samples{}).at(50); got != 0 {
		t.Errorf("percentile of nothing is %d", got)
	}
}

func TestReport(t *testing.T) {
	const ms = int64(time.Millisecond)
	kill := newStages("die", "destroy", "start")
	kill.add([]int64{0, 50 * ms, 120 * ms})
	r := &report{Machine: "machine", Engine: "engine", Rounds: 1, Paths: []path{kill.path("foster")}}
	r.add(versus("kill → running", samples{130 * time.Millisecond}, samples{100 * time.Millisecond}, 1.3))
	r.add(versus("cut → attached", samples{140 * time.Millisecond}, samples{100 * time.Millisecond}, 1.3))
	r.add(line{What: "memory", Value: 20.5, Unit: "MB", Budget: 20})
	r.add(line{What: "of it anonymous", Value: 6, Unit: "MB"})
	var b strings.Builder
	if err := r.print(&b, false); err != nil {
		t.Fatal(err)
	}
	want := `foster bench: engine
machine

what             rounds       p50       p95  baseline  ratio  budget
kill → running        1  130.0 ms  130.0 ms  100.0 ms   1.30    1.30  ok
cut → attached        1  140.0 ms  140.0 ms  100.0 ms   1.40    1.30  over
memory                    20.5 MB                              20 MB  over
of it anonymous              6 MB

Where the time goes (p50 of each part):
  foster           die ─ 50.0 ms → destroy ─ 70.0 ms → start
`
	if got := b.String(); got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
	b.Reset()
	if err := r.print(&b, true); err != nil {
		t.Fatal(err)
	}
	var back report
	if err := json.Unmarshal([]byte(b.String()), &back); err != nil || len(back.Lines) != 4 || back.Lines[0].P50 != 130*time.Millisecond {
		t.Errorf("JSON does not come back: %v: %+v", err, back)
	}
}

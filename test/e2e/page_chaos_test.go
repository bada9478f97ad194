package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"foster/report"
	"foster/test/lab"
)

// span is a duration on the page.
func span(t *testing.T, said string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(strings.ReplaceAll(said, " ", ""))
	if err != nil {
		t.Fatalf("a duration on the page: %v", err)
	}
	return d
}

// near says whether the page shows a number of milliseconds, rounded as it does.
func near(said time.Duration, ms float64) bool {
	diff := said.Seconds() - ms/1000
	return diff > -0.051 && diff < 0.051
}

// statusOf asks a foster over HTTP how it is.
func statusOf(at string) (s report.Status, err error) {
	client := http.Client{Timeout: patience}
	answer, err := client.Get("http://" + at + "/status")
	if err != nil {
		return s, err
	}
	defer answer.Body.Close()
	return s, json.NewDecoder(answer.Body).Decode(&s)
}

// TestStatusPageInChaos: a page that was open all the while says at the end of a
// chaos what foster itself says, fault by fault, and what chaos has measured.
func TestStatusPageInChaos(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	at := freeAddress(t)
	f := w.foster("LAUNCH_NETWORKS=front back", "FOSTER_LISTEN="+at)
	want := wanted(w.net("front"), w.net("back"))
	w.awaitWhole(want)
	f.awaitSaid("launched")
	b := browse(t, "http://"+at+"/")
	b.shows("#verdict", "Whole")
	value[int](b, "window.loaded = 1")

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, fosterBinary(t), "chaos", "--project", w.project, "--kill", "--stop", "--rm", "--cut", "front", "--cut", "back", "--pause",
		"--every", "300ms", "--rounds", "12", "--seed", "6", "--timeout", "1m", "--json")
	cmd.Env = w.Env()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("chaos: %v\n%s", err, out)
	}
	w.awaitWhole(want)
	var now report.Status
	lab.Eventually(t, patience, "a project that is whole", func() error {
		if now, err = statusOf(at); err == nil && (now.Health.State != "whole" || now.Children[0].Fault != nil) {
			err = fmt.Errorf("it is %+v", now.Health)
		}
		return err
	})
	child, last := now.Children[0], slices.Collect(func(yield func(report.Entry) bool) {
		for _, e := range slices.Backward(now.History) {
			if e.Kind == "recovered" && !yield(e) {
				return
			}
		}
	})
	broken := strings.Count(string(out), `"fault":`) - strings.Count(string(out), `"fault":"pause"`)
	if len(last) != broken || now.Recoveries.Count != broken || child.Faults != broken {
		t.Errorf("chaos broke it %d times; the status has %d recoveries, %d faults, and a history of %d", broken, now.Recoveries.Count, child.Faults, len(last))
	}

	b.shows("#verdict", "Whole")
	b.shows("#link", "live")
	b.shows("#n-faults", fmt.Sprintf("^%d$", child.Faults))
	b.shows("#n-recoveries", fmt.Sprintf("^%d$", now.Recoveries.Count))
	b.shows("#facts", child.Container[:12])
	b.shows("#attachments", "(?s)attached.*attached")
	b.shows(".phase.lit", "^running$")
	b.shows("#events", "somebody paused the child")
	if said := b.shows("#percentiles", `p50\s+([0-9. a-z]+s)`)[1]; !near(span(t, said), now.Recoveries.P50) {
		t.Errorf("the page has a median of %s, the status %.1f ms", said, now.Recoveries.P50)
	}
	rows := value[[]string](b, "[...document.querySelectorAll('#events > .episode .end')].map(n => n.innerText)")
	if len(rows) != len(last) {
		t.Fatalf("the page has the episodes %q, the status %+v", rows, last)
	}
	for i, row := range rows {
		did := map[string]string{"recreated": "made anew", "reattached": "connected again"}[last[i].Did]
		what, took, _ := strings.Cut(row, " in ")
		took, _, _ = strings.Cut(took, ",")
		if what != did || did == "" || !near(span(t, took), last[i].Down) {
			t.Errorf("the page says %q of %+v", row, last[i])
		}
	}
	if bars := b.count("#axis .mended"); bars != len(last) {
		t.Errorf("the axis has %d bars, want %d", bars, len(last))
	}
	if !value[bool](b, "window.loaded === 1") {
		t.Error("the page was loaded anew meanwhile")
	}
	f.stop()
	w.nothingLeft()
}

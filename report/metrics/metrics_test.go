package metrics

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"foster/state"
)

// TestBeginning: before anything has happened, everything that will be counted
// is there with 0, and the children are down.
func TestBeginning(t *testing.T) {
	newWorld(t).shows(map[string]float64{
		`foster_faults_total{cause="died"}`: 0, `foster_recoveries_total{cause="disconnected",outcome="recovered"}`: 0,
		`foster_recovery_duration_seconds_count{did="recreated"}`: 0, `foster_engine_stream_reconnects_total`: 0,
		`foster_build_info{commit="abc",goversion="` + goversion + `",version="v1"}`: 1,
		`foster_project_info{project="p"}`:                                           1,
		`foster_start_time_seconds`:                                                  1000, `foster_stage{stage="opening"}`: 1, `foster_healthy`: 0, `foster_ready`: 0, `foster_engine_stream_up`: 0,
		`foster_child_info{child="web",container="p-web-1",image="app:1"}`: 1,
		`foster_child_up{child="web"}`:                                     0, `foster_child_whole{child="web"}`: 0, `foster_child_start_time_seconds{child="web"}`: -1,
		`foster_child_attachments_wanted{child="web"}`: 2, `foster_child_attachments_present{child="web"}`: 0, `foster_child_faults_total{child="db"}`: 0,
	})
}

// TestRecovery: a fault and its recovery, each once.
func TestRecovery(t *testing.T) {
	w := newWorld(t)
	w.step(state.StreamBack{}, up)
	w.shows(map[string]float64{
		`foster_child_up{child="web"}`: 1, `foster_child_whole{child="web"}`: 1, `foster_child_attachments_present{child="web"}`: 2,
		`foster_child_start_time_seconds{child="web"}`: 2000, `foster_ready`: 1, `foster_stage{stage="up"}`: 1, `foster_stage{stage="opening"}`: -1,
	})
	w.step(state.ChildDied{}, func(s *state.State) { s.Children[1].Phase, s.Children[1].Whole = state.Dead, false },
		state.Note{Kind: state.FaultSeen, Child: "web", Cause: "died", Code: 1})
	w.shows(map[string]float64{
		`foster_child_up{child="web"}`: 0, `foster_child_up{child="db"}`: 1, `foster_ready`: 0, `foster_faults_total{cause="died"}`: 1,
		`foster_child_faults_total{child="web"}`: 1, `foster_child_faults_total{child="db"}`: 0, `foster_events_total{type="child_died"}`: 1,
		`foster_recoveries_total{cause="died",outcome="recovered"}`: 0,
	})
	w.step(state.Observed{}, up, state.Note{Kind: state.Recovered, Child: "web", Cause: "died", Did: state.DidRecreate, Down: 400 * time.Millisecond})
	w.shows(map[string]float64{
		`foster_child_up{child="web"}`: 1, `foster_recoveries_total{cause="died",outcome="recovered"}`: 1,
		`foster_recovery_duration_seconds_bucket{did="recreated",le="0.25"}`: 0, `foster_recovery_duration_seconds_bucket{did="recreated",le="0.5"}`: 1,
		`foster_recovery_duration_seconds_sum{did="recreated"}`: 0.4, `foster_recovery_duration_seconds_count{did="reattached"}`: 0,
		`foster_child_recoveries_total{child="web"}`: 1, `foster_child_restarts_total{child="web"}`: 1,
	})
}

// TestTroubles: what alerts are made of.
func TestTroubles(t *testing.T) {
	w := newWorld(t)
	w.step(state.StreamBack{}, up)
	w.step(state.StreamLost{}, func(s *state.State) { s.StreamUp = false })
	w.shows(map[string]float64{`foster_engine_stream_up`: 0, `foster_engine_stream_reconnects_total`: 0})
	w.step(state.StreamBack{}, func(s *state.State) { s.StreamUp = true })
	w.step(state.ChildHealth{}, func(s *state.State) { s.Children[0].Health, s.Children[0].Whole = state.Unhealthy, false })
	w.step(state.NetLost{}, func(s *state.State) {
		s.Children[1].Nets[0].State, s.Children[1].Whole = state.Missing, false
	})
	w.shows(map[string]float64{
		`foster_engine_stream_up`: 1, `foster_engine_stream_reconnects_total`: 1, `foster_healthy`: 0,
		`foster_child_unhealthy{child="db"}`: 1, `foster_child_unhealthy{child="web"}`: 0, `foster_child_up{child="db"}`: 1,
		`foster_child_attachments_present{child="web"}`: 1, `foster_child_whole{child="web"}`: 0,
	})
	w.step(state.ChildDied{}, func(s *state.State) { s.Children[1].Phase, s.Children[1].Attempt = state.Waiting, 3 })
	w.board.Retries("web", time.Now().Add(time.Hour))
	if left := w.scrape()[`foster_child_backoff_seconds{child="web"}`]; left < 3500 || left > 3600 {
		t.Errorf("%v s of an hour's backoff are left", left)
	}
	w.board.Retries("web", time.Now().Add(-time.Hour))
	w.shows(map[string]float64{`foster_child_backoff_seconds{child="web"}`: 0, `foster_child_backoff_seconds{child="db"}`: 0, `foster_child_attempts{child="web"}`: 3})
	w.step(state.ChildDied{}, func(s *state.State) { s.Children[0].Phase = state.Completed }, state.Note{Kind: state.GaveUp, Child: "web", Cause: "died"})
	w.shows(map[string]float64{
		`foster_recoveries_total{cause="died",outcome="gave-up"}`: 1, `foster_child_completed{child="db"}`: 1, `foster_child_up{child="db"}`: 0, `foster_child_unhealthy{child="db"}`: 0,
	})
}

// TestCauses: each cause that the core's stories have a fault of has a series
// from the beginning.
func TestCauses(t *testing.T) {
	if got, want := slices.Sorted(slices.Values(causes)), slices.Sorted(maps.Keys(causesOf(t, "fault"))); !slices.Equal(got, want) {
		t.Errorf("the causes are %v, the stories have %v", got, want)
	}
}

// causesOf are those that notes of a kind have in the core's stories.
func causesOf(t *testing.T, kind string) map[string]bool {
	t.Helper()
	stories, err := filepath.Glob("../../state/testdata/*.txt")
	if err != nil || len(stories) == 0 {
		t.Fatalf("%d stories, %v", len(stories), err)
	}
	note := regexp.MustCompile(`note ` + kind + ` .*\bcause=([a-z-]+)`)
	told := map[string]bool{}
	for _, path := range stories {
		story, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range note.FindAllStringSubmatch(string(story), -1) {
			told[m[1]] = true
		}
	}
	return told
}

// TestGaveUpCauses: the documentation names each cause that the core's stories
// give up for without a fault of that cause.
func TestGaveUpCauses(t *testing.T) {
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	others := 0
	for cause := range causesOf(t, "gave-up") {
		if slices.Contains(causes, cause) {
			continue
		}
		if others++; !strings.Contains(string(text), "(`"+cause+"`)") {
			t.Errorf("%s does not name %s", docs, cause)
		}
	}
	if others == 0 {
		t.Error("the stories give up for causes of faults only")
	}
}

// TestLint: names, units and helps are as Prometheus wants them.
func TestLint(t *testing.T) {
	w := exercised(t)
	problems, err := testutil.GatherAndLint(w.registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

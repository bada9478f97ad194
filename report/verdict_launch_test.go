package report

import (
	"strings"
	"testing"
	"time"

	"foster/state"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TestJudgeLaunchAfterStandby: what a new task launches after the hand-over has
// the time of a start period, and only what is merely being launched has it.
func TestJudgeLaunchAfterStandby(t *testing.T) {
	handed := noon.Add(-time.Minute)
	healthBegins := state.Child{Phase: state.Alive, Seen: true, Attempt: 1, Health: state.HealthStarting}
	with := func(ch state.Child, change func(*state.Child)) state.Child {
		change(&ch)
		return ch
	}
	for _, x := range []struct {
		name    string
		child   state.Child
		handed  time.Time
		state   string
		healthy bool
	}{
		{"pulled", state.Child{Phase: state.Preparing}, handed, "launching", true},
		{"waits for another", state.Child{Phase: state.Absent, Awaits: "db to run"}, handed, "launching", true},
		{"created", state.Child{Phase: state.Creating, Attempt: 1}, handed, "launching", true},
		{"not looked at yet", state.Child{Phase: state.Alive, Attempt: 1}, handed, "launching", true},
		{"its healthcheck begins", healthBegins, handed, "launching", true},
		{"with the fault that the wait was", with(healthBegins, func(ch *state.Child) { ch.Fault = state.Fault{Cause: "parent-down", At: handed, Attempts: 1} }), handed, "launching", true},
		{"after nine minutes", healthBegins, noon.Add(-9 * time.Minute), "launching", true},
		{"after ten minutes", healthBegins, noon.Add(-10 * time.Minute), "starting", false},
		{"never waited", healthBegins, time.Time{}, "starting", false},
		{"its pull has failed", state.Child{Phase: state.Preparing, Failing: []state.Series{{What: "pull", Count: 1}}}, handed, "starting", false},
		{"the second try", with(healthBegins, func(ch *state.Child) { ch.Attempt = 2 }), handed, "starting", false},
		{"a fault since", with(healthBegins, func(ch *state.Child) { ch.Fault = state.Fault{Cause: "died", At: handed.Add(time.Second)} }), handed, "starting", false},
		{"unhealthy", with(healthBegins, func(ch *state.Child) { ch.Health = state.Unhealthy }), handed, "unhealthy", false},
		{"in back-off", state.Child{Phase: state.Waiting, Attempt: 1}, handed, "backoff", false},
		{"was whole", with(healthBegins, func(ch *state.Child) { ch.Launched = true; ch.Fault.Attempts = 2 }), handed, "starting", false},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.child.Name = "web"
			got := Judge(state.State{Stage: state.Up, StreamUp: true, Children: []state.Child{x.child}}, noon, x.handed)
			if got.State != x.state || got.Healthy != x.healthy || got.Ready || !strings.HasPrefix(got.Reason, "web: ") {
				t.Errorf("%+v, want %s (healthy %t)", got, x.state, x.healthy)
			}
		})
	}
}

// TestBoardKnowsTheHandOver: a wait that is over begins the grace, a launch
// without one has none, and neither has what follows another stage.
func TestBoardKnowsTheHandOver(t *testing.T) {
	for name, x := range map[string]struct {
		stages []state.Stage
		state  string
	}{
		"standby": {[]state.Stage{state.Standby, state.Up}, "launching"},
		"away":    {[]state.Stage{state.Away, state.Up}, "launching"},
		"neither": {[]state.Stage{state.Up}, "starting"},
		"closing": {[]state.Stage{state.Standby, state.Closing}, "aborting"},
	} {
		s := state.New(state.Config{Children: []state.ChildConfig{{Name: "web"}}})
		b := NewBoard(Config{}, s)
		for _, stage := range x.stages {
			next := s
			next.Stage, next.StreamUp = stage, true
			b.Stepped(Step{At: time.Now(), From: s, To: next, Event: state.StreamBack{}})
			s = next
		}
		if got, all := b.Health(), b.Status(false).Health; got.State != x.state || all != got {
			t.Errorf("%s: %+v, %+v, want %s", name, got, all, x.state)
		}
	}
}

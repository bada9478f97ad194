package report

import (
	"slices"
	"testing"
	"time"

	"foster/state"
)

// TestWay: a child's Status tells the phases before the present one, and as
// many as one recovery has.
func TestWay(t *testing.T) {
	s := state.New(state.Config{Children: []state.ChildConfig{{Name: "web"}}})
	b := NewBoard(Config{}, s)
	if got := b.Status(false).Children[0].Way; got != nil {
		t.Errorf("before the first step: %q", got)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, p := range []state.Phase{state.Absent, state.Preparing, state.Creating, state.Starting, state.Alive, state.Alive, state.Dead, state.Removing, state.Waiting, state.Absent} {
		to := s
		to.Children = slices.Clone(s.Children)
		to.Children[0].Phase = p
		at = at.Add(time.Second)
		b.Stepped(Step{At: at, From: s, To: to})
		s = to
	}
	got := b.Status(false).Children[0]
	want := []string{"absent", "preparing", "creating", "starting", "running", "dead", "removing", "waiting"}
	if !slices.Equal(got.Way, want) || got.Phase != "absent" || !got.Since.Equal(at) {
		t.Errorf("in %s since %s by way of %q, want %q", got.Phase, got.Since, got.Way, want)
	}
}

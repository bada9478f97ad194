package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"foster/state"
)

// told makes a board, and a function that tells it one step.
func told(children ...string) (b *Board, step func(change func(*state.State), effects ...state.Effect)) {
	cfg := state.Config{Networks: []state.NetworkConfig{{Name: "front"}}}
	info := Config{Project: "p", Foster: Foster{Started: time.Unix(0, 0)}}
	for _, name := range children {
		cfg.Children = append(cfg.Children, state.ChildConfig{Name: name, Networks: []string{"front"}})
		info.Children = append(info.Children, ChildInfo{ContainerName: "p-" + name + "-1", Image: "app:1"})
	}
	s := state.New(cfg)
	b = NewBoard(info, s)
	at := time.Unix(0, 0)
	return b, func(change func(*state.State), effects ...state.Effect) {
		at = at.Add(time.Second)
		next := s
		next.Children, next.Networks = slices.Clone(s.Children), slices.Clone(s.Networks)
		if change != nil {
			change(&next)
		}
		b.Stepped(Step{At: at, From: s, To: next, Event: state.ResyncDue{}, Effects: effects})
		s = next
	}
}

// TestCounts: faults, recoveries and restarts are counted by child, and the
// last recovery is at hand.
func TestCounts(t *testing.T) {
	b, step := told("db", "web")
	step(func(s *state.State) { s.Stage = state.Up; s.Children[1].Phase = state.Alive })
	step(nil, state.Note{Kind: state.FaultSeen, Child: "web", Cause: "died", Code: 3})
	step(nil, state.Note{Kind: state.Relapse, Child: "web", Cause: "unhealthy"})              // of the same fault
	step(nil, state.Note{Kind: state.Relapse, Child: "web", Cause: "unhealthy", Again: true}) // for debugging only
	step(nil, state.Note{Kind: state.Recovered, Child: "web", Cause: "died", Did: state.DidRecreate, Attempt: 1, Down: 1500 * time.Millisecond})
	step(nil, state.Note{Kind: state.FaultSeen, Child: "web", Cause: "disconnected"})
	step(nil, state.Note{Kind: state.Recovered, Child: "web", Cause: "disconnected", Did: state.DidReattach, Down: 100 * time.Millisecond})
	step(nil, state.Note{Kind: state.Trouble, Cause: "look", Attempt: 2}) // for debugging only
	s := b.Status(true)
	web := s.Children[1]
	if web.Faults != 2 || web.Recovered != 2 || web.Restarts != 1 || web.Last == nil || web.Last.Did != state.DidReattach || web.Last.Down != 100 {
		t.Errorf("web is %+v", web)
	}
	if web.ContainerName != "p-web-1" || web.Image != "app:1" || web.Phase != "running" || !web.Since.Equal(time.Unix(1, 0)) {
		t.Errorf("web is %+v", web)
	}
	if db := s.Children[0]; db.Faults+db.Recovered+db.Restarts != 0 || db.Last != nil {
		t.Errorf("db is %+v", db)
	}
	r := s.Recoveries
	if r.Count != 2 || r.ByCause["died"] != 1 || r.ByCause["disconnected"] != 1 || r.P50 != 100 || r.Max != 1500 || !slices.Equal(r.Newest, []float64{1500, 100}) {
		t.Errorf("recoveries are %+v", r)
	}
	var kinds []string
	for i, e := range s.History {
		kinds = append(kinds, e.Kind)
		if e.Seq != uint64(i+1) {
			t.Errorf("entry %d has the number %d", i, e.Seq)
		}
	}
	if want := []string{"stage", "fault", "relapse", "recovered", "fault", "recovered"}; !slices.Equal(kinds, want) {
		t.Errorf("the history is %v, want %v", kinds, want)
	}
	if s.Seq != 6 || len(b.Status(false).History) != 0 {
		t.Errorf("seq is %d", s.Seq)
	}
}

// TestOutputIsNotTold: what the healthcheck of an unhealthy child printed is in
// no entry, of whatever kind; why foster gives up on one is.
func TestOutputIsNotTold(t *testing.T) {
	b, step := told("web")
	for k := state.FaultSeen; k <= state.Overcome; k++ {
		step(nil, state.Note{Kind: k, Child: "web", Cause: "unhealthy", Detail: "exit 1: the password hunter2 is refused", Code: 1})
		step(nil, state.Note{Kind: k + 100, Child: "web", Cause: "unhealthy", Detail: "exit 1: hunter2"}) // a kind of later
	}
	step(nil, state.Note{Kind: state.GaveUp, Child: "web", Cause: "unhealthy", Detail: state.AttemptsSpent, Attempt: 3})
	document, err := json.Marshal(b.Status(true))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(document), "hunter2") {
		t.Errorf("it has what the healthcheck printed: %s", document)
	}
	if h := b.Status(true).History; len(h) < int(state.Overcome) || h[len(h)-1].Detail != state.AttemptsSpent {
		t.Errorf("the history is %+v", h)
	}
}

// TestHistoryIsBounded: the newest are kept, and Since gives what is new of them.
func TestHistoryIsBounded(t *testing.T) {
	b, step := told("web")
	for i := range historyKept + 50 {
		step(nil, state.Note{Kind: state.Recovered, Child: "web", Cause: fmt.Sprint(i % 3), Down: time.Duration(i) * time.Millisecond})
	}
	h := b.Status(true).History
	if len(h) != historyKept || h[0].Seq != 51 || h[len(h)-1].Seq != historyKept+50 {
		t.Errorf("%d entries from %d to %d", len(h), h[0].Seq, h[len(h)-1].Seq)
	}
	for seq, want := range map[uint64]int{0: historyKept, 50: historyKept, 51: historyKept - 1, historyKept + 49: 1, historyKept + 50: 0, 1 << 40: 0} {
		if got := b.Since(seq); len(got) != want || want > 0 && got[0].Seq != max(seq+1, 51) {
			t.Errorf("since %d there are %d, want %d", seq, len(got), want)
		}
	}
	r := b.Status(false).Recoveries
	if len(r.Newest) != recoveriesKept || r.Count != historyKept+50 || r.Newest[0] != 50 {
		t.Errorf("%d durations of %d, the first %v", len(r.Newest), r.Count, r.Newest[0])
	}
}

// TestReaders: one that moved wakes every reader, one that sleeps holds nobody
// up, and one that is closed is forgotten.
func TestReaders(t *testing.T) {
	b, step := told("web")
	awake, asleep, closed := b.Subscribe(), b.Subscribe(), b.Subscribe()
	closed.Close()
	defer awake.Close()
	defer asleep.Close()
	moved := func(r *Reader) bool {
		select {
		case <-r.Moved():
			return true
		default:
			return false
		}
	}
	for i := range 3 {
		step(nil, state.Note{Kind: state.Launched, Child: "web"})
		if !moved(awake) {
			t.Errorf("step %d: nobody was told", i)
		}
	}
	step(nil, state.Observe{Op: 1}) // moves nothing that is shown
	if moved(awake) {
		t.Error("a reader was woken for nothing")
	}
	if !moved(asleep) || moved(asleep) {
		t.Error("who slept is told once")
	}
	step(func(s *state.State) { s.Children[0].Attempt++ })
	if !moved(awake) || b.Status(false).Children[0].Attempt != 1 {
		t.Error("nobody was told of another attempt")
	}
	for name, change := range map[string]func(*state.Network){
		"state": func(n *state.Network) { n.State = state.NetPresent }, "failure": func(n *state.Network) { n.Attempt++ },
	} {
		if step(func(s *state.State) { change(&s.Networks[0]) }); !moved(awake) {
			t.Errorf("nobody was told of a network's %s", name)
		}
	}
	step(func(s *state.State) { s.Networks[0].Op++ })
	if moved(awake) {
		t.Error("a reader was woken for what is not shown of a network")
	}
	if moved(closed) {
		t.Error("who left is still told")
	}
	b.Retries("web", time.Unix(99, 0))
	step(func(s *state.State) { s.Children[0].Phase = state.Waiting })
	if got := b.Status(false).Children[0].Retry; !got.Equal(time.Unix(99, 0)) || !moved(awake) {
		t.Errorf("the next try is at %s", got)
	}
}

func TestPercentiles(t *testing.T) {
	var hundred []float64
	for i := 1; i <= 100; i++ {
		hundred = append(hundred, float64(i))
	}
	for _, row := range []struct {
		values []float64
		p      float64
		want   float64
	}{{nil, 50, 0}, {[]float64{7}, 50, 7}, {[]float64{7}, 99, 7}, {hundred, 50, 50}, {hundred, 90, 90}, {hundred, 99, 99}, {hundred, 100, 100}, {[]float64{1, 2, 3}, 50, 2}} {
		if got := percentile(row.values, row.p); got != row.want {
			t.Errorf("p%v of %d values is %v, want %v", row.p, len(row.values), got, row.want)
		}
	}
}

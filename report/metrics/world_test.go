package metrics

import (
	"bufio"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"foster/report"
	"foster/state"
)

// world is Metrics of a project with two children.
type world struct {
	*Metrics
	t     *testing.T
	board *report.Board
	calls *Calls
	now   state.State
}

func newWorld(t *testing.T) *world {
	now := state.New(state.Config{Children: []state.ChildConfig{
		{Name: "db", Networks: []string{"back"}}, {Name: "web", Networks: []string{"back", "front"}},
	}})
	board := report.NewBoard(report.Config{
		Project: "p", Foster: report.Foster{Started: time.Unix(1000, 0), Service: "s", Task: "s.1.x"},
		Children: []report.ChildInfo{{ContainerName: "p-db-1", Image: "db:1"}, {ContainerName: "p-web-1", Image: "app:1"}},
	}, now)
	calls := NewCalls()
	return &world{New(Config{Board: board, Calls: calls, Version: "v1", Commit: "abc"}), t, board, calls, now}
}

// step makes one step of the loop.
func (w *world) step(ev state.Event, change func(*state.State), notes ...state.Note) {
	s := report.Step{At: time.Now(), From: w.now, To: w.now, Event: ev}
	s.To.Children = append([]state.Child(nil), w.now.Children...)
	for i := range s.To.Children {
		s.To.Children[i].Nets = append([]state.Attachment(nil), s.To.Children[i].Nets...)
	}
	if change != nil {
		change(&s.To)
	}
	for _, n := range notes {
		s.Effects = append(s.Effects, n)
	}
	w.now = s.To
	w.board.Stepped(s)
	w.Stepped(s)
}

// scrape is the samples that a Prometheus reads.
func (w *world) scrape() map[string]float64 {
	w.t.Helper()
	answer := httptest.NewRecorder()
	w.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(w.t.Context(), "GET", "/metrics", nil))
	if answer.Code != 200 {
		w.t.Fatalf("the scrape failed: %d %s", answer.Code, answer.Body)
	}
	samples := map[string]float64{}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		v, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			w.t.Fatalf("%q: %v", line, err)
		}
		samples[line[:at]] = v
	}
	return samples
}

// shows compares samples; a name without a value among them (-1) must be absent.
func (w *world) shows(want map[string]float64) {
	w.t.Helper()
	got := w.scrape()
	for name, v := range want {
		if is, ok := got[name]; ok != (v >= 0) || ok && is != v {
			w.t.Errorf("%s is %v (there: %t), want %v", name, is, ok, v)
		}
	}
}

// up is the project with both children whole.
func up(s *state.State) {
	s.Stage, s.StreamUp = state.Up, true
	for i := range s.Children {
		ch := &s.Children[i]
		ch.Phase, ch.Whole, ch.Seen, ch.Launched, ch.StartedAt, ch.Attempt = state.Alive, true, true, true, time.Unix(2000, 0), 1
		for k := range ch.Nets {
			ch.Nets[k].State = state.Attached
		}
	}
}

package webhook

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"foster/report"
	"foster/state"
)

// TestFarewell: why foster gave up is told although the run is over, also when
// a try was under way, and a server that does not answer costs a second.
func TestFarewell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(try int) (*http.Response, error) {
			if try == 1 {
				return answer(500)
			}
			return answer(200)
		})
		w.fault(1)
		w.note(state.Note{Kind: state.GaveUp, Child: "web", Cause: "died", Detail: "the attempts are spent"})
		w.end()
		w.want("0s ci/web: giving up, the rest is for the restart policy of the service: the attempts are spent",
			"0s ci/web: fault: the child died with exit code 1")
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.out.answer = func(int) (*http.Response, error) { panic("replaced") }
		hang := hanging{}
		s := New(Config{URL: secretURL, Board: w.board, Log: zerolog.Nop(), Transport: hang})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w.end()
		w.board.Stepped(report.Step{From: w.s, To: w.s, Effects: []state.Effect{state.Note{Kind: state.GaveUp}}})
		before := time.Now()
		if err := s.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
		if took := time.Since(before); took != farewell {
			t.Errorf("the end took %s, want %s", took, farewell)
		}
	})
}

// TestSlowFarewell: a server that is slow hears why foster gave up, before all
// the faults that wait.
func TestSlowFarewell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(int) (*http.Response, error) {
			time.Sleep(200 * time.Millisecond)
			return answer(200)
		})
		for i := range burst {
			w.fault(i)
		}
		w.note(state.Note{Kind: state.GaveUp, Child: "web", Cause: "died", Detail: "the attempts are spent"})
		began := time.Now()
		w.end()
		if took := time.Since(began); took > farewell+200*time.Millisecond {
			t.Errorf("the end took %s", took)
		}
		if got := strings.Join(w.out.got, "\n"); !strings.Contains(got, "giving up") || len(w.out.got) < 4 || len(w.out.got) > 6 {
			t.Errorf("the server got\n%s", got)
		}
	})
}

// hanging never answers.
type hanging struct{}

func (hanging) RoundTrip(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

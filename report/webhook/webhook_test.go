package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"foster/report"
	"foster/state"
)

const secretURL = "https://user:pa55@hooks.example.org/T0/s3cret?token=t0ken"

// receiver is the server at the other end, in memory.
type receiver struct {
	mu     sync.Mutex
	began  time.Time
	answer func(try int) (*http.Response, error)
	tries  int
	ids    []string // of each try
	got    []string // summaries of what was taken, with their time
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.tries++
	r.ids = append(r.ids, req.Header.Get("Foster-Delivery"))
	resp, err := r.answer(r.tries)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 300 {
		var m struct{ Summary string }
		if err := json.Unmarshal(raw, &m); err != nil {
			return nil, err
		}
		r.got = append(r.got, fmt.Sprintf("%s %s", time.Since(r.began).Round(100*time.Millisecond), m.Summary))
	}
	return resp, nil
}

func answer(code int, header ...string) (*http.Response, error) {
	resp := &http.Response{StatusCode: code, Status: fmt.Sprintf("%d %s", code, http.StatusText(code)), Header: http.Header{}, Body: http.NoBody}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp, nil
}

// world is a Sender with a board to tell things on, in a bubble.
type world struct {
	t     *testing.T
	board *report.Board
	s     state.State
	out   receiver
	log   bytes.Buffer // read after end
	stop  context.CancelFunc
	ended chan error
}

func newWorld(t *testing.T, answer func(try int) (*http.Response, error)) *world {
	w := &world{t: t, s: state.New(state.Config{Children: []state.ChildConfig{{Name: "web"}}}), ended: make(chan error, 1)}
	w.board = report.NewBoard(report.Config{Foster: someFoster, Project: "ci"}, w.s)
	w.out.answer, w.out.began = answer, time.Now()
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	s := New(Config{URL: secretURL, Board: w.board, Foster: someFoster, Project: "ci", Log: zerolog.New(&w.log), Transport: &w.out})
	go func() { w.ended <- s.Run(ctx) }()
	synctest.Wait()
	return w
}

// note lets the loop tell something, which must take no time at all.
func (w *world) note(n state.Note) {
	w.t.Helper()
	before := time.Now()
	w.board.Stepped(report.Step{At: before, From: w.s, To: w.s, Event: state.ResyncDue{}, Effects: []state.Effect{n}})
	if took := time.Since(before); took != 0 {
		w.t.Errorf("the loop was held up for %s", took)
	}
	synctest.Wait()
}

func (w *world) fault(i int) {
	w.t.Helper()
	w.note(state.Note{Kind: state.FaultSeen, Child: "web", Cause: "died", Code: i})
}

func (w *world) end() {
	w.t.Helper()
	w.stop()
	if err := <-w.ended; !errors.Is(err, context.Canceled) {
		w.t.Errorf("Run returned %v", err)
	}
	for _, secret := range []string{"s3cret", "t0ken", "pa55"} {
		if strings.Contains(w.log.String(), secret) {
			w.t.Errorf("the log has %q of the address:\n%s", secret, w.log.String())
		}
	}
}

func (w *world) want(got ...string) {
	w.t.Helper()
	if strings.Join(w.out.got, "\n") != strings.Join(got, "\n") {
		w.t.Errorf("the server got\n\t%s\nwant\n\t%s\nlog:\n%s", strings.Join(w.out.got, "\n\t"), strings.Join(got, "\n\t"), w.log.String())
	}
}

func always(code int) func(int) (*http.Response, error) {
	return func(int) (*http.Response, error) { return answer(code) }
}

func TestInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, always(204))
		w.fault(1)
		w.note(state.Note{Kind: state.Launched, Child: "web"})
		time.Sleep(time.Second)
		w.note(state.Note{Kind: state.Recovered, Child: "web", Cause: "died", Did: state.DidRecreate, Down: 400 * time.Millisecond})
		w.end()
		w.want("0s ci/web: fault: the child died with exit code 1", "1s ci/web: recovered after 400ms (died, recreated)")
	})
}

// TestServerAway: what happens meanwhile is told later, in order, each once.
func TestServerAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(try int) (*http.Response, error) {
			switch {
			case try < 4:
				return nil, errors.New("dial tcp: connection refused")
			case try == 4:
				return answer(503)
			}
			return answer(200)
		})
		w.fault(1)
		w.fault(2)
		time.Sleep(time.Hour)
		w.end()
		if len(w.out.got) != 2 || !strings.HasSuffix(w.out.got[0], "code 1") || !strings.HasSuffix(w.out.got[1], "code 2") {
			t.Errorf("the server got %q", w.out.got)
		}
		if ids := w.out.ids; len(ids) != 6 || ids[0] != "I-1" || ids[4] != "I-1" || ids[5] != "I-2" {
			t.Errorf("tries of %q: want five of the first, one of the second", ids)
		}
		if n := strings.Count(w.log.String(), `"level":"warn"`); n != 1 {
			t.Errorf("%d warnings, want one:\n%s", n, w.log.String())
		}
	})
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(try int) (*http.Response, error) {
			if try == 1 {
				return answer(429, "Retry-After", "30")
			}
			return answer(200)
		})
		w.fault(1)
		time.Sleep(time.Minute)
		w.end()
		w.want("30s ci/web: fault: the child died with exit code 1")
	})
}

// TestRefused: what no repetition mends is tried once, said once, and counted.
func TestRefused(t *testing.T) {
	for _, code := range []int{301, 400, 401, 404, 410} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, func(try int) (*http.Response, error) {
				if try <= 2 {
					return answer(code, "Location", secretURL)
				}
				return answer(200)
			})
			w.fault(1)
			w.fault(2)
			w.fault(3)
			time.Sleep(time.Hour)
			w.end()
			w.want("0s ci/web: fault: the child died with exit code 3 (2 before it were not sent)")
			if n := strings.Count(w.log.String(), `"level":"warn"`); n != 1 || !strings.Contains(w.log.String(), "notifications are delivered again") {
				t.Errorf("code %d: %d warnings, want one, and the end:\n%s", code, n, w.log.String())
			}
		})
	}
}

// TestRate: a flood goes out at the rate, and what does not fit is counted.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, always(200))
		const all = burst + queueMost + 10
		for i := range all {
			w.fault(i)
		}
		time.Sleep(time.Hour)
		w.end()
		if len(w.out.got) != burst+queueMost {
			t.Fatalf("%d were sent, want %d", len(w.out.got), burst+queueMost)
		}
		next := w.out.got[burst]
		if want := fmt.Sprintf("%s ci/web: fault: the child died with exit code %d (10 before it were not sent)", interval, burst+10); next != want {
			t.Errorf("after the burst came %q, want %q", next, want)
		}
		if last, want := w.out.got[len(w.out.got)-1], fmt.Sprintf("%s ci", queueMost*interval); !strings.HasPrefix(last, want) {
			t.Errorf("the last came %q, want after %s", last, want)
		}
	})
}

// TestTooOld: a server that stays away for long loses what is no news any more,
// and the rest is not held up for ever.
func TestTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := newWorld(t, func(int) (*http.Response, error) {
			if time.Since(began) < 20*time.Minute {
				return nil, errors.New("no route to host")
			}
			return answer(200)
		})
		w.fault(1)
		w.fault(2)
		time.Sleep(2 * time.Hour)
		w.end()
		if len(w.out.got) != 1 || !strings.HasSuffix(w.out.got[0], "code 2 (1 before it were not sent)") {
			t.Errorf("the server got %q", w.out.got)
		}
	})
}

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
		w.want("0s ci/web: fault: the child died with exit code 1",
			"0s ci/web: giving up, the rest is for the restart policy of the service: the attempts are spent")
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

// hanging never answers.
type hanging struct{}

func (hanging) RoundTrip(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// TestRealServer: what a real server gets, and that real failures tell nothing
// of the address.
func TestRealServer(t *testing.T) {
	got := make(chan *http.Request, 1)
	bodies := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		bodies <- string(raw)
		got <- r
	}))
	s := New(Config{URL: server.URL + "/T0/s3cret", Board: report.NewBoard(report.Config{}, state.State{}), Foster: someFoster, Log: zerolog.Nop()})
	if err := s.post(t.Context(), &pauses{}, "I-1", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if b := <-bodies; b != "{}" {
		t.Errorf("the body is %q", b)
	}
	r := <-got
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("User-Agent") != "foster/v1" || r.URL.Path != "/T0/s3cret" {
		t.Errorf("the request is %s %s %v", r.Method, r.URL, r.Header)
	}
	server.Close()
	s.client.CloseIdleConnections()
	err := s.post(t.Context(), &pauses{}, "I-2", []byte(`{}`))
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a server that is gone: %v", err)
	}
}

func TestCheckURL(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://hooks.example.org/x": true, "http://127.0.0.1:9/": true,
		"hooks.example.org/s3cret": false, "ftp://h/s3cret": false, "https:///s3cret": false, "https://h\x7f/s3cret": false,
	} {
		wrong := CheckURL(address)
		if (wrong == "") != ok || strings.Contains(wrong, "s3cret") {
			t.Errorf("%q: %q", address, wrong)
		}
	}
}

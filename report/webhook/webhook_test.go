package webhook

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"foster/report"
	"foster/state"
)

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

// TestRetryAfterIsOver: what one answer asks for is not kept when the next try
// gets none.
func TestRetryAfterIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var took time.Duration
		began := time.Now()
		w := newWorld(t, func(try int) (*http.Response, error) {
			switch try {
			case 1:
				return answer(429, "Retry-After", "60")
			case 2:
				return nil, errors.New("dial tcp: connection refused")
			}
			took = time.Since(began)
			return answer(200)
		})
		w.fault(1)
		time.Sleep(10 * time.Minute)
		w.end()
		if took < time.Minute || took > time.Minute+5*time.Second {
			t.Errorf("the third try came after %s, want a minute and a short pause", took)
		}
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

// TestSuppressedMeanwhile: what does not fit while a message is on its way is
// told by the next one.
func TestSuppressedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := newWorld(t, func(int) (*http.Response, error) {
			if time.Since(began) < time.Second/10 {
				return answer(503)
			}
			return answer(200)
		})
		const lost = 10
		for i := range 1 + queueMost + lost {
			w.fault(i)
		}
		time.Sleep(time.Hour)
		w.end()
		if len(w.out.got) != 1+queueMost || !strings.HasSuffix(w.out.got[0], "code 0") || !strings.HasSuffix(w.out.got[1], "code 11 (10 before it were not sent)") ||
			!strings.HasSuffix(w.out.got[2], "code 12") {
			t.Errorf("the server got %d: %q …", len(w.out.got), w.out.got[:min(3, len(w.out.got))])
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

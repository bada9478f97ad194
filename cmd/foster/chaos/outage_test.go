package chaos

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestOutages: answers that come in any order make outages from the first
// question that failed to the next answer.
func TestOutages(t *testing.T) {
	type question struct {
		asked, ended int // ms
		ok           bool
	}
	for _, x := range []struct {
		name string
		in   []question // in the order of their ends
		want [][2]int
	}{
		{"none", []question{{1, 2, true}, {2, 3, true}}, nil},
		{"refused", []question{{1, 2, true}, {2, 3, false}, {3, 4, false}, {4, 6, true}}, [][2]int{{2, 6}}},
		{"timeouts", []question{{1, 2, true}, {12, 13, true}, {2, 12, false}}, [][2]int{{2, 13}}},
		{"a slow answer is not the first", []question{{1, 2, false}, {5, 6, true}, {3, 50, true}}, [][2]int{{1, 6}}},
		{"a late failure belongs to it", []question{{1, 2, false}, {3, 5, true}, {4, 9, false}, {10, 11, true}}, [][2]int{{1, 5}}},
		{"two", []question{{1, 2, false}, {3, 4, true}, {5, 6, false}, {7, 8, true}}, [][2]int{{1, 4}, {5, 8}}},
		{"not over", []question{{1, 2, true}, {2, 3, false}}, nil},
	} {
		base := time.Unix(1000, 0)
		at := func(ms int) time.Time { return base.Add(time.Duration(ms) * time.Millisecond) }
		o := newOutages()
		answers := map[int]*answer{}
		for ms := range 100 {
			for _, q := range x.in {
				if q.asked == ms {
					answers[ms] = o.ask(at(ms))
				}
			}
		}
		for _, q := range x.in {
			var err error
			if !q.ok {
				err = errors.New("refused")
			}
			o.end(answers[q.asked], at(q.ended), err)
		}
		got := o.drain()
		if len(got) != len(x.want) {
			t.Errorf("%s: %d outages, want %d", x.name, len(got), len(x.want))
			continue
		}
		for i, w := range x.want {
			if !got[i].from.Equal(at(w[0])) || !got[i].to.Equal(at(w[1])) {
				t.Errorf("%s: %s to %s, want %v", x.name, got[i].from.Sub(base), got[i].to.Sub(base), w)
			}
		}
		if o.inFlight() != 0 {
			t.Errorf("%s: %d in flight", x.name, o.inFlight())
		}
	}
}

// TestProbeResolution: a server that is gone for a while is missed for that
// long, to the millisecond, whether it refuses or hangs; and never are more
// questions on their way than fit into the timeout.
func TestProbeResolution(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var down atomic.Bool
			var flying, most atomic.Int64
			p, err := NewProbe("tcp://127.0.0.1:1", 50*time.Millisecond, false)
			if err != nil {
				t.Fatal(err)
			}
			p.ask = func(ctx context.Context) error {
				most.Store(max(most.Load(), flying.Add(1)))
				defer flying.Add(-1)
				switch {
				case !down.Load():
					return nil
				case hangs:
					<-ctx.Done()
					return ctx.Err()
				}
				return errors.New("refused")
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); p.run(ctx) }()
			defer func() { cancel(); <-done }()
			time.Sleep(time.Second + 500*time.Microsecond)
			down.Store(true)
			time.Sleep(777 * time.Millisecond)
			down.Store(false)
			if !p.answers(ctx, time.Now(), time.Second) {
				t.Fatal("no answer")
			}
			got := p.outages.drain()
			if len(got) != 1 || (got[0].to.Sub(got[0].from)-777*time.Millisecond).Abs() > time.Millisecond {
				t.Errorf("hangs %v: %v, want one of 777ms", hangs, got)
			}
			if most.Load() > 50 {
				t.Errorf("%d questions at a time", most.Load())
			}
		})
	}
}

// TestProbeAsks real servers.
func TestProbeAsks(t *testing.T) {
	var status atomic.Int64
	status.Store(http.StatusOK)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(status.Load())) }))
	defer server.Close()
	open, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for _, x := range []struct {
		url    string
		status int64
		fresh  bool
		want   string
	}{
		{server.URL + "/page", 200, false, ""},
		{server.URL, 200, true, ""},
		{server.URL, 302, false, ""},
		{server.URL, 503, false, "503"},
		{"tcp://" + open.Addr().String(), 200, false, ""},
		{"tcp://" + gone.Addr().String(), 200, false, "refused"},
		{"http://" + gone.Addr().String(), 200, false, "refused"},
	} {
		status.Store(x.status)
		p, err := NewProbe(x.url, 5*time.Second, x.fresh)
		if err != nil {
			t.Fatal(err)
		}
		err = p.ask(t.Context())
		p.close()
		if (err == nil) != (x.want == "") || err != nil && !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q", x.url, err, x.want)
		}
	}
}

func TestProbeURLs(t *testing.T) {
	for _, bad := range []string{"web", "web:80", "ftp://web/", "tcp://web", "tcp://web:80/x", "http://", ":"} {
		if _, err := NewProbe(bad, time.Second, false); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	p, err := NewProbe("http://me:secret@web/", time.Second, false)
	if err != nil || strings.Contains(p.url, "secret") {
		t.Errorf("%v, shown as %s", err, p.url)
	}
}

// TestClientDowntime: what the client misses is told with the round.
func TestClientDowntime(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.child("p", "web")
		p, err := NewProbe("http://web/", 50*time.Millisecond, false)
		if err != nil {
			t.Fatal(err)
		}
		var mute atomic.Bool
		p.ask = func(context.Context) error {
			if c, err := w.e.Look("p-web"); err != nil || !c.State.Running || mute.Load() {
				return errors.New("refused")
			}
			return nil
		}
		o := options()
		o.Rounds = 3
		s, err := w.chaos(t.Context(), o, p)
		if err != nil || len(s.Down[Kill]) != 3 || s.Unseen != 0 || s.Widest > 2*time.Millisecond {
			t.Fatalf("%v %+v\n%s", err, s, w.out.String())
		}
		for i, d := range s.Down[Kill] {
			if (d - s.Measured[Kill][i]).Abs() > 2*time.Millisecond {
				t.Errorf("the client missed it for %s, the engine for %s", d, s.Measured[Kill][i])
			}
		}
		// A child that is whole and does not answer has not recovered.
		o.Rounds, o.Timeout = 1, time.Second
		time.AfterFunc(100*time.Millisecond, func() { mute.Store(true) })
		p2 := *p
		p2.outages = newOutages()
		s, err = w.chaos(t.Context(), o, &p2)
		if err != nil || len(s.Never) != 1 || s.Never[0].Why != "it is whole, but http://web/ does not answer: refused" {
			t.Errorf("%v %+v", err, s)
		}
	})
}

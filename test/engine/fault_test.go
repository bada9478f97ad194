package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"foster/test/engine"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"
)

func TestFaultsOfCalls(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		start := func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			return s.ContainerStart(ctx, "c1", container.StartOptions{})
		}
		running := func() bool {
			got, err := s.Look("c1")
			s.must(err)
			return got.State.Running
		}
		for _, c := range []struct {
			name    string
			fault   engine.Fault
			err     error
			carried bool
			later   bool // carried out at the latest a minute after
		}{
			{"error", engine.Fault{Err: engine.Refused}, engine.Refused, false, false},
			{"short delay", engine.Fault{Delay: time.Second}, nil, true, true},
			{"long delay", engine.Fault{Delay: time.Minute}, context.DeadlineExceeded, false, false},
			{"long delay, detached", engine.Fault{Delay: 30 * time.Second, Detached: true}, context.DeadlineExceeded, false, true},
			{"hang", engine.Fault{Hang: true}, context.DeadlineExceeded, false, false},
			{"late answer", engine.Fault{Late: true}, context.DeadlineExceeded, true, true},
			{"lost answer", engine.Fault{LostAnswer: engine.Internal}, engine.Internal, true, true},
			{"other target", engine.Fault{For: "c2", Err: engine.Refused}, nil, true, true},
		} {
			s.make("c1")
			s.Inject(engine.ContainerStart, 1, c.fault)
			if err := start(); !errors.Is(err, c.err) {
				t.Errorf("%s: %v, want %v", c.name, err, c.err)
			}
			if running() != c.carried {
				t.Errorf("%s: carried out: %v", c.name, !c.carried)
			}
			time.Sleep(time.Minute)
			if running() != c.later {
				t.Errorf("%s: carried out later: %v", c.name, !c.later)
			}
			s.Heal()
			s.must(start())
			s.must(s.Destroy("c1"))
		}
		if n := s.Count(engine.ContainerStart); n != 16 {
			t.Errorf("%d calls counted, want 16", n)
		}
	})
}

func TestAStopGoesOnWithoutItsCaller(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		s.Behave("c1", engine.Process{IgnoreTerm: true})
		s.run("c1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.ContainerStop(ctx, "c1", container.StopOptions{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("stop: %v", err)
		}
		time.Sleep(10 * time.Second)
		if got, _ := s.Look("c1"); got.State.Running || got.State.ExitCode != 137 {
			t.Errorf("state %+v", got.State)
		}
	})
}

// collect reads a stream to its end.
func collect(messages <-chan events.Message, errs <-chan error) (got []string, end error) {
	for {
		select {
		case ev := <-messages:
			got = append(got, string(ev.Action))
		case end = <-errs:
			return got, end
		}
	}
}

func TestReplay(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		s.run("c1")
		all := s.Recorded()
		since := func(nano int64) string {
			return strconv.FormatInt(nano/1e9, 10) + "." + strings.Repeat("0", 9-len(strconv.FormatInt(nano%1e9, 10))) + strconv.FormatInt(nano%1e9, 10)
		}
		listen := func(options events.ListOptions) []string {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			got, end := collect(s.Events(ctx, options))
			if !errors.Is(end, context.DeadlineExceeded) {
				t.Errorf("end: %v", end)
			}
			return got
		}
		for _, c := range []struct {
			name    string
			options events.ListOptions
			want    string
		}{
			{"no since", events.ListOptions{}, ""},
			{"inclusive", events.ListOptions{Since: since(all[1].TimeNano)}, "connect start"},
			{"all", events.ListOptions{Since: since(1)}, "create connect start"},
			{"type", events.ListOptions{Since: since(1), Filters: filters.NewArgs(filters.Arg("type", "container"))}, "create start"},
			{"two keys", events.ListOptions{Since: since(1), Filters: filters.NewArgs(filters.Arg("type", "container"), filters.Arg("event", "connect"))}, ""},
			{"exact action", events.ListOptions{Since: since(1), Filters: filters.NewArgs(filters.Arg("event", "st"))}, ""},
			{"prefix rule", events.ListOptions{Since: since(1), Filters: filters.NewArgs(filters.Arg("event", "st"), filters.Arg("event", "health_status"))}, "start"},
			{"container= drops network events", events.ListOptions{Since: since(1), Filters: filters.NewArgs(filters.Arg("container", "c1"))}, "create start"},
		} {
			if got := strings.Join(listen(c.options), " "); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
		s.EmitForeign(255)
		if got := listen(events.ListOptions{Since: since(1)}); len(got) != 256 || got[0] != "start" {
			t.Errorf("%d events, first %q: the ring keeps 256", len(got), got[0])
		}
	})
}

// TestUntil: a moment that has been gives what there was, one to come what comes
// until then.
func TestUntil(t *testing.T) {
	inBubble(t, engine.Options{SubscribeLag: time.Millisecond}, func(t *testing.T, s script) {
		stamp := func(at time.Time) string {
			return strconv.FormatInt(at.Unix(), 10) + fmt.Sprintf(".%09d", at.Nanosecond())
		}
		s.run("c1")
		time.Sleep(time.Second)
		began := time.Now()
		s.must(s.Pause("c1"))
		time.Sleep(time.Second)
		for _, c := range []struct {
			name         string
			since, until time.Duration // from began
			want         string
			lasts        time.Duration
		}{
			{"past", -time.Minute, time.Second / 2, "create connect start pause", 0},
			{"not what came later", -time.Minute, -time.Second / 2, "create connect start", 0},
			{"now", 0, time.Second, "pause", time.Millisecond},
			{"to come", 0, 11*time.Second + time.Millisecond, "pause unpause pause", 10 * time.Second},
		} {
			if c.lasts > time.Second {
				go func() {
					time.Sleep(5 * time.Second)
					s.must(s.Unpause("c1"))
					s.must(s.Pause("c1"))
				}()
			}
			asked := time.Now()
			got, end := collect(s.Events(t.Context(), events.ListOptions{Since: stamp(began.Add(c.since)), Until: stamp(began.Add(c.until))}))
			if strings.Join(got, " ") != c.want || !errors.Is(end, io.EOF) || time.Since(asked) != c.lasts {
				t.Errorf("%s: %q, %v, after %s; want %q after %s", c.name, got, end, time.Since(asked), c.want, c.lasts)
			}
			if n := s.Streams(); n != 0 {
				t.Errorf("%s: %d streams are open", c.name, n)
			}
		}
		if _, end := collect(s.Events(t.Context(), events.ListOptions{Since: stamp(began), Until: stamp(began.Add(-1))})); !errdefs.IsInvalidArgument(end) {
			t.Errorf("since after until: %v", end)
		}
	})
}

func TestStreamFaults(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		s.run("c1")
		play := func(prepare func()) (string, error) {
			messages, errs := s.Events(t.Context(), events.ListOptions{})
			prepare()
			s.must(s.Pause("c1"))
			s.must(s.Unpause("c1"))
			s.CutStreams(nil)
			s.must(s.Pause("c1")) // not heard
			s.must(s.Unpause("c1"))
			got, end := collect(messages, errs)
			s.Tamper(nil)
			return strings.Join(got, " "), end
		}
		for _, c := range []struct {
			name    string
			prepare func()
			want    string
		}{
			{"none", func() {}, "pause unpause"},
			{"drop", func() { s.DropEvents(1) }, "unpause"},
			{"duplicate", func() { s.DuplicateEvents(1) }, "pause pause unpause"},
			{"reorder", func() { s.ReverseEvents(2) }, "unpause pause"},
		} {
			got, end := play(c.prepare)
			if got != c.want || !errors.Is(end, io.EOF) {
				t.Errorf("%s: %q, %v; want %q, EOF", c.name, got, end, c.want)
			}
		}
	})
}

func TestASlowReaderLosesEventsSilently(t *testing.T) {
	inBubble(t, engine.Options{Queue: 10}, func(t *testing.T, s script) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		messages, _ := s.Events(ctx, events.ListOptions{})
		s.EmitForeign(1)
		synctest.Wait() // one in the hand of the stream
		s.EmitForeign(30)
		if lost := s.LostEvents(); lost != 20 {
			t.Errorf("%d lost, want 20", lost)
		}
		for range 11 {
			<-messages
		}
		if s.Streams() != 1 {
			t.Error("the stream has ended")
		}
	})
}

func TestDownAndUp(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		s.run("c1")
		s.run("c2")
		messages, errs := s.Events(t.Context(), events.ListOptions{})
		s.Down(true)
		if got, end := collect(messages, errs); !errors.Is(end, io.EOF) || !slices.Equal(got, []string{"kill", "die", "disconnect", "stop", "kill", "die", "disconnect", "stop"}) {
			t.Errorf("orderly: %v, %v", got, end)
		}
		if _, err := s.ContainerInspect(t.Context(), "c1"); !client.IsErrConnectionFailed(err) {
			t.Errorf("call while down: %v", err)
		}
		s.Up()
		s.must(s.Start("c1"))
		s.Down(false)
		s.Up()
		if got := s.Recorded(); len(got) != 0 {
			t.Errorf("remembers %d events", len(got))
		}
		if got, err := s.ContainerInspect(t.Context(), "c1"); err != nil || got.State.Running || got.State.ExitCode != 255 {
			t.Errorf("after a crash: %+v, %v", got.State, err)
		}
	})
}

package watcher

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"foster/state"
	"foster/test/engine"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/network"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var _ Engine = (*engine.Engine)(nil)

// bench is a watcher at work on an engine in memory.
type bench struct {
	t *testing.T
	*engine.Engine
	cfg     Config
	observe chan state.Observe
	out     chan state.Event
	stop    func() error
}

// onBench runs test in a bubble. The watcher is started by run, not before.
func onBench(t *testing.T, opts engine.Options, test func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := engine.New(opts)
		defer e.Close()
		e.AddImage("app:1", engine.Image{})
		b := &bench{
			t: t, Engine: e, observe: make(chan state.Observe), out: make(chan state.Event),
			cfg: Config{Engine: e, Project: "p", Networks: []string{"br1"}, Self: "self"},
		}
		test(t, b)
	})
}

// run starts the watcher, a second after all that was done before; it is
// stopped, at the latest, with the test.
func (b *bench) run() *Watcher {
	time.Sleep(time.Second)
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan error, 1)
	w := New(b.cfg)
	go func() { done <- w.Run(ctx, b.observe, b.out) }()
	b.stop = func() error {
		cancel()
		err := <-done
		done <- err
		return err
	}
	b.t.Cleanup(func() { _ = b.stop() })
	return w
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// child runs a container of the project on br1.
func (b *bench) child(name string, labels ...string) string {
	b.t.Helper()
	all := map[string]string{labelProject: "p", labelChild: name, labelHash: "h", labelParent: "self"}
	for i := 0; i+1 < len(labels); i += 2 {
		all[labels[i]] = labels[i+1]
	}
	id, err := b.Run(engine.Container{
		Name: name, Config: &container.Config{Image: "app:1", Labels: all},
		Host:      &container.HostConfig{NetworkMode: "br1"},
		Endpoints: map[string]*network.EndpointSettings{"br1": nil},
	})
	b.must(err)
	return id
}

func (b *bench) network() {
	b.t.Helper()
	_, err := b.AddNetwork("br1", network.CreateOptions{})
	b.must(err)
}

// heard takes all that has come and comes within d.
func (b *bench) heard(d time.Duration) (out []state.Event) {
	end := time.After(d)
	for {
		select {
		case ev := <-b.out:
			out = append(out, ev)
		case <-end:
			return out
		}
	}
}

// kinds are the types of events, in order.
func kinds(all []state.Event) string {
	var out []string
	for _, ev := range all {
		out = append(out, reflect.TypeOf(ev).Name())
	}
	return strings.Join(out, " ")
}

func (b *bench) expect(want string) {
	b.t.Helper()
	if got := kinds(b.heard(30 * time.Second)); got != want {
		b.t.Errorf("heard %q, want %q", got, want)
	}
}

func TestEventsOfAChild(t *testing.T) {
	for _, c := range []struct{ version, cut, death string }{
		{"20.10", "NetLost NetLost", "ChildDied NetLost"},
		{"28.0", "NetLost", "NetLost ChildDied"},
	} {
		onBench(t, engine.Options{Version: c.version}, func(t *testing.T, b *bench) {
			b.network()
			b.run()
			b.expect("StreamBack")
			b.child("app")
			b.expect("NetJoined ChildStarted")
			b.must(b.Cut("br1", "app"))
			b.expect(c.cut)
			b.must(b.Join("br1", "app", nil))
			b.expect("NetJoined")
			b.must(b.Exit("app", 3))
			b.expect(c.death)
			b.must(b.Destroy("app"))
			b.expect("ChildGone")
			b.child("other", labelProject, "q")
			b.must(b.Destroy("other"))
			b.expect("")
			b.must(b.NetworkDestroy("br1"))
			b.expect("NetGone")
		})
	}
}

func TestNoFaultIsLostAcrossACut(t *testing.T) {
	onBench(t, engine.Options{SubscribeLag: 20 * time.Millisecond}, func(t *testing.T, b *bench) {
		b.network()
		b.run()
		id := b.child("app") // before the stream really listens
		b.expect("StreamBack NetJoined ChildStarted")
		b.CutStreams(nil)
		synctest.Wait()
		b.must(b.Exit("app", 9)) // while nobody listens
		got := b.heard(time.Minute)
		if kinds(got) != "StreamLost StreamBack ChildDied NetLost" {
			t.Errorf("heard %q", kinds(got))
		}
		if died := got[2].(state.ChildDied); died.ID != id || died.Code != 9 {
			t.Errorf("%+v", died)
		}
	})
}

// sinces is an engine that keeps the since of each subscription.
type sinces struct {
	*engine.Engine
	seen []string
}

func (s *sinces) Events(ctx context.Context, options events.ListOptions) (<-chan events.Message, <-chan error) {
	s.seen = append(s.seen, options.Since)
	return s.Engine.Events(ctx, options)
}

func TestSubscribesFromTheLastEventOn(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		s := &sinces{Engine: b.Engine}
		b.cfg.Engine = s
		b.run()
		first := time.Now()
		b.expect("StreamBack")
		b.network()
		b.expect("NetBack")
		all := b.Recorded()
		last := all[len(all)-1].TimeNano
		b.CutStreams(nil)
		b.expect("StreamLost StreamBack")
		want := []string{fmt.Sprintf("%d.%09d", first.Unix(), first.Nanosecond()), fmt.Sprintf("%d.%09d", last/1e9, last%1e9)}
		if !slices.Equal(s.seen, want) {
			t.Errorf("since %v, want %v", s.seen, want)
		}
	})
}

func TestReconnectsWithBackoffAndSaysOnceThatTheStreamIsLost(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.run()
		b.expect("StreamBack")
		b.ForgetCalls()
		b.Down(true)
		got := b.heard(10 * time.Minute)
		if kinds(got) != "StreamLost ResyncDue ResyncDue" && kinds(got) != "StreamLost ResyncDue" {
			t.Errorf("heard %q", kinds(got))
		}
		attempts := 0
		var last time.Time
		var pauses []time.Duration
		for _, c := range b.Calls() {
			if c.Verb == engine.Events {
				attempts++
				if !last.IsZero() {
					pauses = append(pauses, c.At.Sub(last))
				}
				last = c.At
			}
		}
		if attempts < 500 || attempts > 750 || slices.Max(pauses) > reconnectMax*3/2+10*time.Millisecond || pauses[0] > time.Second {
			t.Errorf("%d attempts in 10 minutes, the first pause %s, the longest %s", attempts, pauses[0], slices.Max(pauses))
		}
		b.Up()
		b.expect("StreamBack")
		b.ForgetCalls()
		begin := time.Now()
		b.CutStreams(nil)
		b.expect("StreamLost StreamBack")
		if calls := b.Calls(); len(calls) != 1 || calls[0].At.Sub(begin) > 200*time.Millisecond {
			t.Errorf("a healthy stream does not begin a new series: %v after %v", calls, begin)
		}
	})
}

func TestAnEngineThatIsNotThereAtFirst(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.Inject(engine.Events, 5, engine.Fault{Err: engine.Refused})
		b.run()
		b.expect("StreamLost StreamBack")
	})
}

func TestDuplicatesAreDropped(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.network()
		b.child("app")
		b.run()
		b.expect("StreamBack")
		b.DuplicateEvents(2)
		b.must(b.Pause("app"))
		b.must(b.Unpause("app"))
		b.expect("ChildPaused ChildPaused")
		b.CutStreams(errors.New("broken pipe")) // the last event is replayed
		b.expect("StreamLost StreamBack")
	})
}

func TestASlowLoopDoesNotHoldTheReader(t *testing.T) {
	onBench(t, engine.Options{Queue: 16}, func(t *testing.T, b *bench) {
		b.network()
		b.child("app")
		b.run()
		synctest.Wait()
		for range queueSize { // nobody reads out
			b.must(b.Pause("app"))
			b.must(b.Unpause("app"))
			synctest.Wait()
		}
		if lost := b.LostEvents(); lost != 0 {
			t.Errorf("the engine lost %d events", lost)
		}
		got := b.heard(time.Second)
		resyncs := 0
		for _, ev := range got {
			if ev == (state.ResyncDue{}) {
				resyncs++
			}
		}
		if resyncs != 1 || len(got) > queueSize+3 {
			t.Errorf("%d events, %d ResyncDue", len(got), resyncs)
		}
	})
}

func TestResyncPeriodAndSilence(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.run()
		got := b.heard(time.Hour + time.Second)
		if want := "StreamBack" + strings.Repeat(" ResyncDue", 12); kinds(got) != want {
			t.Errorf("heard %q in a silent hour", kinds(got))
		}
		if n := b.Count(engine.Events); n != 1 {
			t.Errorf("%d subscriptions", n)
		}
	})
}

func TestParent(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.cfg.Parent = "par"
		parent := engine.Container{Name: "par", Config: &container.Config{Image: "app:1"}}
		b.run()
		_, err := b.Run(parent)
		b.must(err)
		b.expect("StreamBack ParentStarted")
		b.must(b.Rename("par", "was-par"))
		b.must(b.Exit("was-par", 0)) // known by its ID
		b.expect("ParentDied")
		b.must(b.Destroy("was-par"))
		_, err = b.Run(parent)
		b.must(err)
		b.expect("ParentStarted")
	})
}

func TestShutdown(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.Inject(engine.ContainerList, -1, engine.Fault{Hang: true})
		b.run()
		synctest.Wait()
		b.observe <- state.Observe{Op: 1} // its calls hang
		b.EmitForeign(3)
		synctest.Wait() // StreamBack is not taken either
		if err := b.stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
		if n := b.Streams(); n != 0 {
			synctest.Wait()
			if n = b.Streams(); n != 0 {
				t.Errorf("%d streams are still open", n)
			}
		}
	})
}

func ExampleWatcher() {
	e := engine.New(engine.Options{})
	defer e.Close()
	ctx, cancel := context.WithCancel(context.Background())
	out, done := make(chan state.Event), make(chan error)
	go func() { done <- New(Config{Engine: e, Project: "p"}).Run(ctx, nil, out) }()
	fmt.Printf("%T\n", <-out)
	cancel()
	fmt.Println(<-done)
	// Output:
	// state.StreamBack
	// context canceled
}

func TestSubscribesAnewAfterTheClockWasSetBack(t *testing.T) {
	var w Watcher
	w.cfg.Log, w.known, w.queue = zerolog.Nop(), newKnown(), newQueue(1)
	r := w.newReader()
	now := time.Now()
	at := func(d time.Duration, scope string) string {
		r.take(t.Context(), events.Message{Type: events.VolumeEventType, TimeNano: now.Add(d).UnixNano(), Scope: scope})
		return r.since()
	}
	stamp := func(d time.Duration) string {
		n := now.Add(d).UnixNano()
		return fmt.Sprintf("%d.%09d", n/1e9, n%1e9)
	}
	for _, step := range []struct {
		at, want time.Duration
		scope    string
	}{
		{time.Second, time.Second, "local"},
		{-time.Second, time.Second, "local"}, // only late
		{-time.Hour, time.Second, "swarm"},
		{-time.Hour, -time.Hour, "local"},
		{-time.Hour + time.Second, -time.Hour + time.Second, "local"},
	} {
		if got := at(step.at, step.scope); got != stamp(step.want) {
			t.Errorf("after an event of %s: since %s, want that of %s", step.at, got, step.want)
		}
	}
}

package output

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/rs/zerolog"

	"foster/report"
	"foster/state"
	"foster/test/engine"
)

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

var versions = []string{"20.10", "28.0"}

// stand is a relay on an engine in memory; the test is the loop. It must be
// made in a bubble.
type stand struct {
	t *testing.T
	*engine.Engine
	relay    *Relay
	sink     *Sink
	out, err reader
	log      reader
	now      state.State
	child    string    // its present container
	since    time.Time // what is older was a former foster's
	shut     func()
}

type settings struct {
	version  string
	tty      bool
	driver   string
	children []Child
	self     string
	service  string
}

// said: this is all that has come to foster's stdout.
func (st *stand) said(want string) {
	st.t.Helper()
	if got := st.out.String(); got != want {
		st.t.Errorf("stdout: %q, want %q", got, want)
	}
}

func newStand(t *testing.T, opts settings) *stand {
	t.Helper()
	if opts.children == nil {
		opts.children = []Child{{"web", "p-web-1"}}
	}
	st := &stand{t: t, Engine: engine.New(engine.Options{Version: opts.version})}
	st.AddImage("app:1", engine.Image{})
	st.sink = NewSink(&st.out, &st.err)
	st.relay = New(Config{
		Engine: st.Engine, Sink: st.sink, Project: "p", Children: opts.children, Self: opts.self, Service: opts.service,
		Log: zerolog.New(&st.log),
	})
	st.now = state.State{Stage: state.Up, StreamUp: true}
	for _, c := range opts.children {
		st.now.Children = append(st.now.Children, state.Child{Name: c.Name, Phase: state.Absent})
	}
	ended := make(chan struct{})
	ctx, cancel := contextOf(t)
	go func() {
		defer close(ended)
		_ = st.relay.Run(ctx)
	}()
	st.shut = func() {
		cancel()
		<-ended
		st.sink.Close(time.Minute)
		st.Close()
	}
	return st
}

// step is one of the loop's.
func (st *stand) step(change func(*state.State)) {
	from := st.now
	from.Children = append([]state.Child(nil), st.now.Children...)
	change(&st.now)
	st.relay.Stepped(report.Step{At: time.Now(), From: from, To: st.now})
	st.now.Children = append([]state.Child(nil), st.now.Children...)
}

// phase moves a child.
func (st *stand) phase(i int, p state.Phase, id string) {
	st.step(func(s *state.State) { s.Children[i].Phase, s.Children[i].ID = p, id })
}

// launch makes a container and starts it, as foster does.
func (st *stand) launch(i int, opts settings) {
	st.t.Helper()
	st.begin(i, opts)
	st.phase(i, state.Alive, st.child)
}

// begin makes a container and starts it, of which the answer is not there yet.
func (st *stand) begin(i int, opts settings) {
	st.t.Helper()
	st.phase(i, state.Creating, "")
	st.make(i, opts)
	st.phase(i, state.Starting, st.child)
	if err := st.Start(st.child); err != nil {
		st.t.Fatal(err)
	}
}

func (st *stand) make(i int, opts settings) {
	st.t.Helper()
	id, err := st.Make(engine.Container{
		Name: st.relay.cfg.Children[i].ContainerName, Config: &container.Config{Image: "app:1", Tty: opts.tty},
		Host: &container.HostConfig{LogConfig: container.LogConfig{Type: opts.driver}},
	})
	if err != nil {
		st.t.Fatal(err)
	}
	st.child = id
}

// former makes a container that a foster before this one has had, and starts it;
// then this one adopts it.
func (st *stand) former(opts settings, before func()) {
	st.t.Helper()
	st.make(0, opts)
	if err := st.Start(st.child); err != nil {
		st.t.Fatal(err)
	}
	before()
	time.Sleep(time.Second)
	st.since = time.Now()
	st.phase(0, state.Unknown, "")
	time.Sleep(time.Second)
	st.phase(0, state.Alive, st.child)
}

// bury is what foster does about a dead one.
func (st *stand) bury(i int) time.Duration {
	st.t.Helper()
	id := st.now.Children[i].ID
	began := time.Now()
	st.phase(i, state.Removing, id)
	st.relay.Drain(st.t.Context(), id)
	took := time.Since(began)
	if err := st.Destroy(id); err != nil {
		st.t.Fatal(err)
	}
	st.phase(i, state.Absent, "")
	synctest.Wait()
	return took
}

func (st *stand) print(source int, text string) {
	st.t.Helper()
	if err := st.Print(st.child, source, text); err != nil {
		st.t.Fatal(err)
	}
}

// kept is what the engine has of a source, as docker logs prints it, and with a
// line feed at the end of it all.
func (st *stand) kept(source int) string {
	text := st.keptAsIs(source)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}

// keptAsIs is without that line feed, and without what is older than this
// foster.
func (st *stand) keptAsIs(source int) string {
	st.t.Helper()
	all, err := st.Kept(st.child)
	if err != nil {
		st.t.Fatal(err)
	}
	var text []byte
	for _, m := range all {
		if m.Source == source && !m.At.Before(st.since) {
			text = append(text, m.Text...)
		}
	}
	return string(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
}

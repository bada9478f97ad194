package output

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/rs/zerolog"

	"foster/report"
	"foster/state"
	"foster/test/engine"
)

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
	child    string // its present container
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

func newStand(t *testing.T, opts settings) *stand {
	t.Helper()
	if opts.children == nil {
		opts.children = []Child{{"web", "p-web-1"}}
	}
	st := &stand{t: t, Engine: engine.New(engine.Options{Version: opts.version})}
	st.AddImage("app:1", engine.Image{})
	st.sink = NewSink(&st.out, &st.err)
	st.relay = New(Config{
		Engine: st.Engine, Sink: st.sink, Project: "p", Children: opts.children, Self: opts.self, Service: opts.service, Began: time.Now(),
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
	st.phase(i, state.Creating, "")
	id, err := st.Make(engine.Container{
		Name: st.relay.cfg.Children[i].ContainerName, Config: &container.Config{Image: "app:1", Tty: opts.tty},
		Host: &container.HostConfig{LogConfig: container.LogConfig{Type: opts.driver}},
	})
	if err != nil {
		st.t.Fatal(err)
	}
	st.phase(i, state.Starting, id)
	if err := st.Start(id); err != nil {
		st.t.Fatal(err)
	}
	st.phase(i, state.Alive, id)
	st.child = id
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
	st.t.Helper()
	all, err := st.Kept(st.child)
	if err != nil {
		st.t.Fatal(err)
	}
	var text []byte
	for _, m := range all {
		if m.Source == source {
			text = append(text, m.Text...)
		}
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	return string(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
}

package actions

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"

	"foster/spec"
	"foster/state"
	"foster/test/engine"
)

func (s *stub) ContainerExecCreate(_ context.Context, id string, _ container.ExecOptions) (container.ExecCreateResponse, error) {
	return container.ExecCreateResponse{}, s.note(false, "exec create %s", id)
}

func (s *stub) ContainerExecAttach(_ context.Context, id string, _ container.ExecAttachOptions) (types.HijackedResponse, error) {
	return types.HijackedResponse{}, s.note(false, "exec attach %s", id)
}

func (s *stub) ContainerExecInspect(_ context.Context, id string) (container.ExecInspect, error) {
	return container.ExecInspect{}, s.note(false, "exec inspect %s", id)
}

// hookedProject is a child with hooks "one" and "two" at either end.
func hookedProject() *spec.Project {
	p := project()
	p.Children[0].Endpoints, p.Children[0].Host.NetworkMode = nil, "none"
	p.Children[0].Grace = 7 * time.Second
	p.Children[0].PostStart = []spec.Hook{
		{Command: []string{"up", "one"}, User: "5:6", Privileged: true, WorkingDir: "/w", Env: []string{"A=hunter2", "B"}},
		{Command: []string{"up", "two"}},
	}
	p.Children[0].PreStop = []spec.Hook{{Command: []string{"down", "one"}, User: "nobody"}, {Command: []string{"down", "two"}}}
	return p
}

// hooked is a Runner on an engine in memory that has the child's container.
type hooked struct {
	*running
	t      *testing.T
	engine *engine.Engine
	id     string
	began  time.Time
}

// withHooks runs a test in a bubble; e, when it is not nil, is between the two.
func withHooks(t *testing.T, between func(*engine.Engine) Engine, test func(h hooked)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := engine.New(engine.Options{})
		t.Cleanup(e.Close)
		e.AddImage("app:1", engine.Image{})
		id, err := e.Make(engine.Container{Name: "p-web-1", Config: &container.Config{Image: "app:1"}, Host: &container.HostConfig{NetworkMode: "none"}})
		if err != nil {
			t.Fatal(err)
		}
		var used Engine = e
		if between != nil {
			used = between(e)
		}
		r := run(t, used, hookedProject())
		test(hooked{r, t, e, id, time.Now()})
	})
}

func (h hooked) start() state.Effect { return state.Start{Op: 1, Child: "web", ID: h.id} }
func (h hooked) stop(grace time.Duration) state.Effect {
	return state.Stop{Op: 2, Child: "web", ID: h.id, Grace: grace}
}

// ran are the words of the commands that were begun.
func (h hooked) ran() string {
	var out []string
	for _, x := range h.engine.Execs() {
		if !x.Begun.IsZero() {
			out = append(out, strings.Join(x.Options.Cmd, " "))
		}
	}
	return strings.Join(out, ", ")
}

func (h hooked) runs() bool {
	h.t.Helper()
	c, err := h.engine.Look(h.id)
	if err != nil {
		h.t.Fatal(err)
	}
	return c.State.Running
}

// took checks what has passed since the last check; a part of a second is for what the test itself waits.
func (h *hooked) took(want time.Duration) {
	h.t.Helper()
	if got := time.Since(h.began); got < want || got > want+time.Second {
		h.t.Errorf("it took %s, want %s", got, want)
	}
	h.began = time.Now()
}

// TestHooks: all in order, as they were asked for, each after the end of the
// one before; the log has what they say, and no value of their environment.
func TestHooks(t *testing.T) {
	withHooks(t, nil, func(h hooked) {
		h.engine.BehaveExec("up one", engine.Command{Takes: 3 * time.Second, Says: "first\r\nsecond"})
		check(t, h.done(t, h.start()), state.OK, h.id, "")
		h.took(3 * time.Second)
		check(t, h.done(t, h.stop(10*time.Second)), state.OK, h.id, "")
		if h.runs() {
			t.Error("it runs")
		}
		if want := "up one, up two, down one, down two"; h.ran() != want {
			t.Fatalf("ran %s, want %s", h.ran(), want)
		}
		execs := h.engine.Execs()
		want := container.ExecOptions{
			Cmd: []string{"up", "one"}, User: "5:6", Privileged: true, WorkingDir: "/w", Env: []string{"A=hunter2", "B"},
			AttachStdout: true, AttachStderr: true,
		}
		if got := execs[0].Options; !reflect.DeepEqual(got, want) {
			t.Errorf("asked for %+v, want %+v", got, want)
		}
		if execs[2].Options.User != "nobody" {
			t.Errorf("asked for %+v", execs[2].Options)
		}
		for i, x := range execs[1:] {
			if !x.Begun.After(execs[i].Ended) {
				t.Errorf("%d began before the end of the one before", i+1)
			}
		}
		h.end()
		log := h.log.String()
		for _, line := range []string{"first", "second"} {
			if !strings.Contains(log, fmt.Sprintf(`{"level":"info","child":"web","hook":"post_start hook 1","line":%q,"message":"a hook says"}`, line)) {
				t.Errorf("no line %q in\n%s", line, log)
			}
		}
		if strings.Contains(log, "hunter2") {
			t.Errorf("the log shows the environment:\n%s", log)
		}
	})
}

// TestPostStart: what becomes of a start when a hook does not end well.
func TestPostStart(t *testing.T) {
	gone := engine.Fault{Err: internal("boom")}
	for _, tc := range []struct {
		name  string
		first engine.Command
		fault map[engine.Verb]engine.Fault
		act   func(h hooked) error // two seconds after the start
		class state.Class
		words string
		took  time.Duration
		stops int // of the container
	}{
		{name: "code", first: engine.Command{Code: 3}, class: state.Transient, words: `post_start hook 1 of child "web" ended with exit code 3`, stops: 1},
		{name: "no such user", fault: map[engine.Verb]engine.Fault{engine.ContainerExecCreate: {Err: engine.BadParameter}}, class: state.Transient, words: `post_start hook 1 of child "web": invalid parameter`, stops: 1},
		{name: "not begun", fault: map[engine.Verb]engine.Fault{engine.ContainerExecAttach: gone}, class: state.Transient, words: "boom", stops: 1},
		{name: "lost", fault: map[engine.Verb]engine.Fault{engine.ContainerExecInspect: gone}, class: state.Transient, words: "boom", stops: 1},
		{name: "silent engine", fault: map[engine.Verb]engine.Fault{engine.ContainerExecAttach: {Hang: true}}, class: state.Transient, words: "deadline", took: execTimeout, stops: 1},
		{name: "hangs", first: engine.Command{Takes: time.Hour}, class: state.Transient, words: "has not ended within 5m0s", took: DefaultHookTimeout, stops: 1},
		{name: "leaves something behind", first: engine.Command{Takes: 90 * time.Second, Leaves: true}, took: 90 * time.Second},
		{name: "closes its output", first: engine.Command{Takes: 90 * time.Second, Closes: true}, took: 90 * time.Second},
		{name: "fails in silence", first: engine.Command{Takes: 5 * time.Second, Closes: true, Code: 4}, class: state.Transient, words: "code 4", took: 5 * time.Second, stops: 1},
		{name: "killed", first: engine.Command{Takes: time.Hour}, act: func(h hooked) error { return h.engine.Kill(h.id) }, took: 2 * time.Second},
		{name: "ended", first: engine.Command{Takes: time.Hour}, act: func(h hooked) error { return h.engine.Exit(h.id, 0) }, took: 2 * time.Second},
		{name: "ended, and the engine does not know yet", first: engine.Command{Takes: 2 * time.Second, Code: 137}, act: func(h hooked) error {
			time.Sleep(100 * time.Millisecond)
			return h.engine.Exit(h.id, 0)
		}, took: 2 * time.Second},
		{name: "removed", first: engine.Command{Takes: time.Hour}, act: func(h hooked) error { return h.engine.Destroy(h.id) }, class: state.Gone, words: "No such", took: 2 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			withHooks(t, nil, func(h hooked) {
				h.engine.BehaveExec("up one", tc.first)
				for verb, f := range tc.fault {
					h.engine.Inject(verb, 1, f)
				}
				h.in <- h.start()
				if tc.act != nil {
					time.Sleep(2 * time.Second)
					if err := tc.act(h); err != nil {
						t.Fatal(err)
					}
				}
				check(t, h.await(t), tc.class, h.id, tc.words)
				h.took(tc.took)
				if n := h.engine.Count(engine.ContainerStop); n != tc.stops {
					t.Errorf("%d stops, want %d", n, tc.stops)
				}
				if tc.stops > 0 && h.runs() {
					t.Error("the container runs")
				}
				wantSecond := tc.class == state.OK && tc.act == nil
				if got := strings.Contains(h.ran(), "up two"); got != wantSecond {
					t.Errorf("ran %s", h.ran())
				}
			})
		})
	}
}

// TestPostStartStopsWithGrace: a container whose hook failed has its grace, and
// the stop that does not work is no other end.
func TestPostStartStopsWithGrace(t *testing.T) {
	withHooks(t, nil, func(h hooked) {
		h.engine.Behave("p-web-1", engine.Process{IgnoreTerm: true})
		h.engine.BehaveExec("up one", engine.Command{Code: 1})
		check(t, h.done(t, h.start()), state.Transient, h.id, "code 1")
		h.took(7 * time.Second)
		h.engine.Inject(engine.ContainerStop, 1, engine.Fault{Err: internal("no end")})
		check(t, h.done(t, h.start()), state.Transient, h.id, "code 1")
		h.end()
		if log := h.log.String(); !strings.Contains(log, "no end") {
			t.Errorf("the log has nothing of it:\n%s", log)
		}
	})
}

// TestPostStartCanceled: the stop of the project waits for no hook, and for no
// stop after one.
func TestPostStartCanceled(t *testing.T) {
	for name, first := range map[string]engine.Command{"hook": {Takes: time.Hour}, "stop": {Code: 1}} {
		t.Run(name, func(t *testing.T) {
			withHooks(t, nil, func(h hooked) {
				h.engine.Behave("p-web-1", engine.Process{IgnoreTerm: true})
				h.engine.BehaveExec("up one", first)
				h.in <- h.start()
				time.Sleep(5 * time.Second)
				h.in <- state.Cancel{Op: 1}
				check(t, h.await(t), state.Canceled, h.id, "post_start hook 1")
				h.took(5 * time.Second)
			})
		})
	}
}

// TestUnsureStartWithHooks: it may run without what the hooks do.
func TestUnsureStartWithHooks(t *testing.T) {
	withHooks(t, nil, func(h hooked) {
		h.engine.Inject(engine.ContainerStart, 1, engine.Fault{Late: true})
		check(t, h.done(t, h.start()), state.Transient, h.id, "deadline")
	})
}

// TestStartsDoNotHoldSlots: the hooks of many children keep no other work waiting.
func TestStartsDoNotHoldSlots(t *testing.T) {
	r := New(Config{Project: hookedProject()})
	if j, _ := r.job(state.Start{Op: 1, Child: "web"}); !j.unbounded {
		t.Error("a start with hooks takes a slot")
	}
	r = New(Config{Project: project()})
	if j, _ := r.job(state.Start{Op: 1, Child: "web"}); j.unbounded {
		t.Error("a start without hooks takes none")
	}
}

// deaf is an engine whose client does not go by its context when it attaches.
type deaf struct {
	*engine.Engine
	speaks chan struct{}
	closed chan struct{}
}

// noticed tells of its end.
type noticed struct {
	net.Conn
	closed chan struct{}
}

func (n noticed) Close() error {
	close(n.closed)
	return n.Conn.Close()
}

func (d deaf) ContainerExecAttach(ctx context.Context, id string, o container.ExecAttachOptions) (types.HijackedResponse, error) {
	<-d.speaks
	conn, err := d.Engine.ContainerExecAttach(context.WithoutCancel(ctx), id, o)
	if err == nil {
		conn.Conn = noticed{conn.Conn, d.closed}
	}
	return conn, err
}

// TestAttachIsBounded: an engine that takes the connection and says nothing is
// waited for as long as any, and what comes of it later is closed.
func TestAttachIsBounded(t *testing.T) {
	var d deaf
	between := func(e *engine.Engine) Engine {
		d = deaf{e, make(chan struct{}), make(chan struct{})}
		return d
	}
	withHooks(t, between, func(h hooked) {
		check(t, h.done(t, h.start()), state.Transient, h.id, "deadline")
		h.took(execTimeout)
		if err := h.engine.Start(h.id); err != nil {
			t.Fatal(err)
		}
		close(d.speaks)
		<-d.closed
	})
}

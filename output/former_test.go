package output

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/state"
	"foster/test/engine"
)

// TestFormer: the output of an adopted child goes on where its foster ended, and
// with this one's beginning where nobody knows.
func TestFormer(t *testing.T) {
	const service = "com.docker.swarm.service.name"
	foster := func(name string) engine.Container {
		return engine.Container{Name: name, Config: &container.Config{Image: "app:1", Labels: map[string]string{service: "s"}}}
	}
	none := func(*engine.Engine) {}
	for name, test := range map[string]struct {
		opts  settings
		fault func(*engine.Engine)
		want  string
		said  string
	}{
		"task":    {settings{version: "28.0", service: "s"}, none, "after its end\nnow\n", ""},
		"parent":  {settings{version: "20.10"}, none, "after its end\nnow\n", ""},
		"unknown": {settings{version: "28.0"}, none, "now\n", `"debug"`},
		"task, at the second answer": {settings{version: "28.0", service: "s"}, func(e *engine.Engine) {
			e.Inject(engine.ContainerList, 1, engine.Fault{Err: engine.Internal})
		}, "after its end\nnow\n", ""},
		"parent, at the third answer": {settings{version: "28.0"}, func(e *engine.Engine) {
			e.Inject(engine.ContainerInspect, 2, engine.Fault{Err: engine.Unavailable})
		}, "after its end\nnow\n", ""},
		"parent, no answer": {settings{version: "28.0"}, func(e *engine.Engine) {
			e.Inject(engine.ContainerInspect, -1, engine.Fault{Err: engine.Internal})
		}, "now\n", `"warn"`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := engine.New(engine.Options{Version: test.opts.version})
				e.AddImage("app:1", engine.Image{})
				parent, err := e.Run(foster("former"))
				if err != nil {
					t.Fatal(err)
				}
				labels := map[string]string{}
				if strings.HasPrefix(name, "parent") {
					labels[parentLabel] = parent
				}
				id, err := e.Run(engine.Container{Name: "p-web-1", Config: &container.Config{Image: "app:1", Labels: labels}})
				if err != nil {
					t.Fatal(err)
				}
				say := func(text string) {
					if err := e.Print(id, 1, text); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Second)
				}
				say("before\n")
				if err := e.Kill(parent); err != nil {
					t.Fatal(err)
				}
				say("after its end\n")
				st := newStand(t, test.opts)
				st.Close()
				st.Engine, st.relay.cfg.Engine = e, e
				defer st.shut()
				say("now\n")
				test.fault(e)
				st.phase(0, state.Unknown, "")
				st.phase(0, state.Alive, id)
				time.Sleep(formerMost + askTimeout)
				if log := st.log.String(); (log != "") != (test.said != "") || !strings.Contains(log, test.said) {
					t.Errorf("said: %s", log)
				}
				if got := st.out.String(); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			})
		})
	}
}

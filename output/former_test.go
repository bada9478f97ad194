package output

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/report"
	"foster/state"
	"foster/test/engine"
)

// handOver is a child whose foster ends, and the one that has it then. Each does
// its deed a second after the one before.
type handOver struct {
	t      *testing.T
	st     *stand // of the next one, whose container is self
	former string
	self   string
	child  string
}

func (h *handOver) foster(name string) string {
	h.t.Helper()
	labels := map[string]string{launcherLabel: "true"}
	if service := h.st.relay.cfg.Service; service != "" {
		labels[serviceLabel] = service
	}
	id, err := h.st.Run(engine.Container{Name: name, Config: &container.Config{Image: "app:1", Labels: labels}})
	h.did(err)
	return id
}

// did: a deed is done, or the test has failed.
func (h *handOver) did(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	time.Sleep(time.Second)
}

func (h *handOver) say(text string) {
	h.t.Helper()
	h.did(h.st.Print(h.child, 1, text))
}

// hears is what happens while the next one stands by.
func (h *handOver) hears(ev state.Event) {
	h.st.relay.Stepped(report.Step{At: time.Now(), From: h.st.now, To: h.st.now, Event: ev})
	time.Sleep(time.Second)
}

// newHandOver: there is a former foster with the child, which has said something,
// and the next one stands by from before that on.
func newHandOver(t *testing.T, service string, labelled, follows bool) *handOver {
	t.Helper()
	h := &handOver{t: t, st: newStand(t, settings{version: "28.0", service: service})}
	cfg := &h.st.relay.cfg
	cfg.Follows = follows
	cfg.Precedes = func(c container.InspectResponse) bool { return strings.HasPrefix(c.Name, "/p.") }
	h.st.now.Stage = state.Standby
	h.did(h.st.Kill(h.foster("p.long-ago")))
	h.former = h.foster("p.former")
	h.self = h.foster("p.self")
	cfg.Self = h.self
	labels := map[string]string{}
	if labelled {
		labels[parentLabel] = h.former
	}
	id, err := h.st.Run(engine.Container{Name: "p-web-1", Config: &container.Config{Image: "app:1", Labels: labels}})
	h.did(err)
	h.child = id
	h.st.step(func(*state.State) {})
	h.say("before\n")
	return h
}

// adopt: the project is the next one's, and the child has something to say.
func (h *handOver) adopt() {
	h.t.Helper()
	h.st.step(func(s *state.State) { s.Stage, s.Children[0].Phase = state.Up, state.Unknown })
	h.say("now\n")
	h.st.phase(0, state.Alive, h.child)
	time.Sleep(formerMost + askTimeout)
}

// TestFormer: the output of an adopted child goes on where its foster ended, be
// that before or after the next one's start, and from when that one took the
// project where nobody knows.
func TestFormer(t *testing.T) {
	const ended, taken = "after its end\nlater\nnow\n", "now\n"
	// kill is of the former, then the child speaks.
	kill := func(h *handOver) {
		h.did(h.st.Kill(h.former))
		h.say("after its end\n")
		h.say("later\n")
	}
	fault := func(v engine.Verb, n int, err error) func(*handOver) {
		return func(h *handOver) {
			kill(h)
			h.st.Inject(v, n, engine.Fault{Err: err})
		}
	}
	for name, test := range map[string]struct {
		service  string
		labelled bool
		follows  bool
		happens  func(*handOver)
		want     string
		said     string
	}{
		"by name":                   {"", false, false, kill, ended, ""},
		"by service":                {"s", false, false, kill, ended, ""},
		"by label":                  {"", true, false, func(h *handOver) { h.st.relay.cfg.Precedes = nil; kill(h) }, ended, ""},
		"at the second answer":      {"s", false, false, fault(engine.ContainerList, 1, engine.Internal), ended, ""},
		"at the third answer":       {"", true, false, fault(engine.ContainerInspect, 2, engine.Unavailable), ended, ""},
		"no answer":                 {"", true, false, fault(engine.ContainerInspect, -1, engine.Internal), taken, `"warn"`},
		"none known":                {"", false, false, func(h *handOver) { h.did(h.st.Rename(h.former, "another")); kill(h) }, taken, `"debug"`},
		"followed, which has ended": {"", true, true, func(h *handOver) { h.did(h.st.Rename(h.former, "followed")); kill(h) }, taken, `"debug"`},
		"gone, and was waited for": {"", true, false, func(h *handOver) {
			h.did(h.st.Destroy(h.former))
			h.hears(state.ElderGone{At: time.Now()})
			h.say("after its end\nlater\n")
		}, ended, ""},
		"gone, of which a look told": {"", true, false, func(h *handOver) {
			h.hears(state.ElderGone{At: time.Now()}) // another one that stood by
			h.hears(state.Observed{Elder: "p.former"})
			h.say("more\n")
			h.did(h.st.Destroy(h.former))
			h.say("after its end\nlater\n")
		}, taken, `"debug"`},
		"gone, and was not": {"", true, false, func(h *handOver) { h.did(h.st.Destroy(h.former)); h.say("after its end\nlater\n") }, taken, `"debug"`},
		"started again": {"", true, false, func(h *handOver) {
			h.did(h.st.Kill(h.former))
			h.did(h.st.Start(h.former)) // it stands by now
			h.say("after its end\nlater\n")
		}, ended, ""},
		"self, started again": {"", true, false, func(h *handOver) {
			h.st.relay.cfg.Precedes = nil
			h.did(h.st.Kill(h.former)) // and the next one had it
			h.say("the next one's\n")
			h.did(h.st.Kill(h.self))
			h.did(h.st.Start(h.self))
			h.say("after its end\nlater\n")
		}, ended, ""},
		"another's end later": {"s", true, false, func(h *handOver) {
			other := h.foster("q.other")
			h.did(h.st.Kill(h.former))
			h.say("after its end\n")
			h.did(h.st.Kill(other))
			h.say("later\n")
		}, ended, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHandOver(t, test.service, test.labelled, test.follows)
				defer h.st.shut()
				test.happens(h)
				h.adopt()
				h.st.said(test.want)
				if log := h.st.log.String(); (log != "") != (test.said != "") || !strings.Contains(log, test.said) {
					t.Errorf("said: %s", log)
				}
			})
		})
	}
}

package actions

import (
	"strings"
	"testing"
	"time"

	"foster/state"
	"foster/test/engine"
)

// TestPreStop: hooks have a part of the grace, the stop has the rest, and
// nothing keeps it from happening.
func TestPreStop(t *testing.T) {
	const second = time.Second
	for _, tc := range []struct {
		name   string
		first  engine.Command
		fault  map[engine.Verb]engine.Fault
		before func(h hooked) error
		grace  time.Duration
		ran    string
		after  time.Duration // until the stop began
		took   time.Duration // in all, of a process that is deaf
		warns  string
	}{
		{name: "in time", first: engine.Command{Takes: 3 * second}, grace: 10 * second, ran: "down one, down two", after: 3 * second, took: 9 * second},
		{name: "fails", first: engine.Command{Code: 3}, grace: 10 * second, ran: "down one", took: 9 * second, warns: `pre_stop hook 1 of child \"web\" ended with exit code 3`},
		{name: "hangs", first: engine.Command{Takes: time.Hour}, grace: 10 * second, ran: "down one", after: 9 * second, took: 10 * second, warns: "has not ended within 9s"},
		{name: "hangs, with the least grace", first: engine.Command{Takes: time.Hour}, grace: second, ran: "down one", after: second / 2, took: 3 * second / 2, warns: "within 500ms"},
		{name: "cannot be made", fault: map[engine.Verb]engine.Fault{engine.ContainerExecCreate: {Err: engine.BadParameter}}, grace: 10 * second, took: 9 * second, warns: "invalid parameter"},
		{name: "silent engine", fault: map[engine.Verb]engine.Fault{engine.ContainerExecAttach: {Hang: true}}, grace: 5 * second, after: 4 * second, took: 5 * second, warns: "has not ended within 4s"},
		{name: "kill", grace: 0},
		{name: "does not run", before: func(h hooked) error { return h.engine.Kill(h.id) }, grace: 10 * second},
		{name: "gone", before: func(h hooked) error { return h.engine.Destroy(h.id) }, grace: 10 * second},
		{name: "paused", before: func(h hooked) error { return h.engine.Pause(h.id) }, grace: 10 * second, took: 9 * second, warns: "is paused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			withHooks(t, nil, func(h hooked) {
				h.engine.Behave("p-web-1", engine.Process{IgnoreTerm: true})
				if err := h.engine.Start(h.id); err != nil {
					t.Fatal(err)
				}
				if tc.before != nil {
					if err := tc.before(h); err != nil {
						t.Fatal(err)
					}
				}
				h.engine.BehaveExec("down one", tc.first)
				for verb, f := range tc.fault {
					h.engine.Inject(verb, 1, f)
				}
				check(t, h.done(t, h.stop(tc.grace)), state.OK, h.id, "")
				began := h.began
				h.took(tc.took)
				if h.ran() != tc.ran {
					t.Errorf("ran %q, want %q", h.ran(), tc.ran)
				}
				for _, c := range h.engine.Calls() {
					if after := c.At.Sub(began); c.Verb == engine.ContainerStop && (after < tc.after || after > tc.after+second/2) {
						t.Errorf("the stop began after %s, want %s", after, tc.after)
					}
				}
				if n := h.engine.Count(engine.ContainerStop); n != 1 {
					t.Errorf("%d stops", n)
				}
				h.end()
				switch log := h.log.String(); {
				case tc.warns == "" && strings.Contains(log, "warn"):
					t.Errorf("it warns:\n%s", log)
				case !strings.Contains(log, tc.warns):
					t.Errorf("no %q in\n%s", tc.warns, log)
				}
			})
		})
	}
}

// TestPreStopCanceled: a kill waits for no hook.
func TestPreStopCanceled(t *testing.T) {
	withHooks(t, nil, func(h hooked) {
		if err := h.engine.Start(h.id); err != nil {
			t.Fatal(err)
		}
		h.engine.BehaveExec("down one", engine.Command{Takes: time.Hour})
		h.in <- h.stop(time.Minute)
		time.Sleep(5 * time.Second)
		h.in <- state.Cancel{Op: 2}
		check(t, h.await(t), state.Canceled, h.id, "")
		h.took(5 * time.Second)
	})
}

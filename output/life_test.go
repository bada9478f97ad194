package output

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"foster/report"
	"foster/state"
	"foster/test/engine"
)

// TestEndedBeforeItsStart: what has ended before its start was answered is
// relayed at once, not when the project ends.
func TestEndedBeforeItsStart(t *testing.T) {
	for name, phases := range map[string][2]state.Phase{
		"one-shot":   {state.Starting, state.Completed},
		"settling":   {state.Starting, state.Settling},
		"a former's": {state.Unknown, state.Completed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStand(t, settings{version: "28.0"})
				defer st.shut()
				if phases[0] == state.Starting {
					st.begin(0, settings{})
				} else {
					st.phase(0, state.Unknown, "")
					st.make(0, settings{})
					if err := st.Start(st.child); err != nil {
						t.Fatal(err)
					}
				}
				st.print(1, "done\n")
				if err := st.Stop(st.child); err != nil {
					t.Fatal(err)
				}
				st.phase(0, phases[1], st.child)
				synctest.Wait()
				st.said("done\n")
			})
		})
	}
}

// TestWhileHooksRun: a child is heard from its start on, also while the hooks
// that its start waits for run.
func TestWhileHooksRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0"})
		defer st.shut()
		st.begin(0, settings{})
		st.relay.Stepped(report.Step{At: time.Now(), From: st.now, To: st.now, Event: state.ChildStarted{ID: st.child, At: time.Now()}})
		st.print(1, "one\n")
		synctest.Wait()
		st.said("one\n")
		st.phase(0, state.Alive, st.child)
		st.print(1, "two\n")
		synctest.Wait()
		st.said("one\ntwo\n")
	})
}

// TestRestartWithoutEnd: docker restart of a child is believed where its stream
// does not end with the run.
func TestRestartWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0"})
		defer st.shut()
		st.relay.cfg.Engine = endless{st.Engine}
		st.launch(0, settings{})
		synctest.Wait()
		st.print(1, "one\n")
		if err := st.Stop(st.child); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		st.phase(0, state.Settling, st.child)
		if err := st.Start(st.child); err != nil {
			t.Fatal(err)
		}
		st.phase(0, state.Alive, st.child)
		st.print(1, "two\n")
		time.Sleep(quiet + 2*drainTick)
		st.said("one\ntwo\n")
	})
}

// TestRemovalThatFailed: a container that was to be removed and is alive all the
// same is relayed on, from where it was left.
func TestRemovalThatFailed(t *testing.T) {
	for name, hinder := range map[string]func(*stand){
		"followed to its end": func(*stand) {},
		"not yet":             func(st *stand) { st.Inject(engine.ContainerLogs, 2, engine.Fault{Hang: true}); st.CutLogs(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStand(t, settings{version: "28.0"})
				defer st.shut()
				st.launch(0, settings{})
				st.print(1, "one\n")
				synctest.Wait()
				hinder(st)
				st.print(1, "two\n")
				if err := st.Stop(st.child); err != nil {
					t.Fatal(err)
				}
				st.phase(0, state.Removing, st.child)
				st.relay.Drain(t.Context(), st.child)
				st.phase(0, state.Unknown, st.child)
				if err := st.Start(st.child); err != nil {
					t.Fatal(err)
				}
				st.phase(0, state.Alive, st.child)
				st.print(1, "three\n")
				time.Sleep(time.Minute)
				st.print(1, "four\n")
				time.Sleep(time.Second)
				st.said("one\ntwo\nthree\nfour\n")
			})
		})
	}
}

// TestSilentChild: streams of a child that says nothing break now and then,
// which is no failure of reading.
func TestSilentChild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0"})
		defer st.shut()
		st.launch(0, settings{})
		for range 100 {
			time.Sleep(10 * time.Minute)
			st.CutLogs(nil)
		}
		synctest.Wait()
		if log := st.log.String(); strings.Contains(log, `"warn"`) || strings.Count(log, "cannot be read") != 100 {
			t.Errorf("it was said: %s", log)
		}
	})
}

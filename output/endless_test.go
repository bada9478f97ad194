package output

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containerd/errdefs"

	"foster/state"
	"foster/test/engine"
)

var errForbidden = fmt.Errorf("a proxy says no: %w", errdefs.ErrPermissionDenied)

// TestCrashLoop: however often a child dies while nobody reads foster's output,
// or the engine does not give the logs, nothing is left of its containers.
func TestCrashLoop(t *testing.T) {
	for name, hinder := range map[string]func(*stand) (end func()){
		"reader": func(st *stand) func() {
			stuck := make(chan struct{})
			st.out.change(func() { st.out.stuck = stuck })
			return func() { close(stuck) }
		},
		"refused": func(st *stand) func() {
			st.Inject(engine.ContainerLogs, -1, engine.Fault{Err: errForbidden})
			return func() {}
		},
		"no end": func(st *stand) func() {
			st.relay.cfg.Engine = endless{st.Engine}
			return func() {}
		},
	} {
		for _, drained := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, drained %t", name, drained), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					st := newStand(t, settings{version: "28.0"})
					synctest.Wait()
					before := runtime.NumGoroutine()
					end := hinder(st)
					deaths := 1000
					if !drained {
						deaths /= 4
					}
					for range deaths {
						st.launch(0, settings{})
						st.print(1, strings.Repeat("x", 4*chunk)+"\n")
						synctest.Wait()
						if err := st.Kill(st.child); err != nil {
							t.Fatal(err)
						}
						if drained {
							st.bury(0)
							continue
						}
						if err := st.Destroy(st.child); err != nil {
							t.Fatal(err)
						}
						st.phase(0, state.Absent, "")
						time.Sleep(time.Second)
					}
					time.Sleep(3 * recovering.still)
					synctest.Wait()
					const ending = 10 // those that end just now may be counted
					if after := runtime.NumGoroutine(); after > before+ending {
						t.Errorf("%d goroutines, before %d", after, before)
					}
					end()
					st.shut()
				})
			})
		}
	}
}

// TestRefusedLogs: logs that the engine does not give hold up no recovery, and
// are warned about once, whatever becomes of the containers.
func TestRefusedLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0"})
		defer st.shut()
		round := func(most time.Duration) {
			st.launch(0, settings{})
			st.print(1, "hello\n")
			time.Sleep(2 * time.Minute)
			if err := st.Kill(st.child); err != nil {
				t.Fatal(err)
			}
			if took := st.bury(0); took > most {
				t.Errorf("the removal waited for %s", took)
			}
		}
		st.Inject(engine.ContainerLogs, -1, engine.Fault{Err: errForbidden})
		for range 10 {
			round(0)
		}
		st.Heal()
		round(0)
		log := st.log.String()
		for text, want := range map[string]int{`"warn"`: 2, "may be lost": 10, `"info"`: 2, `"attempt":10,"message":"the last lines`: 1, "read again": 1} {
			if got := strings.Count(log, text); got != want {
				t.Errorf("%q was said %d times, want %d", text, got, want)
			}
		}
		st.said("hello\n")
	})
}

// TestRefusedOnce: one answer of that kind is not believed.
func TestRefusedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0"})
		defer st.shut()
		st.launch(0, settings{})
		synctest.Wait()
		st.Inject(engine.ContainerLogs, 1, engine.Fault{Err: engine.Internal})
		st.CutLogs(nil)
		st.print(1, "last words\n")
		if err := st.Kill(st.child); err != nil {
			t.Fatal(err)
		}
		st.bury(0)
		st.said("last words\n")
	})
}

package output

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"foster/state"
	"foster/test/engine"
)

// TestVanished: somebody's docker rm -f; what is on its way still comes, and the
// next container begins anew.
func TestVanished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0"})
		defer st.shut()
		st.launch(0, settings{})
		synctest.Wait()
		st.print(1, "last words\n")
		if err := st.Destroy(st.child); err != nil {
			t.Fatal(err)
		}
		st.phase(0, state.Absent, "")
		st.launch(0, settings{})
		st.print(1, "first words\n")
		time.Sleep(time.Minute)
		st.said("last words\nfirst words\n")
		if n := len(st.relay.followers); n != 1 {
			t.Errorf("%d containers are followed", n)
		}
	})
}

// TestEngineAway: while the engine is away nothing runs hot and nothing is said
// that the watcher says; when it is back, the log goes on at once.
func TestEngineAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0"})
		defer st.shut()
		st.launch(0, settings{})
		st.print(1, "before\n")
		synctest.Wait()
		st.Inject(engine.ContainerLogs, -1, engine.Fault{Err: engine.Refused})
		st.step(func(s *state.State) { s.StreamUp = false })
		st.CutLogs(nil)
		st.ForgetCalls()
		st.print(1, "meanwhile\n")
		time.Sleep(10 * time.Minute)
		if n := st.Count(engine.ContainerLogs); n > 10*60/2 {
			t.Errorf("%d calls in ten minutes", n)
		}
		st.Heal()
		began := time.Now()
		st.step(func(s *state.State) { s.StreamUp = true })
		synctest.Wait()
		st.said("before\nmeanwhile\n")
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %s", took)
		}
		if strings.Contains(st.log.String(), `"warn"`) {
			t.Errorf("it was said: %s", st.log.String())
		}
	})
}

// TestCutInALine: a stream that breaks in the middle of a line leaves no half of
// it behind, however long the next stream is not to be had and others speak.
func TestCutInALine(t *testing.T) {
	for _, ends := range []int{8 + stampSize + 1 + 3, 8 + stampSize + 1, 20, 5} {
		synctest.Test(t, func(t *testing.T) {
			st := newStand(t, settings{version: "28.0"})
			defer st.shut()
			cuts := 0
			st.CutLogs(func() int {
				if cuts++; cuts > 1 {
					return -1
				}
				return ends
			})
			st.launch(0, settings{})
			synctest.Wait()
			st.Inject(engine.ContainerLogs, -1, engine.Fault{Err: engine.Refused})
			st.print(1, "hello, world\n")
			time.Sleep(2 * lineStill)
			fmt.Fprintln(st.sink.Log(), "foster's own")
			time.Sleep(2 * lineStill)
			st.said("foster's own\n")
			st.Heal()
			time.Sleep(retryMost)
			synctest.Wait()
			st.said("foster's own\nhello, world\n")
		})
	}
}

// TestUnreadable: a log that cannot be read is said once for a child, and holds
// up nothing.
func TestUnreadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0"})
		defer st.shut()
		for range 3 {
			st.launch(0, settings{driver: "none"})
			synctest.Wait()
			if err := st.Kill(st.child); err != nil {
				t.Fatal(err)
			}
			if took := st.bury(0); took > 0 {
				t.Errorf("the removal waited for %s", took)
			}
		}
		if got := strings.Count(st.log.String(), "is not relayed"); got != 1 {
			t.Errorf("said %d times: %s", got, st.log.String())
		}
	})
}

// TestStuckReader: one who is stuck for a while has everything in the end.
func TestStuckReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0"})
		defer st.shut()
		stuck := make(chan struct{})
		st.out.change(func() { st.out.stuck = stuck })
		st.launch(0, settings{})
		for i := range 20000 {
			st.print(1, fmt.Sprintf("line %d\n", i))
		}
		time.Sleep(time.Hour)
		st.out.change(func() { st.out.stuck = nil })
		close(stuck)
		synctest.Wait()
		if got := st.out.String(); got != st.kept(1) {
			t.Errorf("%s", difference(got, st.kept(1)))
		}
	})
}

// TestSeveral: each line says whose it is.
func TestSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0", children: []Child{{"web", "p-web-1"}, {"db", "p-db-1"}}})
		defer st.shut()
		st.launch(0, settings{})
		st.print(1, "one\n\ntwo\n")
		synctest.Wait()
		st.launch(1, settings{tty: true})
		st.print(1, "three\n")
		st.print(2, "four\n")
		synctest.Wait()
		st.said("web-1  | one\nweb-1  | \nweb-1  | two\ndb-1   | three\ndb-1   | four\n")
	})
}

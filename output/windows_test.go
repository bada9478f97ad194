package output

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"foster/test/engine"
)

// TestRotation: what the engine has forgotten is lost, and nothing else.
func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0"})
		defer st.shut()
		st.launch(0, settings{})
		st.print(1, "one\n")
		synctest.Wait()
		st.Inject(engine.ContainerLogs, 1, engine.Fault{Err: engine.Refused})
		st.CutLogs(nil)
		st.print(1, "two\nthree\nfour\n")
		if err := st.Rotate(st.child, 2); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		st.said("one\nthree\nfour\n")
	})
}

// TestLongLineLongPause: the rest of a line has the stamp of its beginning, which
// may be long before the last message of the other source.
func TestLongLineLongPause(t *testing.T) {
	for _, version := range versions {
		synctest.Test(t, func(t *testing.T) {
			st := newStand(t, settings{version: version})
			defer st.shut()
			st.launch(0, settings{})
			line := strings.Repeat("x", rawMost)
			st.print(1, line)
			for range 2 * tails[0] {
				st.print(2, "aside\n")
			}
			time.Sleep(time.Hour)
			st.print(2, "aside\n")
			synctest.Wait()
			st.Inject(engine.ContainerLogs, 1, engine.Fault{Err: engine.Refused})
			st.CutLogs(nil)
			for range 2 * tails[1] {
				st.print(2, "aside\n")
			}
			st.print(1, line+"end\n")
			time.Sleep(time.Minute)
			if got, want := st.out.String(), st.kept(1); got != want {
				t.Errorf("%s: stdout: %d bytes, want %d", version, len(got), len(want))
			}
			if got, want := st.err.String(), st.kept(2); got != want {
				t.Errorf("%s: stderr: %d bytes, want %d", version, len(got), len(want))
			}
		})
	}
}

// TestOneStamp: where a window begins among messages of one stamp, what is asked
// for reaches back further.
func TestOneStamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0"})
		defer st.shut()
		st.launch(0, settings{})
		messages := func(n int) string { return strings.Repeat("0123456789abcdef", n*rawMost/16) } // of one line
		st.print(1, messages(tails[0]))
		st.print(2, "the first of the window\n")
		st.print(1, messages(tails[0]-2))
		st.print(2, "the last\n")
		synctest.Wait()
		st.CutLogs(nil)
		time.Sleep(time.Minute)
		st.print(1, "end\n")
		synctest.Wait()
		if got, want := st.out.String(), st.kept(1); got != want {
			t.Errorf("stdout: %d bytes, want %d", len(got), len(want))
		}
		if got, want := st.err.String(), st.kept(2); got != want {
			t.Errorf("stderr: %d bytes, want %d", len(got), len(want))
		}
	})
}

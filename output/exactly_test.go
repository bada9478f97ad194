package output

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"foster/state"
)

// TestExactlyOnce: whatever breaks, what comes out of each source is what the
// engine kept, in its order, once.
func TestExactlyOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		adopted := rapid.Bool().Draw(rt, "adopted")
		opts := settings{version: rapid.SampledFrom(versions).Draw(rt, "version"), tty: rapid.Bool().Draw(rt, "tty")}
		seed := rapid.Uint64().Draw(rt, "seed")
		acts := rapid.IntRange(1, 40).Draw(rt, "acts")
		var wrong string
		synctest.Test(t, func(t *testing.T) { wrong = chaos(t, opts, adopted, rand.New(rand.NewPCG(seed, 0)), acts) })
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// chaos prints and breaks at random, and says what is wrong with what came out.
// An adopted child has written something before, of which nothing is to come.
func chaos(t *testing.T, opts settings, adopted bool, r *rand.Rand, acts int) string {
	st := newStand(t, opts)
	defer st.shut()
	cutting := r.IntN(2) == 0
	if cutting {
		where := rand.New(rand.NewPCG(r.Uint64(), 1)) // which the engine asks, in its own time
		st.CutLogs(func() int {
			if where.IntN(3) == 0 {
				return -1
			}
			return where.IntN(3000)
		})
	}
	serial := 0
	if adopted {
		st.former(opts, func() {
			for range r.IntN(3000) {
				serial++
				st.print(1+r.IntN(2), fmt.Sprintf("before %d\n", serial))
			}
		})
	} else {
		st.launch(0, opts)
	}
	var runs [2][]string // of each source, what of it was kept at the end of each but the last
	for range acts {
		switch r.IntN(12) {
		default:
			for range r.IntN(30) {
				serial++
				st.print(1+r.IntN(2), fmt.Sprintf("line %d\n", serial))
			}
		case 0:
			serial++
			st.print(1+r.IntN(2), fmt.Sprintf("long %d %s\n", serial, strings.Repeat("x", r.IntN(3*rawMost))))
		case 1:
			if !opts.tty { // see docs/output.md: a line that a run has left open
				serial++
				st.print(1+r.IntN(2), fmt.Sprintf("half %d", serial))
			}
		case 2:
			for range r.IntN(2000) {
				serial++
				st.print(1, fmt.Sprintf("burst %d\n", serial))
			}
		case 3:
			if !cutting {
				st.CutLogs(nil)
			}
		case 4: // docker restart
			if opts.tty {
				st.print(1, "\n")
			}
			if err := st.Stop(st.child); err != nil {
				t.Fatal(err)
			}
			for src := range runs {
				runs[src] = append(runs[src], st.keptAsIs(1+src))
			}
			st.phase(0, state.Settling, st.child)
			if r.IntN(2) == 0 {
				time.Sleep(time.Second)
			}
			if err := st.Start(st.child); err != nil {
				t.Fatal(err)
			}
			st.phase(0, state.Alive, st.child)
		case 5:
			time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
		case 6:
			synctest.Wait()
		}
	}
	st.CutLogs(nil)
	if err := st.Kill(st.child); err != nil {
		t.Fatal(err)
	}
	want := [2]string{st.kept(1), st.kept(2)}
	st.bury(0)
	synctest.Wait()
	for src, got := range []string{st.out.String(), st.err.String()} {
		got = whole(got, runs[src])
		if got != want[src] {
			return fmt.Sprintf("%s: got %d bytes, want %d; first difference %s\n%s", Source(src), len(got), len(want[src]), difference(got, want[src]), st.log.String())
		}
	}
	return ""
}

// whole leaves out the line feed that a run's last line, which had none, was
// given. There is none where the next run had begun before that was known.
func whole(got string, kept []string) string {
	for _, k := range kept {
		rest, ok := strings.CutPrefix(got, k)
		if atEnd := rest == "\n"; ok && k != "" && !strings.HasSuffix(k, "\n") && !atEnd {
			got = k + strings.TrimPrefix(rest, "\n")
		}
	}
	return got
}

func difference(got, want string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("at %d: got %.60q, want %.60q", i, got[i:], want[i:])
		}
	}
	return fmt.Sprintf("at the end: got %.60q, want %.60q", got[min(len(got), len(want)):], want[min(len(got), len(want)):])
}

package output

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"pgregory.net/rapid"

	"foster/state"
	"foster/test/engine"
)

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

var versions = []string{"20.10", "28.0"}

// TestExactlyOnce: whatever breaks, what comes out of each source is what the
// engine kept, in its order, once.
func TestExactlyOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		opts := settings{version: rapid.SampledFrom(versions).Draw(rt, "version"), tty: rapid.Bool().Draw(rt, "tty")}
		seed := rapid.Uint64().Draw(rt, "seed")
		acts := rapid.IntRange(1, 40).Draw(rt, "acts")
		var wrong string
		synctest.Test(t, func(t *testing.T) { wrong = chaos(t, opts, rand.New(rand.NewPCG(seed, 0)), acts) })
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// chaos prints and breaks at random, and says what is wrong with what came out.
func chaos(t *testing.T, opts settings, r *rand.Rand, acts int) string {
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
	st.launch(0, opts)
	serial := 0
	same := func(got, want string) bool { return got == want }
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
			// A run's last line that was not ended has its line feed here, unless the
			// next run had begun before that was known.
			same = func(got, want string) bool {
				return strings.ReplaceAll(got, "\n", "") == strings.ReplaceAll(want, "\n", "")
			}
			if opts.tty {
				st.print(1, "\n")
			}
			if err := st.Stop(st.child); err != nil {
				t.Fatal(err)
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
		if !same(got, want[src]) {
			return fmt.Sprintf("%s: got %d bytes, want %d; first difference %s\n%s", Source(src), len(got), len(want[src]), difference(got, want[src]), st.log.String())
		}
	}
	return ""
}

func difference(got, want string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("at %d: got %.60q, want %.60q", i, got[i:], want[i:])
		}
	}
	return fmt.Sprintf("at the end: got %.60q, want %.60q", got[min(len(got), len(want)):], want[min(len(got), len(want)):])
}

// TestDrainCostsNothing: where a container has ended, its last lines are there.
func TestDrainCostsNothing(t *testing.T) {
	for _, version := range versions {
		synctest.Test(t, func(t *testing.T) {
			st := newStand(t, settings{version: version})
			defer st.shut()
			st.launch(0, settings{})
			st.print(1, "hello\n")
			synctest.Wait()
			st.print(1, "last words\nand half a line")
			if err := st.Kill(st.child); err != nil {
				t.Fatal(err)
			}
			if took := st.bury(0); took > 0 {
				t.Errorf("%s: the removal waited for %s", version, took)
			}
			if got, want := st.out.String(), "hello\nlast words\nand half a line\n"; got != want {
				t.Errorf("%s: got %q, want %q", version, got, want)
			}
		})
	}
}

// TestDrainIsBounded: neither a reader who takes nothing nor an engine that does
// not answer holds up a recovery for long, and it is said what may be lost.
func TestDrainIsBounded(t *testing.T) {
	stuckReader := func(st *stand) (end func()) {
		stuck := make(chan struct{})
		st.out.change(func() { st.out.stuck = stuck })
		return func() { close(stuck) }
	}
	stuckEngine := func(st *stand) (end func()) {
		st.Inject(engine.ContainerLogs, -1, engine.Fault{Hang: true})
		st.CutLogs(nil)
		return func() {}
	}
	slowReader := func(st *stand) (end func()) {
		st.out.change(func() { st.out.slow = stopping.still / 2 })
		return func() { st.out.change(func() { st.out.slow = 0 }) }
	}
	tests := map[string]struct {
		hinder func(*stand) func()
		state  func(*state.State)
		want   time.Duration
	}{
		"reader":                {stuckReader, func(*state.State) {}, recovering.still},
		"engine":                {stuckEngine, func(*state.State) {}, recovering.still},
		"slow":                  {slowReader, func(*state.State) {}, recovering.all},
		"reader, stop":          {stuckReader, func(s *state.State) { s.Stage = state.Closing }, stopping.still},
		"slow, stop":            {slowReader, func(s *state.State) { s.Stage = state.Closing }, stopping.all},
		"reader, second signal": {stuckReader, func(s *state.State) { s.Stage, s.Kill, s.Children[0].Phase = state.Closing, true, state.Stopping }, hurrying.all},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStand(t, settings{version: "28.0"})
				st.launch(0, settings{})
				end := test.hinder(st)
				for range 20000 {
					st.print(1, strings.Repeat("x", 99)+"\n")
				}
				if err := st.Kill(st.child); err != nil {
					t.Fatal(err)
				}
				st.step(test.state)
				if took := st.bury(0); took < test.want || took > test.want+2*drainTick {
					t.Errorf("the removal waited for %s, want %s", took, test.want)
				}
				if !strings.Contains(st.log.String(), "may be lost") {
					t.Errorf("nothing was said: %s", st.log.String())
				}
				end()
				st.shut()
			})
		})
	}
}

// TestTornAway: a container that is removed while it runs is not waited for; what
// it has written comes all the same.
func TestTornAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "28.0"})
		defer st.shut()
		st.launch(0, settings{})
		st.print(1, "hello\n")
		synctest.Wait()
		st.step(func(s *state.State) { s.Stage, s.Kill = state.Closing, true })
		if took := st.bury(0); took > 0 {
			t.Errorf("the removal waited for %s", took)
		}
		if got := st.out.String(); got != "hello\n" {
			t.Errorf("got %q", got)
		}
	})
}

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
		if got, want := st.out.String(), "last words\nfirst words\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
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
		if got := st.out.String(); got != "before\nmeanwhile\n" || time.Since(began) > 0 {
			t.Errorf("got %q", got)
		}
		if strings.Contains(st.log.String(), `"warn"`) {
			t.Errorf("it was said: %s", st.log.String())
		}
	})
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
		if got, want := st.out.String(), "one\nthree\nfour\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
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
		if got, want := st.out.String(), "web-1  | one\nweb-1  | \nweb-1  | two\ndb-1   | three\ndb-1   | four\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestFormer: the output of an adopted child goes on where its foster ended, and
// with this one's beginning where nobody knows.
func TestFormer(t *testing.T) {
	const service = "com.docker.swarm.service.name"
	foster := func(name string) engine.Container {
		return engine.Container{Name: name, Config: &container.Config{Image: "app:1", Labels: map[string]string{service: "s"}}}
	}
	for name, test := range map[string]struct {
		opts settings
		want string
	}{
		"task":    {settings{version: "28.0", service: "s"}, "after its end\nnow\n"},
		"parent":  {settings{version: "20.10"}, "after its end\nnow\n"},
		"unknown": {settings{version: "28.0"}, "now\n"},
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
				if name == "parent" {
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
				st.phase(0, state.Unknown, "")
				st.phase(0, state.Alive, id)
				synctest.Wait()
				if got := st.out.String(); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			})
		})
	}
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

// endless is an engine whose streams do not end with the container.
type endless struct{ *engine.Engine }

func (e endless) ContainerLogs(ctx context.Context, id string, options container.LogsOptions) (io.ReadCloser, error) {
	body, err := e.Engine.ContainerLogs(ctx, id, options)
	if err != nil || !options.Follow {
		return body, err
	}
	return endlessBody{body, ctx}, nil
}

type endlessBody struct {
	io.ReadCloser
	ctx context.Context
}

func (b endlessBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		<-b.ctx.Done()
		err = b.ctx.Err()
	}
	return n, err
}

// TestStreamWithoutEnd: a container's end is believed, whatever its stream says.
func TestStreamWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStand(t, settings{version: "20.10"})
		defer st.shut()
		st.relay.cfg.Engine = endless{st.Engine}
		st.launch(0, settings{})
		synctest.Wait()
		st.print(1, "last words\n")
		if err := st.Kill(st.child); err != nil {
			t.Fatal(err)
		}
		if took := st.bury(0); took > quiet+drainTick {
			t.Errorf("the removal waited for %s", took)
		}
		if got := st.out.String(); got != "last words\n" {
			t.Errorf("got %q", got)
		}
	})
}

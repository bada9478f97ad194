package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

// What foster is given, in KiB: from the least that an engine takes for a limit
// to more than foster ever needs, each time so much more.
const (
	leastMemory = 6 << 10
	memoryStep  = 512
	mostMemory  = 64 << 10
)

// TestCrashByMemory runs foster with too little memory for it, then with a little
// more, until there is enough: the kernel kills it at another moment each time.
func TestCrashByMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	settings := []string{"LAUNCH_NETWORKS=back"}
	want := wanted(w.net("back"))
	var kept []check
	killed := 0
	limit := leastMemory
	for ; ; limit += memoryStep {
		if limit > mostMemory {
			t.Fatalf("%d KiB are not enough", mostMemory)
		}
		f := w.fosterContainer(memory(limit), settings...)
		if f.survives() {
			kept = []check{same(w.awaitWhole(want, kept...))}
			if f.outlived() {
				t.Logf("with %d KiB it lives", limit)
				break
			}
		} else {
			kept = nil
			if c, err := w.whole(want); err == nil {
				kept = []check{same(c)}
			}
		}
		killed++
		t.Logf("with %d KiB it was killed; the last that it said: %s", limit, f.lastWords())
	}
	if killed == 0 {
		t.Error("it was never killed: try less memory")
	}
	// A child that is whole lives through all the same deaths of those who want to take it over.
	killed = 0
	for limit := max(leastMemory, limit-4*memoryStep); ; limit += memoryStep / 2 {
		if limit > mostMemory {
			t.Fatalf("%d KiB are not enough for an adoption", mostMemory)
		}
		f := w.fosterContainer(memory(limit), settings...)
		alive := f.survives()
		w.awaitWhole(want, kept...)
		if alive && f.outlived() {
			break
		}
		killed++
		t.Logf("with %d KiB it was killed at the adoption; the last that it said: %s", limit, f.lastWords())
	}
	if killed == 0 {
		t.Error("it was never killed at the adoption: try less memory")
	}
	last := w.fosterContainer(nil, settings...)
	last.awaitSaid("adopted")
	w.awaitWhole(want, kept...)
	last.stop()
	w.nothingLeft()
	w.neverTwo(0)
}

// memory are the flags of docker run for that many KiB, and no swap.
func memory(kib int) []string {
	return []string{"--memory", fmt.Sprintf("%dk", kib), "--memory-swap", fmt.Sprintf("%dk", kib)}
}

// survives waits until foster has its child, or has been killed for its memory.
func (f *foster) survives() bool {
	f.w.t.Helper()
	alive := false
	lab.Eventually(f.w.t, patience, "foster's end, or its child", func() error {
		select {
		case <-f.done:
			f.memoryKilled()
			return nil
		default:
		}
		err := f.hasChild()
		alive = err == nil
		return err
	})
	return alive
}

// outlived reports whether foster lives still, and ends it: the kernel may come
// before, at any moment, and takes the container along.
func (f *foster) outlived() bool {
	f.w.t.Helper()
	select {
	case <-f.done:
		f.memoryKilled()
		return false
	default:
	}
	_, _ = f.w.Docker(f.w.t.Context(), "kill", f.container)
	f.over(patience)
	f.memoryKilled()
	return true
}

// memoryKilled fails the test unless foster, which has ended, was killed: by the
// kernel, or by the runtime that cannot have any more.
func (f *foster) memoryKilled() {
	f.w.t.Helper()
	if f.code != 137 && f.code != 2 {
		f.w.t.Fatalf("foster ended with %d", f.code)
	}
}

func (f *foster) lastWords() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.lines) == 0 {
		return "nothing"
	}
	return f.lines[len(f.lines)-1].text("message")
}

// awaitRest waits until foster has said nothing for a while. The dump is of
// goroutines that run on: one that works meanwhile can make the dump itself fault,
// and then the end is the kernel's and not the runtime's.
func (f *foster) awaitRest() {
	f.w.t.Helper()
	lines := -1
	lab.Eventually(f.w.t, patience, "a foster at rest", func() error {
		time.Sleep(300 * time.Millisecond)
		f.mu.Lock()
		defer f.mu.Unlock()
		was := lines
		if lines = len(f.lines); lines != was {
			return errNotYet
		}
		return nil
	})
}

// TestCrashBySignal: the signal that nobody can catch, in a container and
// outside, and in a container those that Go dies of with a dump of all that it
// was doing. The child never notices.
func TestCrashBySignal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	settings := []string{"LAUNCH_NETWORKS=back", "LAUNCH_ENVIRONMENTS=TOKEN=hunter2"}
	want := wanted(w.net("back"))
	var child container.InspectResponse
	for i, how := range []struct {
		signal string
		code   int
	}{{"KILL", 137}, {"ABRT", 2}, {"QUIT", 2}, {"SEGV", 2}} {
		f := w.fosterContainer(nil, settings...)
		if i == 0 {
			f.awaitSaid("launched")
			child = w.awaitWhole(want)
		} else {
			f.awaitSaid("adopted")
			f.awaitRest()
		}
		w.docker("kill", "--signal", how.signal, f.container)
		f.ended(how.code, patience)
		c, err := w.whole(want)
		if err == nil {
			err = same(child)(c)
		}
		if err != nil {
			t.Errorf("after SIG%s: %v", how.signal, err)
		}
	}
	f := w.foster(settings...)
	f.awaitSaid("adopted")
	w.awaitWhole(want, same(child))
	f.kill()
	f = w.foster(settings...)
	f.awaitSaid("adopted")
	w.awaitWhole(want, same(child))
	f.stop()
	w.nothingLeft()
	w.created(1)
}

package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"foster/test/lab"
)

// TestCrashLoop: a child that ends at once is tried after 1, 2, 4 seconds, with
// jitter; the engine is not pestered meanwhile.
func TestCrashLoop(t *testing.T) {
	t.Parallel()
	e := ownEngine(t, lab.Options{DockerdFlags: []string{"--debug"}}) // it logs every call
	w := newWorld(t, e)
	calls := func() int {
		raw, err := os.ReadFile(filepath.Join(e.Dir, "dockerd.log"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(raw), "msg=\"Calling ")
	}
	idle := calls()
	f := w.foster("LAUNCH_IMAGE="+lab.BusyboxImage, "LAUNCH_COMMAND=sh -c 'exit 1'", "LAUNCH_NETWORKS=front", "FOSTER_STABLE_AFTER=10s")
	jitter := false
	for attempt, plain := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second} {
		l := f.awaitSaid("waiting before", "child="+childName, fmt.Sprintf("attempt=%d", attempt+1))
		wait, err := time.ParseDuration(l.text("wait"))
		if err != nil || wait < plain*8/10-time.Millisecond || wait > plain*12/10+time.Millisecond {
			t.Errorf("attempt %d waits %v, want %s with a fifth of jitter", attempt+1, l["wait"], plain)
		}
		jitter = jitter || wait != plain
	}
	if !jitter {
		t.Error("there is no jitter")
	}
	creates := w.events("create")
	if len(creates) != 4 {
		t.Errorf("%d creates before the fourth pause, want 4", len(creates))
	}
	for i := 1; i < len(creates); i++ {
		gap := time.Duration(creates[i].TimeNano - creates[i-1].TimeNano)
		if least := 800 * time.Millisecond << (i - 1); gap < least {
			t.Errorf("create %d came %s after the one before, want at least %s", i+1, gap, least)
		}
	}
	// Each round is a remove, a create, a start and looks.
	if n := calls() - idle; n > 4*25 {
		t.Errorf("%d engine calls in four rounds", n)
	}
	f.stop() // in the middle of a pause of 8 s
	w.nothingLeft()
	if err := e.noVolumes(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRestartOnFailure: exit code 3 is recovered, exit code 0 is the end.
func TestRestartOnFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_NETWORKS=front", "FOSTER_RESTART=on-failure")
	want := wanted(w.net("front"))
	before := w.awaitWhole(want)
	f.awaitSaid("launched")
	w.signalChild(before, syscall.SIGUSR2)
	after := w.awaitWhole(want, newer(before))
	f.awaitSaid("recovered")
	w.signalChild(after, syscall.SIGUSR1)
	f.ended(0, patience)
	w.nothingLeft()
	w.created(2)
}

// TestRestartNone: the child's end is foster's, with the child's exit code.
func TestRestartNone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		signal syscall.Signal
		code   int
	}{{syscall.SIGUSR1, 0}, {syscall.SIGUSR2, 3}, {syscall.SIGKILL, 137}} {
		t.Run(fmt.Sprint(row.code), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plainEngine(t))
			f := w.foster("LAUNCH_NETWORKS=front", "FOSTER_RESTART=none")
			c := w.awaitWhole(wanted(w.net("front")))
			f.awaitSaid("launched")
			w.signalChild(c, row.signal)
			f.ended(row.code, patience)
			w.nothingLeft()
			w.created(1)
		})
	}
}

// TestMaxAttempts: when the budget is spent, the child's exit code is passed on.
func TestMaxAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_NETWORKS=front", "FOSTER_MAX_ATTEMPTS=2", "FOSTER_WINDOW=1h")
	want := wanted(w.net("front"))
	c := w.awaitWhole(want)
	f.awaitSaid("launched")
	for range 2 {
		w.signalChild(c, syscall.SIGUSR1)
		c = w.awaitWhole(want, newer(c))
	}
	w.signalChild(c, syscall.SIGUSR2)
	f.ended(3, patience)
	w.nothingLeft()
	w.created(3)
}

// TestMaxAttemptsOutsideTheWindow: recoveries that are longer ago do not count.
func TestMaxAttemptsOutsideTheWindow(t *testing.T) {
	t.Parallel()
	const window = time.Second
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_NETWORKS=front", "FOSTER_MAX_ATTEMPTS=1", "FOSTER_WINDOW="+window.String())
	want := wanted(w.net("front"))
	c := w.awaitWhole(want)
	f.awaitSaid("launched")
	for n := range 3 {
		w.signalChild(c, syscall.SIGUSR2)
		c = w.awaitWhole(want, newer(c))
		death := w.awaitEvent(n, "die")
		lab.Eventually(t, patience, "the death to be out of the window", func() error {
			if time.Since(time.Unix(0, death.TimeNano)) < window+100*time.Millisecond {
				return errors.New("it is in")
			}
			return nil
		})
	}
	f.stop()
	w.nothingLeft()
	w.created(4)
}

// TestExitCodeOfACrashLoop: a child that never lives spends the budget, and its code is passed on.
func TestExitCodeOfACrashLoop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_IMAGE="+lab.BusyboxImage, "LAUNCH_COMMAND=sh -c 'exit 42'", "LAUNCH_NETWORKS=front", "FOSTER_MAX_ATTEMPTS=1", "FOSTER_STABLE_AFTER=10s")
	f.ended(42, patience)
	w.nothingLeft()
	w.created(2)
}

package lab_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"foster/test/lab"
)

var errNotYet = errors.New("not yet")

// A fact that comes during the last pause is seen.
func TestAwaitLooksOnceMoreAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := lab.Await(ctx, "it", func() error {
			if time.Since(began) >= time.Second {
				return nil
			}
			time.Sleep(900 * time.Millisecond)
			return errNotYet
		}); err != nil {
			t.Error(err)
		}
	})
}

func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			took        time.Duration
			least, most int
		}{ // how many looks within a minute
			{0, 300, 350},
			{500 * time.Millisecond, 59, 62},
			{10 * time.Second, 6, 7},
		} {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("too late"))
			looks := 0
			err := lab.Await(ctx, "it", func() error {
				time.Sleep(c.took)
				looks++
				return errNotYet
			})
			cancel()
			if err == nil || !errors.Is(err, errNotYet) || !strings.Contains(err.Error(), "wait for it: too late") {
				t.Errorf("%v", err)
			}
			if looks < c.least || looks > c.most {
				t.Errorf("%d looks that take %s each", looks, c.took)
			}
		}
		final := errors.New("final")
		if err := lab.Await(t.Context(), "it", func() error { return fmt.Errorf("why: %w", final) }, final); !errors.Is(err, final) {
			t.Errorf("%v", err)
		}
	})
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if err := lab.Pause(ctx, time.Second); err != nil || time.Since(began) != time.Second {
			t.Errorf("%s, %v", time.Since(began), err)
		}
		if err := lab.Pause(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("%s, %v", time.Since(began), err)
		}
	})
}

func TestReadUsage(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "stat"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("42 (a) b (c) S 1 42 42 0 -1 4194560 9 9 9 9 150 70 9 9 20 0 7 0 123 9999 25 18446744073709551615 0\n")
	got, err := lab.ReadUsage(dir)
	want := lab.Usage{Processor: 2200 * time.Millisecond, Born: 1230 * time.Millisecond, RSS: 25 * int64(os.Getpagesize())}
	if err != nil || got != want {
		t.Errorf("%+v (%v), want %+v", got, err, want)
	}
	write("42 (a) S 1\n")
	if _, err := lab.ReadUsage(dir); err == nil {
		t.Error("a short line is taken")
	}
	if own, err := lab.ReadUsage("/proc/self"); err != nil || own.RSS < 1<<20 || own.Born == 0 {
		t.Errorf("this process: %+v (%v)", own, err)
	}
}

// A launched process that ends at once was launched.
func TestLaunch(t *testing.T) {
	cmd := exec.Command("sh", "-c", "exit 3")
	done, err := lab.Launch(cmd)
	if err != nil {
		t.Fatal(err)
	}
	<-done
	if code := cmd.ProcessState.ExitCode(); code != 3 {
		t.Errorf("exit code %d", code)
	}
	if _, err := lab.Launch(exec.Command("/no/such")); err == nil {
		t.Error("what is not there is launched")
	}
}

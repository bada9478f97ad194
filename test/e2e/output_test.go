package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"foster/test/lab"
	"foster/test/relay"
)

// TestOutputOnce: a child writes numbered lines at full speed through twenty
// kills, five broken streams and a restart of the engine. What the engine has
// kept of each container comes out of foster once, and in order.
func TestOutputOnce(t *testing.T) {
	t.Parallel()
	e := newMortalEngine(t, lab.Options{})
	w := newWorld(t, e.engine)
	w.buildNumbers()
	r, address := w.relay()
	const kills, breaks = 20, 5
	var streams, broken atomic.Int64
	r.Intercept(func(x relay.Exchange) relay.Action {
		// Every fourth stream breaks somewhere.
		if x.Point == relay.Before && x.Is("GET", "/containers/*/logs") && x.Query.Get("follow") == "1" && streams.Add(1)%4 == 0 && broken.Load() < breaks {
			broken.Add(1)
			return relay.Cut(1000 + rand.IntN(50000))
		}
		return relay.Pass()
	})
	f := w.writer(address, "LAUNCH_IMAGE="+numbersImage)
	k := &keeper{w: w, logs: map[string]string{}}
	child := k.next()
	for i := range kills {
		if i == kills*3/4 {
			if err := e.StopEngine(t.Context()); err != nil {
				t.Fatal(err)
			}
			e.back(t)
		} else {
			pause(t, 2*stableAfter) // or the next fault is one of a series
			w.docker("kill", child.ID)
		}
		child = k.next()
	}
	pause(t, stableAfter)
	w.docker("kill", child.ID)
	child = k.next()
	lab.Eventually(t, patience, "the last child's lines", func() error {
		for path, mark := range map[string]string{f.out: "o", f.err: "e"} {
			if last := fmt.Sprintf("%.12s %s %d\n", child.ID, mark, numbersLast); !endsWith(t, path, last) {
				return fmt.Errorf("there is no %q", last)
			}
		}
		return nil
	})
	f.signal(syscall.SIGTERM)
	f.ended(0, patience)
	if got := broken.Load(); got < breaks {
		t.Errorf("%d streams were broken, want %d", got, breaks)
	}
	got := map[string]string{}
	for source, path := range map[string]string{"stdout": f.out, "stderr": f.err} {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got[source] = string(raw)
	}
	k.compare(got)
	if strings.Contains(f.own(), "may be lost") {
		t.Error("foster says that lines may be lost")
	}
	w.nothingLeft()
}

// TestOutputOfSeveral: three children, of which one has a terminal and one a log
// that cannot be read. Each line has its child's name, through a death of each.
func TestOutputOfSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	file := w.onDisk(`
services:
  plain:
    image: ` + lab.BusyboxImage + `
    stop_signal: SIGKILL
    logging: {driver: local} # the engine's json-file keeps no bytes that are not UTF-8
    command: [sh, -c, "echo one; echo two >&2; echo; printf '\\000\\377 binary\\n'; head -c 40000 /dev/zero | tr '\\0' x; echo; exec sleep 1000"]
  terminal:
    image: ` + lab.BusyboxImage + `
    tty: true
    stop_signal: SIGKILL
    command: [sh, -c, "echo one; echo two >&2; head -c 40000 /dev/zero | tr '\\0' x; echo; exec sleep 1000"]
  silent:
    image: ` + lab.BusyboxImage + `
    container_name: ` + w.name("quiet") + `
    logging: {driver: none}
    stop_signal: SIGKILL
    command: [sh, -c, "echo nobody hears this; exec sleep 1000"]
`)
	f := w.writer("FOSTER_FILE="+file, "LAUNCH_IMAGE=", "LAUNCH_SERVICE_NAME=", "LAUNCH_PULL=")
	width := max(len("terminal-1"), len(w.name("quiet"))) + 1
	prefix := func(name string) string { return fmt.Sprintf("%-*s | ", width, name) }
	long := strings.Repeat("x", 40000) + "\n"
	plain, terminal := prefix("plain-1"), prefix("terminal-1")
	want := map[string][]string{
		f.out: {plain + "one\n", plain + "\n", plain + "\x00\xff binary\n", plain + long, terminal + "one\n", terminal + "two\n", terminal + long},
		f.err: {plain + "two\n"},
	}
	comeOut := func(times int) {
		t.Helper()
		for path, lines := range want {
			lab.Eventually(t, patience, fmt.Sprintf("the children's lines, %d of each", times), func() error {
				raw, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				count := map[string]int{}
				for line := range strings.Lines(string(raw)) {
					count[line]++
				}
				for _, line := range lines {
					if got := count[line]; got != times {
						return fmt.Errorf("there are %d of %.50q", got, line)
					}
				}
				return nil
			})
		}
	}
	comeOut(1)
	pause(t, 2*stableAfter)
	for _, name := range []string{w.project + "-plain-1", w.project + "-terminal-1", w.name("quiet")} {
		w.docker("kill", name)
	}
	comeOut(2)
	f.signal(syscall.SIGTERM)
	f.ended(0, patience)
	comeOut(2)
	own := f.own()
	if got := strings.Count(own, "the child's output is not relayed"); got != 1 {
		t.Errorf("that a log cannot be read is said %d times", got)
	}
	if strings.Contains(own, "may be lost") {
		t.Error("foster says that lines may be lost")
	}
	w.nothingLeft()
}

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

// diary is a file of this machine that containers, whatever their user, write
// lines to: a directory to bind to /diary.
type diary struct{ dir string }

func newDiary(t *testing.T) diary {
	t.Helper()
	d := diary{t.TempDir()}
	for _, name := range []string{"lines", "broken"} {
		if err := os.WriteFile(filepath.Join(d.dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(d.dir, name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func (d diary) lines(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.dir, "lines"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// has: so many of the lines are this one.
func (d diary) has(t *testing.T, n int, line string) check {
	return func(container.InspectResponse) error {
		lines := d.lines(t)
		if got := len(slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return l != line })); got != n {
			return fmt.Errorf("%d times %q in %q, want %d", got, line, lines, n)
		}
		return nil
	}
}

// hooksFile has a process that tells of its begin and its stop signal, and hooks
// at either end. One leaves a process behind that holds its output.
const hooksFile = `
services:
  child:
    image: ` + childImage + `
    entrypoint: [sh, -c, "trap 'echo signalled >>/diary/lines; exit 0' TERM; echo begun >>/diary/lines; while :; do sleep 100000 & wait; done"]
    environment: {WHO: nobody, WHERE: here}
    volumes: ["DIR:/diary"]
    post_start:
      - command: [sh, -c, "until tail -n 1 /diary/lines | grep -q begun; do sleep 0.05; done; echo up $$(id -u) $$(id -g) $$WHO $$WHERE $$PWD >>/diary/lines; echo said aloud"]
        user: "1000:7"
        working_dir: /tmp
        environment: {WHO: a-user}
      - command: sh -c 'sleep 0.2; echo then $$(id -u) >>/diary/lines; test $$(grep CapEff /proc/self/status | cut -f 2) != $$(grep CapEff /proc/1/status | cut -f 2) && echo privileged >>/diary/lines; echo $$WHO >&2; sleep 100000 &'
        privileged: true
    pre_stop:
      - command: [sh, -c, "sleep 0.2; echo down $$WHO >>/diary/lines"]
        environment: [WHO=the-last]
`

// TestHooks: post_start is done in each new container, pre_stop before the stop
// signal, each as the user and with the environment that it asks for.
func TestHooks(t *testing.T) {
	t.Parallel()
	w, d := newWorld(t, plainEngine(t)), newDiary(t)
	f := w.composed(strings.ReplaceAll(hooksFile, "DIR", d.dir))
	f.awaitSaid("launched")
	round := []string{"begun", "up 1000 7 a-user here /tmp", "then 0", "privileged"}
	if got := d.lines(t); !slices.Equal(got, round) {
		t.Errorf("launched after %q, want %q", got, round)
	}
	first := w.awaitRuns(childName)
	w.docker("kill", first.ID)
	w.awaitRuns(childName, newer(first), d.has(t, 2, round[1]), d.has(t, 2, "privileged"))
	f.awaitSaid("recovered")
	f.stop()
	want := slices.Concat(round, round, []string{"down the-last", "signalled"})
	if got := d.lines(t); !slices.Equal(got, want) {
		t.Errorf("in the end %q, want %q", got, want)
	}
	w.nothingLeft()
	w.created(2)
	for hook, line := range map[string]string{"post_start hook 1": "said aloud", "post_start hook 2": "nobody"} {
		if n := len(f.said("a hook says", "child="+childName, "hook="+hook, "line="+line)); n != 2 {
			t.Errorf("%d lines %q of the %s, want 2", n, line, hook)
		}
	}
	if strings.Contains(f.log(), "the-last") || strings.Contains(f.log(), "a-user") {
		t.Error("the log shows the environment of a hook")
	}
}

// TestHookFails: the child is made again and again, until the hook ends well. A
// pre_stop hook that fails, or cannot be run at all, is no obstacle.
func TestHookFails(t *testing.T) {
	t.Parallel()
	w, d := newWorld(t, plainEngine(t)), newDiary(t)
	f := w.composed(`
services:
  child:
    image: ` + childImage + `
    volumes: ["` + d.dir + `:/diary"]
    post_start: [{command: [sh, -c, "echo tried >>/diary/lines; test ! -e /diary/broken || exit 3"]}]
    pre_stop: [{command: /no/such/command}]
`)
	lab.Eventually(t, patience, "two tries", func() error { return d.has(t, 2, "tried")(container.InspectResponse{}) })
	if err := os.Remove(filepath.Join(d.dir, "broken")); err != nil {
		t.Fatal(err)
	}
	f.awaitSaid("recovered")
	c := w.awaitRuns(childName)
	troubles := f.said("", `detail=post_start hook 1 of child "child" ended with exit code 3`)
	if len(troubles) < 2 {
		t.Errorf("it tells of %d failures", len(troubles))
	}
	if got := len(w.about(childName, "create")); got != len(d.lines(t)) {
		t.Errorf("%d containers for %q", got, d.lines(t))
	}
	w.awaitRuns(childName, same(c))
	f.stop()
	w.nothingLeft()
	if l := f.said("a hook failed", "child="+childName, "hook=pre_stop hook 1"); len(l) != 1 || l[0].text("level") != "warn" {
		t.Errorf("it says %v of the hook that cannot be run", l)
	}
	if l := f.said("a hook says", "hook=pre_stop hook 1"); len(l) != 1 || !strings.Contains(l[0].text("line"), "/no/such/command") {
		t.Errorf("the engine's words are %v", l)
	}
}

// TestStopDuringHook: foster does not wait for a hook when it is to end; the
// child has its pre_stop and its stop signal then. The hook that hangs leaves
// something to both. It is not parallel: the seconds are meant.
func TestStopDuringHook(t *testing.T) {
	w, d := newWorld(t, plainEngine(t)), newDiary(t)
	f := w.composed(`
services:
  child:
    image: `+childImage+`
    entrypoint: [sh, -c, "trap 'echo signalled >>/diary/lines; exit 0' TERM; while :; do sleep 100000 & wait; done"]
    volumes: ["`+d.dir+`:/diary"]
    post_start: [{command: [sh, -c, "echo up >>/diary/lines; sleep 100000"]}]
    pre_stop: [{command: [sh, -c, "echo down >>/diary/lines; sleep 100000"]}]
`, "FOSTER_STOP_GRACE=6s")
	lab.Eventually(t, patience, "the hook", func() error { return d.has(t, 1, "up")(container.InspectResponse{}) })
	began := time.Now()
	f.signal(syscall.SIGTERM)
	f.ended(0, patience)
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("it took %s, more than foster's grace", took)
	}
	if got, want := d.lines(t), []string{"up", "down", "signalled"}; !slices.Equal(got, want) {
		t.Errorf("what happened is %q, want %q", got, want)
	}
	w.nothingLeft()
	w.created(1)
}

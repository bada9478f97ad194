package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/report"
	"foster/spec"
)

// threeFosters starts three of one project in containers, one after the other,
// the first with everything whole.
func threeFosters(t *testing.T, s *stage) (all []*life) {
	t.Helper()
	s.inside = true
	for i := range 3 {
		l := newLife()
		s.foster(l, s.cast)
		all = append(all, l)
		if i == 0 {
			s.awaitWhole(l)
		} else {
			time.Sleep(time.Second)
		}
	}
	return all
}

func says(l *life, words ...string) bool {
	for _, line := range strings.Split(l.out.String(), "\n") {
		found := true
		for _, w := range words {
			found = found && strings.Contains(line, w)
		}
		if found {
			return true
		}
	}
	return false
}

// TestElderHasTheProject: the foster that was started first has it, whoever
// comes later waits, says for whom, and takes over at its end.
func TestElderHasTheProject(t *testing.T) {
	for _, version := range []string{"20.10", "28.0"} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, version, one())
			all := threeFosters(t, s)
			before := s.of("web")[0]
			for _, l := range all[1:] {
				if !says(l, report.HeldWords, `"holder":"task-1"`) {
					t.Errorf("the second or third does not say for whom it waits:\n%s", l.out.String())
				}
			}
			if err := s.Kill(before.ID); err != nil { // the elder's to mend
				t.Fatal(err)
			}
			s.awaitWhole(all[0])
			before = s.of("web")[0]

			all[0].kill() // its container dies with it
			time.Sleep(2 * time.Second)
			if now := s.of("web"); len(now) != 1 || now[0].ID != before.ID || now[0].State.StartedAt != before.State.StartedAt {
				t.Errorf("the second did not take the running child over:\n%s", all[1].out.String())
			}
			if !says(all[1], "adopted") || !says(all[2], report.HeldWords, `"holder":"task-2"`) {
				t.Errorf("the second did not take over, or the third does not wait for it:\n%s\n%s", all[1].out.String(), all[2].out.String())
			}

			all[2].signals <- syscall.SIGTERM // one that waits leaves everything as it is
			if code := s.exited(all[2], time.Second); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if err := s.whole(); err != nil {
				t.Errorf("after the end of one that waited: %v", err)
			}
			s.stop(all[1])
		})
	}
}

// TestElderStops: the next one launches as soon as the elder's container has ended.
func TestElderStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "20.10", several(t))
		all := threeFosters(t, s)
		all[0].signals <- syscall.SIGTERM
		s.exited(all[0], time.Minute)
		if left := s.of("app"); len(left) > 0 {
			t.Fatalf("there is a child although the elder's container has not ended: %v", left[0].State.Status)
		}
		time.Sleep(30 * time.Second)
		if left := s.of("app"); len(left) > 0 {
			t.Fatal("the next one did not wait for the end of the elder's container")
		}
		if err := s.Exit("task-1", 0); err != nil {
			t.Fatal(err)
		}
		s.awaitWhole(all[1])
		all[2].kill()
		s.stop(all[1])
	})
}

// TestClaims: which running containers are fosters of the same project.
func TestClaims(t *testing.T) {
	foster := func(service, task string, env []string, args ...string) container.InspectResponse {
		return container.InspectResponse{
			ContainerJSONBase: &container.ContainerJSONBase{ID: task, Name: "/" + task, Args: args},
			Config: &container.Config{Env: env, Labels: map[string]string{
				spec.LabelLauncher: "true", "com.docker.swarm.service.name": service, "com.docker.swarm.task.name": task,
			}},
		}
	}
	stranger := foster("a", "a.1.x", nil)
	delete(stranger.Config.Labels, spec.LabelLauncher)
	own := spec.Identity{ServiceName: "a", TaskName: "a.1.self"}
	for _, c := range []struct {
		name    string
		project string
		environ []string // of this foster
		other   container.InspectResponse
		want    bool
	}{
		{"the next task of the slot", "a", nil, foster("a", "a.1.x", []string{"PATH=/bin"}), true},
		{"another slot", "a", nil, foster("a", "a.2.x", nil), false},
		{"another service", "a", nil, foster("b", "b.1.x", nil), false},
		{"another slot with one name", "p", []string{"LAUNCH_PROJECT_NAME=p"}, foster("a", "a.2.x", []string{"LAUNCH_PROJECT_NAME=p"}), true},
		{"another service with one name", "p", []string{"LAUNCH_PROJECT_NAME=p"}, foster("b", "b.1.x", []string{"LAUNCH_PROJECT_NAME=p"}), true},
		{"a name of its own by slot", "p-1", []string{"LAUNCH_PROJECT_NAME=p-1"}, foster("a", "a.2.x", []string{"LAUNCH_PROJECT_NAME=p-2"}), false},
		{"a name from a file", "filed", []string{"A=1", "B=2"}, foster("a", "a.2.x", []string{"B=2", "A=1"}), true},
		{"a name from a file that may depend on the slot", "filed", []string{"SLOT=1"}, foster("a", "a.2.x", []string{"SLOT=2"}), false},
		{"another service's file", "filed", nil, foster("b", "b.1.x", nil), false},
		{"no foster", "a", nil, stranger, false},
		{"foster run", "a", nil, foster("a", "a.1.x", nil, "run", "--restart", "none"), true},
		{"with flags alone", "a", nil, foster("a", "a.1.x", nil, "--restart", "none"), true},
		{"foster reap", "a", nil, foster("a", "a.1.x", nil, "reap", "--watch"), false},
	} {
		if got := claims(c.project, own, c.environ)(c.other); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

// TestLock: one at a time, told once whom it waits for, and free after any end.
func TestLock(t *testing.T) {
	dir := t.TempDir()
	path := lockPath(dir, "unix:///run/docker.sock", "p")
	first, err := takeLock(t.Context(), path, func(pid string) { t.Errorf("held by %q", pid) })
	if err != nil {
		t.Fatal(err)
	}
	if held, err := lockHeld(path); !held || err != nil {
		t.Errorf("held: %t, %v", held, err)
	}
	var told []string
	held := make(chan struct{})
	type taken struct {
		l   *lock
		err error
	}
	second := make(chan taken)
	go func() {
		l, err := takeLock(t.Context(), path, func(pid string) {
			told = append(told, pid)
			close(held)
		})
		second <- taken{l, err}
	}()
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := takeLock(ctx, path, func(string) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("one that is asked to end: %v", err)
	}
	if err := first.release(); err != nil {
		t.Fatal(err)
	}
	got := <-second
	if got.err != nil || len(told) != 1 || told[0] != strconv.Itoa(os.Getpid()) {
		t.Fatalf("the second: %v, told %q", got.err, told)
	}
	if err := got.l.release(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("there is %v", left)
	}
	if held, err := lockHeld(path); held || err != nil {
		t.Errorf("held: %t, %v", held, err)
	}
	// A process that was killed leaves the file, unlocked.
	if err := os.WriteFile(path, []byte("4711\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if held, err := lockHeld(path); held || err != nil {
		t.Errorf("held by a dead process: %t, %v", held, err)
	}
	third, err := takeLock(t.Context(), path, func(pid string) { t.Errorf("held by %q", pid) })
	if err != nil {
		t.Fatal(err)
	}
	if err := third.release(); err != nil {
		t.Fatal(err)
	}
}

func TestLockPath(t *testing.T) {
	dir := t.TempDir()
	socket, link := filepath.Join(dir, "engine.sock"), filepath.Join(dir, "link.sock")
	if err := os.WriteFile(socket, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(socket, link); err != nil {
		t.Fatal(err)
	}
	same := lockPath("/l", "unix://"+socket, "p")
	if lockPath("/l", "unix://"+link, "p") != same {
		t.Error("another path to the same socket is another lock")
	}
	for _, other := range []string{lockPath("/l", "unix:///gone.sock", "p"), lockPath("/l", "unix://"+socket, "q"), lockPath("/l", "tcp://h:1", "p")} {
		if other == same {
			t.Errorf("%s is the lock of two", other)
		}
	}
}

// TestTwoOnAHost: the second says which process has the project, and takes over.
func TestTwoOnAHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "20.10", one())
		dir := t.TempDir()
		run := func() *life {
			l := newLife()
			t.Cleanup(func() {
				l.kill()
				<-l.ended
			})
			out := outside{
				args: []string{}, environ: s.cast.environ, stdout: l, stderr: l, lockDir: dir,
				signals: func() <-chan os.Signal { return l.signals }, procMountinfo: os.DevNull,
				engine: hosted{mortal{memory{Engine: s.Engine}, l}},
			}
			go func() {
				defer close(l.ended)
				l.code = exitCode(execute(context.Background(), out), &l.out)
			}()
			return l
		}
		first := run()
		s.awaitWhole(first)
		before := s.of("web")[0]
		second := run()
		time.Sleep(5 * time.Second)
		if !says(second, report.HeldWords, `"holder":"process `+strconv.Itoa(os.Getpid())+`"`) || says(second, "adopted") {
			t.Fatalf("the second does not wait:\n%s", second.out.String())
		}
		first.kill()
		<-first.ended
		time.Sleep(2 * time.Second)
		if now := s.of("web"); len(now) != 1 || now[0].ID != before.ID || !says(second, "adopted") {
			t.Errorf("the second did not take the child over:\n%s", second.out.String())
		}
		third := run()
		time.Sleep(time.Second)
		third.signals <- syscall.SIGTERM
		if code := s.exited(third, time.Second); code != 0 {
			t.Errorf("exit code %d", code)
		}
		s.stop(second)
	})
}

// hosted is an engine at a host.
type hosted struct{ mortal }

func (hosted) DaemonHost() string { return "unix:///run/docker.sock" }

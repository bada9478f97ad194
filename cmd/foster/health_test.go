package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"foster/test/engine"
)

// TestHealth: one line and an exit code, from before the start to after the end.
func TestHealth(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sockets := []string{filepath.Join(dir, "file", "s"), filepath.Join(dir, "run", "s"), filepath.Join(dir, "tmp", "s")}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil { // no directory can be made there
		t.Fatal(err)
	}
	staleSocket(t, sockets[1])
	l := liveFoster(t, memory{Engine: memoryEngine(t)}, ownID, sockets)
	l.await(1, "no foster runs here", "health")
	l.start()
	l.await(0, "whole: 1 child is whole\n", "health")
	if is, err := os.Lstat(sockets[1]); err != nil || is.Mode() != os.ModeSocket|0o600 {
		t.Errorf("the socket: %v (%v)", is, err)
	}
	if _, err := os.Lstat(sockets[2]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a second socket: %v", err)
	}
	l.end()
	if left, err := filepath.Glob(filepath.Join(dir, "*", "*")); err != nil || len(left) > 0 {
		t.Errorf("left: %q (%v)", left, err)
	}
	l.await(1, "no foster runs here", "health")
}

// TestHealthBeforeTheEngine: who waits for its engine says so.
func TestHealthBeforeTheEngine(t *testing.T) {
	t.Parallel()
	l := liveFoster(t, memory{pingErr: engine.Refused}, ownID, []string{filepath.Join(t.TempDir(), "s")}).start()
	l.await(1, "starting: waiting for the engine\n", "health")
	l.await(0, "foster  starting: waiting for the engine\nfoster dev, up ", "status")
	l.await(0, "s, container 000000000000\n", "status")
}

// TestHealthOfTwo: fosters of two containers share a directory. Each has a
// socket there, and each container's health is its own foster's.
func TestHealthOfTwo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sockets := []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}
	waiting := liveFoster(t, memory{pingErr: engine.Refused}, goneParent, sockets).start()
	waiting.await(1, "starting", "health")
	whole := liveFoster(t, memory{Engine: memoryEngine(t)}, ownID, sockets).start()
	whole.await(0, "whole", "health")
	waiting.await(1, "starting", "health")
	waiting.end()
	whole.await(0, "whole", "health")
	waiting.await(1, "no foster runs here", "health")
}

// TestHealthWithoutAPlace: a foster that can have no socket says so, and goes on.
func TestHealthWithoutAPlace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := liveFoster(t, memory{Engine: memoryEngine(t)}, ownID, []string{path}).start()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(l.out.String(), "launched"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(l.out.String())
		}
	}
	if n := strings.Count(l.out.String(), "no place for the control socket"); n != 1 {
		t.Errorf("told %d times\n%s", n, l.out.String())
	}
	l.end()
	if text, err := os.ReadFile(path); string(text) != "mine" {
		t.Errorf("the file in the way was touched: %q (%v)", text, err)
	}
}

// TestHealthOfASilentFoster: one that does not answer is not healthy.
func TestHealthOfASilentFoster(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	silent, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	var out syncBuffer
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = execute(ctx, outside{args: []string{"health"}, stdout: &out, stderr: &out, procMountinfo: insideOf(t, ownID), sockets: []string{path}})
	if code := exitCode(err, &out); code != 1 || !strings.Contains(out.String(), "does not answer") {
		t.Errorf("exit %d: %s", code, out.String())
	}
}

// frozenSocket is one of a foster that is there, takes no connection, and so
// never answers.
func frozenSocket(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
}

// TestHealthBesideASilentFoster: one that is asked first and does not answer
// hides no other, in a container whose directory it shares or on a host.
func TestHealthBesideASilentFoster(t *testing.T) {
	sockets := []string{filepath.Join(t.TempDir(), "frozen"), filepath.Join(t.TempDir(), "s")}
	frozenSocket(t, sockets[0])
	liveFoster(t, memory{Engine: memoryEngine(t)}, ownID, sockets).start().await(0, "whole", "health")

	host := filepath.Join(ownHost(t), "own")
	frozenSocket(t, controlBeside(lockPath(host, "unix:///run/docker.sock", "a")))
	l := liveFoster(t, at{memory{Engine: memoryEngine(t)}, "unix:///run/docker.sock"}, "", []string{})
	l.outside.lockDir = host
	l.start()
	awaitWords(t, &l.out, "launched: the child is whole")
	l.await(0, "\np        whole  web    running  -       1/1   0 ", "status", "--all")
}

// TestHealthOnAHost: fosters outside of containers have a socket for each
// project, which goes on to the next foster with the lock.
func TestHealthOnAHost(t *testing.T) {
	dir := filepath.Join(ownHost(t), "own")
	host := func(e *engine.Engine, project string) *lived {
		l := liveFoster(t, at{memory{Engine: e}, "unix:///run/docker.sock"}, "", []string{})
		l.outside.lockDir = dir
		l.outside.environ = append(l.outside.environ, "LAUNCH_PROJECT_NAME="+project)
		return l
	}
	e := memoryEngine(t)
	first := host(e, "ci")
	first.await(1, "no foster runs here", "health")
	first.start().await(0, "whole", "health")
	second := host(e, "ci").start()
	third := host(memoryEngine(t), "web").start()
	third.await(0, "whole", "health", "--project", "web")
	third.await(exitConfig, "several fosters run here: ci, web", "health")
	third.await(1, `no foster of project "other"`, "health", "--project", "other")
	third.await(0, "ci\nweb\n", "__complete", "health", "--project", "")
	third.end()
	elsewhere := host(memoryEngine(t), "ci")
	elsewhere.outside.engine = at{elsewhere.outside.engine.(at).memory, "tcp://other:2375"}
	elsewhere.start().await(0, "whole", "health", "--project", "ci")
	first.await(0, "whole", "health") // its own engine's
	elsewhere.end()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(second.out.String(), "another foster has this project"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(second.out.String())
		}
	}
	first.await(0, "whole", "health")
	first.end()
	second.await(0, "whole", "health")
	if strings.Contains(second.out.String(), "no place for the control socket") {
		t.Error(second.out.String())
	}
	second.end()
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// TestHealthOfAReaper: a container of the image that only reaps is healthy.
func TestHealthOfAReaper(t *testing.T) {
	t.Parallel()
	l := liveFoster(t, memory{Engine: memoryEngine(t)}, ownID, []string{filepath.Join(t.TempDir(), "s")})
	l.outside.environ = nil
	l.start("reap", "--watch")
	l.await(0, "reaping\n", "health")
	l.end()
	l.await(1, "no foster runs here", "health")
}

package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"foster/test/engine"
)

// locked has a foster lock a project in a directory until the test ends.
func locked(t *testing.T, dir, project string) {
	t.Helper()
	l, err := takeLock(t.Context(), lockPath(dir, "unix:///var/run/docker.sock", project), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.release() })
}

// ownHost is one without other users, whatever this machine has; tmp is for its
// temporary files.
func ownHost(t *testing.T) (tmp string) {
	t.Helper()
	tmp = t.TempDir()
	t.Setenv("TMPDIR", tmp)
	old := runDir
	runDir = filepath.Join(tmp, "run")
	t.Cleanup(func() { runDir = old })
	return tmp
}

// TestReapAndHostFosters: whether a foster outside of containers lives, its
// lock tells; where no lock can be seen, nobody.
func TestReapAndHostFosters(t *testing.T) {
	r := newReaping(t)
	r.child(t, "bare", "")
	dry := func(r reaping, out outside) string {
		t.Helper()
		code, stdout, stderr := r.reap(t, out, "--dry-run")
		if code != 0 {
			t.Fatalf("exit %d: %s", code, stderr)
		}
		return stdout
	}
	ownHost(t)
	dir := t.TempDir()
	const unseen, runs, orphan = "cannot be seen from here", "a foster on this host", "no foster on this host"

	if got := dry(r, outside{lockDir: dir}); !strings.Contains(got, unseen) {
		t.Errorf("of an engine that is who knows where it says\n%s", got)
	}
	r.host = "tcp://10.0.0.1:2375"
	if got := dry(r, outside{lockDir: dir}); !strings.Contains(got, unseen) {
		t.Errorf("of an engine elsewhere it says\n%s", got)
	}
	r.host = "unix:///var/run/docker.sock"
	if got := dry(r, outside{}); !strings.Contains(got, unseen) {
		t.Errorf("without locks it says\n%s", got)
	}
	if got := dry(r, outside{lockDir: dir}); !strings.Contains(got, orphan) {
		t.Errorf("without any lock it says\n%s", got)
	}
	// Also of a foster that calls the engine by another name.
	l, err := takeLock(t.Context(), lockPath(dir, "tcp://localhost:2375", "bare"), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if got := dry(r, outside{lockDir: dir}); !strings.Contains(got, runs) {
		t.Errorf("while it is locked it says\n%s", got)
	}
	if got, _ := projectLocked(dir, "ba"); got {
		t.Error("another project's lock counts")
	}
	if err := l.release(); err != nil {
		t.Fatal(err)
	}
	// A user's session that tells nothing: here, since it is no directory.
	session := filepath.Join(runDir, "user", "1001")
	if err := errors.Join(os.MkdirAll(filepath.Dir(session), 0o700), os.WriteFile(session, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if got := dry(r, outside{lockDir: dir}); !strings.Contains(got, unseen) {
		t.Errorf("beside a session that cannot be looked into it says\n%s", got)
	}
	if err := os.Remove(session); err != nil {
		t.Fatal(err)
	}

	if got := dry(r, outside{lockDir: dir, procMountinfo: insideOf(t, goneParent)}); !strings.Contains(got, unseen) {
		t.Errorf("inside a container it says\n%s", got)
	}
}

// TestHostFostersThatComeLater: a watch goes on while users log in, and the
// first foster of each makes the directory of its locks.
func TestHostFostersThatComeLater(t *testing.T) {
	t.Run("by hostFosters", func(t *testing.T) {
		tmp := ownHost(t)
		r := reaping{memory: memory{Engine: engine.New(engine.Options{})}, host: "unix:///var/run/docker.sock"}
		t.Cleanup(r.Engine.Close)
		ask := hostFosters(outside{procMountinfo: os.DevNull, lockDir: t.TempDir()}, r)
		if alive, known := ask("web"); alive || !known {
			t.Errorf("of nobody it says alive %t, known %t", alive, known)
		}
		locked(t, filepath.Join(tmp, "foster-1001"), "web")
		if alive, known := ask("web"); !alive || !known {
			t.Errorf("of one that has come since it says alive %t, known %t", alive, known)
		}
	})
	for _, where := range []string{"run/foster", "run/user/1001/foster", "tmp/foster-1001", "own"} {
		root := t.TempDir()
		p := lockPlaces{own: filepath.Join(root, "own"), run: filepath.Join(root, "run"), tmp: filepath.Join(root, "tmp")}
		if held, err := p.locked("web"); held || err != nil {
			t.Errorf("where there is nothing it says %t, %v", held, err)
		}
		locked(t, filepath.Join(root, where), "web")
		if held, err := p.locked("web"); !held || err != nil {
			t.Errorf("with a lock in %s it says %t, %v", where, held, err)
		}
		if held, err := p.locked("we"); held || err != nil {
			t.Errorf("of a project that nobody has it says %t, %v", held, err)
		}
	}
}

// TestHostFostersBehindClosedDoors: a directory that cannot be read may hide a
// lock, and a foster that is seen elsewhere lives all the same.
func TestHostFostersBehindClosedDoors(t *testing.T) {
	for _, c := range []struct {
		name, lock, closed, seen string
	}{
		{"another user's session", "run/user/1001/foster", "run/user/1001", "tmp/foster-1002"},
		{"another user's locks", "run/user/1001/foster", "run/user/1001/foster", "run/user/1002/foster"},
		{"a lock", "run/user/1001/foster", "run/user/1001/foster/*", "tmp/foster-1002"},
		{"root's", "run/foster", "run/foster", "run/user/1001/foster"},
		{"all sessions", "run/user/1001/foster", "run/user", "tmp/foster-1002"},
		{"all temporary files", "tmp/foster-1001", "tmp", "own"},
		{"temporary files of one", "tmp/foster-1001", "tmp/foster-1001", "tmp/foster-1002"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			p := lockPlaces{own: filepath.Join(root, "own"), run: filepath.Join(root, "run"), tmp: filepath.Join(root, "tmp")}
			locked(t, filepath.Join(root, c.lock), "web")
			doors, err := filepath.Glob(filepath.Join(root, c.closed))
			if err != nil || len(doors) != 1 {
				t.Fatalf("%s is %q, %v", c.closed, doors, err)
			}
			if err := os.Chmod(doors[0], 0); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(doors[0], 0o755) })
			asNobody(t, root, func() {
				if held, err := p.locked("web"); held || err == nil {
					t.Errorf("it says %t, %v", held, err)
				}
			})
			locked(t, filepath.Join(root, c.seen), "web")
			asNobody(t, root, func() {
				if held, err := p.locked("web"); !held || err != nil {
					t.Errorf("of one that it sees it says %t, %v", held, err)
				}
			})
		})
	}
}

// TestHostFostersAndAPipe: somebody's pipe by a lock's name holds nobody up.
func TestHostFostersAndAPipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "web-00000000.lock"), 0o600); err != nil {
		t.Fatal(err)
	}
	if held, err := projectLocked(dir, "web"); held || err != nil {
		t.Errorf("it says %t, %v", held, err)
	}
}

// asNobody does something without root's right to read everything.
func asNobody(t *testing.T, root string, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		do()
		return
	}
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// Of this thread alone: the capabilities go with it, and come back.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, err := unix.SetfsuidRetUid(65534); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := unix.SetfsuidRetUid(0); err != nil {
			panic(err)
		}
	}()
	do()
}

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Outside of containers no engine can say which fosters run, so they keep apart
// by a lock: one file for each engine and project, which the kernel unlocks
// when its holder ends, however it ends.

// lockLook is how often a lock that somebody else has is tried.
const lockLook = 200 * time.Millisecond

// lock is a project's, held by this process until release.
type lock struct {
	file *os.File
	path string
}

// lockDir is where locks are: the same for all fosters of one user.
func lockDir() string {
	if os.Geteuid() == 0 {
		return "/run/foster"
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		return filepath.Join(dir, "foster")
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("foster-%d", os.Geteuid()))
}

// lockPath names the lock of a project on the engine at a host, which is the
// same engine when it is reached by another path to the same socket.
func lockPath(dir, host, project string) string {
	if socket, ok := strings.CutPrefix(host, "unix://"); ok {
		if real, err := filepath.EvalSymlinks(socket); err == nil {
			host = "unix://" + real
		}
	}
	sum := sha256.Sum256([]byte(host))
	return filepath.Join(dir, fmt.Sprintf("%s-%x.lock", project, sum[:4]))
}

// takeLock waits until the lock is this process's. Whoever has it meanwhile is
// told to held, once for each holder, by its process ID.
func takeLock(ctx context.Context, path string, held func(pid string)) (*lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make the directory of lock files: %w", err)
	}
	last := ""
	for {
		l, pid, err := tryLock(path)
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if l != nil {
			return l, nil
		}
		if pid != last {
			held(pid)
			last = pid
		}
		pause := time.NewTimer(lockLook)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, ctx.Err()
		}
	}
}

// tryLock takes the lock, or says which process has it.
func tryLock(path string) (l *lock, holder string, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_CLOEXEC, 0o644)
	if err != nil {
		return nil, "", err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		raw, _ := os.ReadFile(path) // empty while its holder writes
		return nil, strings.TrimSpace(string(raw)), f.Close()
	}
	if err != nil {
		return nil, "", errors.Join(err, f.Close())
	}
	// A holder removes the file when it leaves: what was locked may be no
	// file that another process can find.
	if mine, err := f.Stat(); err != nil {
		return nil, "", errors.Join(err, f.Close())
	} else if there, err := os.Stat(path); err != nil || !os.SameFile(mine, there) {
		return nil, "", f.Close()
	}
	if err := f.Truncate(0); err != nil {
		return nil, "", errors.Join(err, f.Close())
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return nil, "", errors.Join(err, f.Close())
	}
	return &lock{file: f, path: path}, "", nil
}

// release gives the lock to the next one. The file goes while it is still
// locked, so that nobody finds one that is about to vanish unlocked.
func (l *lock) release() error {
	return errors.Join(os.Remove(l.path), l.file.Close())
}

// lockHeld says whether a process has the lock.
func lockHeld(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"
)

// hostFosters says, for reap, whether a foster outside of containers has a
// project: by the locks of such fosters, as they are when it is asked. known is
// false where there may be one that cannot be seen. It is nil inside a
// container, where none can be.
func hostFosters(out outside, engine Engine) func(project string) (alive, known bool) {
	own, err := ownContainer(out.procMountinfo)
	if err != nil || own != "" || out.lockDir == "" {
		return nil
	}
	reached, ok := engine.(interface{ DaemonHost() string })
	// An engine elsewhere has fosters elsewhere.
	local := ok && strings.HasPrefix(reached.DaemonHost(), "unix://")
	places := lockPlaces{own: out.lockDir, run: runDir, tmp: os.TempDir()}
	return func(project string) (alive, known bool) {
		held, err := places.locked(project)
		return held, held || err == nil && local && lockable(out.lockDir)
	}
}

// runDir has the runtime directories of users below it; tests have their own.
var runDir = "/run"

// lockPlaces are where fosters have their locks: this user's, and below /run
// and the directory of temporary files those of the others.
type lockPlaces struct{ own, run, tmp string }

// tmpLocks is what lockDir calls one that is made among temporary files.
var tmpLocks = regexp.MustCompile(`^foster-[0-9]+$`)

// dirs are the directories as of now: a user who logs in brings one. The error
// says which could not be looked for.
func (p lockPlaces) dirs() (dirs []string, err error) {
	dirs = []string{p.own, filepath.Join(p.run, "foster")}
	users, userErr := readDir(filepath.Join(p.run, "user"))
	for _, u := range users {
		dirs = append(dirs, filepath.Join(p.run, "user", u.Name(), "foster"))
	}
	files, tmpErr := readDir(p.tmp)
	for _, f := range files {
		if tmpLocks.MatchString(f.Name()) {
			dirs = append(dirs, filepath.Join(p.tmp, f.Name()))
		}
	}
	return dirs, errors.Join(userErr, tmpErr)
}

// locked says whether a foster has a project. An error is a directory, or a
// lock, that cannot be read: one that is held may be behind it.
func (p lockPlaces) locked(project string) (held bool, err error) {
	dirs, err := p.dirs()
	for _, dir := range dirs {
		held, dirErr := projectLocked(dir, project)
		if held {
			return true, nil
		}
		err = errors.Join(err, dirErr)
	}
	return false, err
}

// projectLocked says whether a foster has a project, on whichever engine: one
// engine may be reached by many names.
func projectLocked(dir, project string) (held bool, err error) {
	entries, err := readDir(dir)
	name := regexp.MustCompile("^" + regexp.QuoteMeta(project) + "-[0-9a-f]{8}\\.lock$")
	for _, e := range entries {
		if !e.Type().IsRegular() || !name.MatchString(e.Name()) {
			continue // a pipe by a lock's name would never open
		}
		held, heldErr := lockHeld(filepath.Join(dir, e.Name()))
		if held {
			return true, nil
		}
		err = errors.Join(err, heldErr)
	}
	return false, err
}

// readDir takes a directory that is not there for an empty one.
func readDir(dir string) ([]os.DirEntry, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}

// lockable says whether a foster could have made its lock: one that could not
// has launched its project all the same.
func lockable(dir string) bool {
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			return unix.Access(dir, unix.W_OK) == nil
		}
	}
	return false
}

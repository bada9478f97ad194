package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"
)

// hostFosters says, for reap, whether a foster outside of containers has a
// project: by the locks of such fosters. It is nil where they cannot be seen:
// inside a container.
func hostFosters(out outside, engine Engine) func(project string) (alive, known bool) {
	own, err := ownContainer(out.procMountinfo)
	if err != nil || own != "" || out.lockDir == "" {
		return nil
	}
	reached, ok := engine.(interface{ DaemonHost() string })
	// An engine elsewhere has fosters elsewhere.
	local := ok && strings.HasPrefix(reached.DaemonHost(), "unix://")
	dirs := append([]string{out.lockDir}, lockDirsOfOthers()...)
	return func(project string) (alive, known bool) {
		known = local && lockable(out.lockDir)
		for _, dir := range dirs {
			held, err := projectLocked(dir, project)
			if held {
				return true, true
			}
			known = known && err == nil
		}
		return false, known
	}
}

// projectLocked says whether a foster has a project, on whichever engine: one
// engine may be reached by many names.
func projectLocked(dir, project string) (held bool, err error) {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	name := regexp.MustCompile("^" + regexp.QuoteMeta(project) + "-[0-9a-f]{8}\\.lock$")
	for _, e := range entries {
		if !name.MatchString(e.Name()) {
			continue
		}
		if held, err := lockHeld(filepath.Join(dir, e.Name())); held || err != nil {
			return held, err
		}
	}
	return false, nil
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

// lockDirsOfOthers are where other users' fosters have their locks, those that
// may be seen.
func lockDirsOfOthers() []string {
	dirs := []string{"/run/foster"}
	for _, pattern := range []string{"/run/user/*/foster", filepath.Join(os.TempDir(), "foster-[0-9]*")} {
		more, _ := filepath.Glob(pattern) // the patterns are well formed
		dirs = append(dirs, more...)
	}
	return dirs
}

package main

import (
	"os"
	"slices"
)

// hostedHere says for chaos whether a foster outside of containers has a project
// on the very engine that is asked: by its lock for that engine, called as it is
// called here. A lock for any other engine keeps reap away from what may be
// somebody's, but nobody's child may be broken for it. It is nil where no such
// foster can be seen: inside a container.
func hostedHere(out outside, engine Engine) func(project string) bool {
	own, err := ownContainer(out.procMountinfo)
	reached, ok := engine.(interface{ DaemonHost() string })
	if err != nil || own != "" || out.lockDir == "" || !ok {
		return nil
	}
	places := lockPlaces{own: out.lockDir, run: runDir, tmp: os.TempDir()}
	return func(project string) bool {
		dirs, _ := places.dirs() // what cannot be looked into has no foster that is known
		return slices.ContainsFunc(dirs, func(dir string) bool {
			held, err := lockHeld(lockPath(dir, reached.DaemonHost(), project))
			return err == nil && held
		})
	}
}

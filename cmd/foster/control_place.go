package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// controlPlaces are where a foster in a container may have its control socket,
// the first that can be written: a root file system may be read-only, but an
// engine gives every container a /dev that is not.
func controlPlaces() []string {
	return []string{"/run/foster/foster.sock", "/dev/shm/foster.sock", "/tmp/foster.sock"}
}

// controlBeside names the socket of a foster outside of containers after its
// lock: one for each project and engine.
func controlBeside(lock string) string { return strings.TrimSuffix(lock, ".lock") + ".sock" }

// controlPaths are where this foster may listen, none where no socket is wanted
// or its place is not known. own is the container that it runs in.
func (out outside) controlPaths(own string, engine Engine, project string) []string {
	reached, ok := engine.(interface{ DaemonHost() string })
	switch {
	case own != "" || out.sockets == nil:
		return out.sockets
	case out.lockDir == "" || !ok:
		return nil
	}
	return []string{controlBeside(lockPath(out.lockDir, reached.DaemonHost(), project))}
}

// ofEngine leaves the answers of fosters whose engine is the one that DOCKER_HOST
// names. In a container there is nothing to leave.
func (out outside) ofEngine(answers []answer) []answer {
	engine, err := newEngine(out) // it connects to nothing
	if err != nil {
		return answers
	}
	reached, ok := engine.(interface{ DaemonHost() string })
	if out.engine == nil {
		defer engine.Close()
	}
	if !ok {
		return answers
	}
	here := controlBeside(lockPath("", reached.DaemonHost(), ""))
	return slices.DeleteFunc(slices.Clone(answers), func(a answer) bool { return a.project != "" && !strings.HasSuffix(a.path, here) })
}

// besideLock is the name of a socket that controlBeside made.
var besideLock = regexp.MustCompile(`^(.+)-[0-9a-f]{8}\.sock$`)

// hostSocket is that of a foster outside of containers, which may be gone.
type hostSocket struct{ project, path string }

// hostSockets are those of all fosters outside of containers that this user may
// ask, or of one project's.
func (p lockPlaces) hostSockets(project string) []hostSocket {
	dirs, _ := p.dirs() // what cannot be looked into cannot be asked
	slices.Sort(dirs)
	var found []hostSocket
	for _, dir := range slices.Compact(dirs) {
		entries, _ := readDir(dir)
		for _, e := range entries {
			name := besideLock.FindStringSubmatch(e.Name())
			if name == nil || e.Type() != os.ModeSocket || project != "" && name[1] != project {
				continue
			}
			found = append(found, hostSocket{project: name[1], path: filepath.Join(dir, e.Name())})
		}
	}
	return found
}

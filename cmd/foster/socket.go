package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker/docker/client"
	"github.com/moby/sys/mountinfo"
)

// socketEvery is how often a foster looks whether its socket is still the
// engine's, and the least time that an engine which starts has for its containers.
const socketEvery = 5 * time.Second

// errStaleSocket: whoever starts foster again gives it the new socket.
func errStaleSocket(path string) error {
	return &exitError{Code: exitUnavailable, Err: fmt.Errorf("the engine has made its socket anew, and what is mounted at %s is the old one, where nobody listens any more: "+
		"containers that run are left as they are; start foster again (a restart policy does), or mount the directory of the socket instead", path)}
}

// keepSocket ends the run when the engine's socket, mounted as a file into
// foster's container, has been removed. An engine removes it at its end unless
// somebody else holds it, as systemd does; foster outlives that where the engine
// lets its containers live on (live-restore). Its children live on as well, and
// the next foster adopts them.
//
// A second look has to find the same: an engine that was killed removes the
// socket first thing at its next start, and only then asks its containers to
// end, and takes up what they say. Nobody would ever read the last words of a
// foster that is gone by then, and it would not have said what it leaves.
func keepSocket(ctx context.Context, path, mounts string) error {
	tick := time.NewTicker(socketEvery)
	defer tick.Stop()
	for before := false; path != ""; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		now := stale(path, mounts)
		if now && before {
			return errStaleSocket(path)
		}
		before = now
	}
	<-ctx.Done()
	return ctx.Err()
}

// socketPath is where the engine's socket is, "" for an engine that is reached otherwise.
func socketPath(engine Engine) string {
	reached, ok := engine.(interface{ DaemonHost() string })
	if !ok {
		return ""
	}
	u, err := client.ParseHostURL(reached.DaemonHost())
	if err != nil || u.Scheme != "unix" {
		return ""
	}
	path := u.Host + u.Path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // mount tables know no links
	}
	return path
}

// stale: the file that is mounted at path has no name any more where it came
// from. A mount table that cannot be read says nothing.
func stale(path, mounts string) bool {
	f, err := os.Open(mounts)
	if err != nil {
		return false
	}
	defer f.Close()
	infos, err := mountinfo.GetMountsFromReader(f, func(m *mountinfo.Info) (skip, stop bool) {
		return m.Mountpoint != path, false
	})
	return err == nil && len(infos) > 0 && strings.HasSuffix(infos[len(infos)-1].Root, "//deleted")
}

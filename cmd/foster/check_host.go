package main

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
)

// host is what foster sees of the host's files: on the host all of them, in a
// container what is mounted into it, else nothing. Paths are the host's.
type host []view

// view is a path of the host and where it is found here.
type view struct{ source, here string }

// mounted is the view from a container.
func mounted(mounts []container.MountPoint) host {
	var h host
	for _, m := range mounts {
		if m.Type == mount.TypeBind && path.IsAbs(m.Source) {
			h = append(h, view{path.Clean(m.Source), path.Clean(m.Destination)})
		}
	}
	return h
}

// here is where a path of the host is found, "" when nowhere. mount says that
// it is the very path that is mounted.
func (h host) here(name string) (found string, mount bool) {
	longest := -1
	for _, v := range h {
		if name != v.source && v.source != "/" && !strings.HasPrefix(name, v.source+"/") {
			continue
		}
		if len(v.source) > longest {
			longest = len(v.source)
			found, mount = path.Join(v.here, strings.TrimPrefix(name, v.source)), name == v.source
		}
	}
	return found, mount
}

// maxLinks is how many links the kernel follows too.
const maxLinks = 40

// look finds what is at a path of the host. Seen false means that nobody here
// can tell; nil and seen, that nothing is there. Links are followed as the host
// would: one read in a container would lead into the container.
func (h host) look(name string) (info fs.FileInfo, seen bool) {
	if !path.IsAbs(name) {
		return nil, false
	}
	at, rest, links := "/", split(name), 0
	for {
		here, isMount := h.here(at)
		switch {
		case here == "" && len(rest) == 0:
			return nil, false
		case here != "":
			var err error
			info, err = os.Lstat(here)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil, true
			case err != nil:
				return nil, false
			case info.Mode()&fs.ModeSymlink != 0 && !isMount:
				target, err := os.Readlink(here)
				if links++; err != nil || links > maxLinks {
					return nil, false
				}
				if !path.IsAbs(target) {
					target = path.Join(path.Dir(at), target)
				}
				at, rest = "/", append(split(target), rest...)
				continue
			}
		}
		if len(rest) == 0 {
			return info, true
		}
		at, rest = path.Join(at, rest[0]), rest[1:]
	}
}

func split(name string) []string {
	return strings.FieldsFunc(path.Clean(name), func(r rune) bool { return r == '/' })
}

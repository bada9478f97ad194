package engine

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"maps"
	"path"

	"github.com/docker/docker/api/types/container"
)

// Copied is one file that was put into a container.
type Copied struct {
	Content  string
	Mode     int64
	UID, GID int
	Started  bool // the container had been started before
}

// CopyToContainer unpacks an archive in a container. Only regular files are
// kept; directories and what was in the image are not modelled.
func (e *Engine) CopyToContainer(ctx context.Context, containerID, dstPath string, content io.Reader, options container.CopyToContainerOptions) error {
	files, err := unpack(dstPath, content)
	if err != nil {
		return err
	}
	_, err = serve(ctx, e, CopyToContainer, containerID, e.onContainer(containerID, func(c *ctr) error {
		if c.host.ReadonlyRootfs {
			if e.since(23) {
				return invalid("container rootfs is marked read-only")
			}
			return internal("container rootfs is marked read-only")
		}
		if options.CopyUIDGID && c.config.User != "" {
			return internal("getent unable to find entry %q in passwd database", c.config.User)
		}
		for name, f := range files {
			f.Started = !c.started.IsZero()
			c.files[name] = f
		}
		return nil
	}))
	return err
}

func unpack(dir string, archive io.Reader) (map[string]Copied, error) {
	files := map[string]Copied{}
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, internal("Error processing tar file(exit status 1): %v", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return nil, internal("Error processing tar file(exit status 1): %v", err)
		}
		files[path.Join(dir, h.Name)] = Copied{Content: string(content), Mode: h.Mode, UID: h.Uid, GID: h.Gid}
	}
}

// Files are those that were put into a container, by path.
func (e *Engine) Files(ref string) (map[string]Copied, error) {
	return locked(e, func() (map[string]Copied, error) {
		c, err := e.findContainer(ref)
		if err != nil {
			return nil, err
		}
		return maps.Clone(c.files), nil
	})()
}

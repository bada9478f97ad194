package actions

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/spec"
	"foster/state"
)

// VerbCopy is the delivery of files.
const VerbCopy Verb = "copy files"

// copyTimeout: the engine mounts the container's file system and its volumes,
// and unpacks on it.
const copyTimeout = 60 * time.Second

// deliver puts the child's files into its container, which has not been
// started: all in one archive, so that they are there before its first process
// is. Trying again is harmless. The files lie in the container's writable
// layer, or in the volume or host directory that is mounted where they go;
// in the former they go with the container.
//
// The engine makes missing directories on the way, 0755 and root's, and leaves
// those that are there as they are: the archive names none. It gives each file
// the owner and mode that the archive says, unless CopyUIDGID is set: that asks
// for the container's user instead, and fails for one without a name (20.10).
func (r *Runner) deliver(ctx context.Context, c *spec.Child, id string) error {
	if len(c.Files) == 0 {
		return nil
	}
	doing := fmt.Sprintf("put secrets and configs into child %q", c.Name)
	packed, err := pack(c.Files, time.Now())
	if err != nil {
		return &opError{class: state.Permanent, doing: doing, err: err}
	}
	err = attempt(ctx, VerbCopy, copyTimeout, func(ctx context.Context) error {
		return r.cfg.Engine.CopyToContainer(ctx, id, "/", bytes.NewReader(packed), container.CopyToContainerOptions{})
	})
	return fail(VerbCopy, doing, err)
}

// pack makes the archive of files. Its errors tell of names only.
func pack(files []spec.File, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	for _, f := range files {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: strings.TrimPrefix(f.Path, "/"), Size: int64(len(f.Content)),
			Mode: f.Mode, Uid: f.UID, Gid: f.GID, ModTime: at,
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.Path, err)
		}
		if _, err := archive.Write(f.Content); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.Path, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("pack %d files: %w", len(files), err)
	}
	return out.Bytes(), nil
}

package watcher

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
)

// labelLauncher is on foster's image; package spec writes it.
const labelLauncher = "foster.launcher"

// launcher is a running container that launches children of this project.
type launcher struct {
	id, name string
	since    time.Time
}

// compare puts the one that was started first before the other.
func (a launcher) compare(b launcher) int {
	return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.id, b.id))
}

func launcherOf(c container.InspectResponse) launcher {
	return launcher{id: c.ID, name: strings.TrimPrefix(c.Name, "/"), since: timeOf(c.State.StartedAt)}
}

// elder names the foster that has the project, if it is not this one: a holder,
// whose containers are there; else, of the running containers that launch the
// project, the one that was started first. The engine's list is the arbiter, so
// that all who ask agree; it begins to call a container running, and stamps its
// start, in one moment, so that whoever is not listed yet will have been started
// later, unless the clock was set back: then the holder is what counts.
func (l *look) elder(ctx context.Context, launchers, holders []launcher) (string, error) {
	if len(holders) > 0 {
		return slices.MinFunc(holders, launcher.compare).name, nil
	}
	if len(launchers) == 0 {
		return "", nil
	}
	self, err := l.self(ctx)
	if err != nil {
		return "", err
	}
	if first := slices.MinFunc(launchers, launcher.compare); first.compare(self) < 0 {
		return first.name, nil
	}
	return "", nil
}

// launchers are the running containers, other than this foster's, that
// Config.Claims takes for fosters of this project. Their end is told from here
// on; what Claims says of a container is asked once.
func (l *look) launchers(ctx context.Context) ([]launcher, error) {
	if l.cfg.Claims == nil {
		return nil, nil
	}
	list, err := call(ctx, l.Watcher, func(ctx context.Context) ([]container.Summary, error) {
		return l.cfg.Engine.ContainerList(ctx, container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", labelLauncher))})
	})
	if err != nil {
		return nil, fmt.Errorf("list the fosters of this engine: %w", err)
	}
	var ids []string
	for _, c := range list {
		if c.ID != l.cfg.Self {
			ids = append(ids, c.ID)
		}
	}
	asked := l.known.setLaunchers(ids)
	found := make([]launcher, len(asked))
	err = parallel(len(asked), func(i int) error {
		c, err := l.inspect(ctx, asked[i])
		switch {
		case errdefs.IsNotFound(err):
		case err != nil:
			return fmt.Errorf("inspect another foster's container %s: %w", short(asked[i]), err)
		case c.ContainerJSONBase == nil || c.State == nil:
		case !l.cfg.Claims(c):
			l.known.notLauncher(asked[i])
		case c.State.Running:
			found[i] = launcherOf(c)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []launcher
	for _, f := range found {
		if f.id != "" {
			out = append(out, f)
		}
	}
	return out, nil
}

// The process of a foster may be faster than the engine's books.
const (
	bookTime = 2 * time.Second
	bookLook = 20 * time.Millisecond
)

var errNotBooked = errors.New("the engine does not call it running")

// self is this foster among the launchers; on a host its process.
func (l *look) self(ctx context.Context) (launcher, error) {
	own := launcher{since: l.cfg.Began}
	if l.cfg.Self == "" {
		return own, nil
	}
	for end := time.Now().Add(bookTime); ; {
		c, err := l.inspect(ctx, l.cfg.Self)
		switch {
		case err == nil && c.ContainerJSONBase != nil && c.State != nil && c.State.Running:
			return launcherOf(c), nil
		case err == nil && time.Now().After(end):
			err = errNotBooked
			fallthrough
		case err != nil:
			return own, fmt.Errorf("inspect foster's own container: %w", err)
		}
		pause := time.NewTimer(bookLook)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return own, ctx.Err()
		}
	}
}

package watcher

import (
	"context"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// holders remembers, within one look, the parents that were looked at.
type holders struct {
	mu sync.Mutex
	of map[string]*holder // by container ID
}

type holder struct {
	once sync.Once
	launcher
	err error
}

// holder names the container with this ID if it is a live parent other than
// this foster and the followed container; otherwise it returns "".
func (l *look) holder(ctx context.Context, parent string) (string, error) {
	if parent == "" || parent == l.cfg.Self {
		return "", nil
	}
	l.holders.mu.Lock()
	h := l.holders.of[parent]
	if h == nil {
		h = &holder{}
		l.holders.of[parent] = h
	}
	l.holders.mu.Unlock()
	h.once.Do(func() {
		l.known.addHolder(parent)
		c, err := l.inspect(ctx, parent)
		switch {
		case err == nil:
			if name := holderName(c, l.cfg.Parent); name != "" {
				h.launcher = launcherOf(c)
			}
		case !errdefs.IsNotFound(err):
			h.err = err
		}
	})
	return h.name, h.err
}

// living are the live parents that this look has met.
func (h *holders) living() []launcher {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []launcher
	for _, one := range h.of {
		if one.id != "" {
			out = append(out, one.launcher)
		}
	}
	return out
}

func holderName(c container.InspectResponse, followed string) string {
	if c.ContainerJSONBase == nil || c.State == nil || !c.State.Running {
		return ""
	}
	name := strings.TrimPrefix(c.Name, "/")
	if followed != "" && (name == followed || strings.HasPrefix(c.ID, followed)) {
		return ""
	}
	return name
}

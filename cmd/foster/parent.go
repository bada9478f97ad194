package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/containerd/errdefs"

	"foster/spec"
)

// parent is the container that the children belong to: the one that foster
// runs in, or the followed one. A followed one may be another container each
// time, under the same name.
type parent struct {
	engine Engine
	self   spec.Identity
	follow string // "" when foster's own container is the parent

	mu   sync.Mutex
	last string // ID of the followed container, as last seen
}

// ID is the parent's present container ID; "" on a host without a followed
// one. The error says what to do when the followed one is not there.
func (p *parent) ID(ctx context.Context) (string, error) {
	if p.follow == "" {
		if p.self.ContainerID == "" {
			return "", fmt.Errorf("find the task's network namespace: foster does not run in a container, so LAUNCH_NETWORK_MODE=task has nothing to share: set FOSTER_PARENT or another network mode")
		}
		return p.self.ContainerID, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	c, err := p.engine.ContainerInspect(ctx, p.follow)
	if errdefs.IsNotFound(err) {
		return "", fmt.Errorf("find the followed container %q: it does not exist (yet): %w", p.follow, err)
	}
	if err != nil {
		return "", fmt.Errorf("inspect the followed container %q: %w", p.follow, err)
	}
	p.mu.Lock()
	p.last = c.ID
	p.mu.Unlock()
	return c.ID, nil
}

// identity is what the children's labels say of their parent.
func (p *parent) identity(ctx context.Context) spec.Identity {
	id := p.self
	if p.follow == "" {
		return id
	}
	if now, err := p.ID(ctx); err == nil {
		id.ContainerID = now
	} else {
		p.mu.Lock()
		id.ContainerID = p.last
		p.mu.Unlock()
	}
	return id
}

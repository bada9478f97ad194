package actions

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// slowCall is how long an operation has its slot. One that lasts longer mostly
// waits: for 20 s on a manager of the swarm that does not answer, for the end
// of another container's exit. It must not hold back what could be done meanwhile.
const slowCall = 2 * time.Second

// bounded carries a job out when there is a slot for it, and what comes before
// it at once.
func (r *Runner) bounded(ctx context.Context, j job) (string, error) {
	if j.before != nil {
		j.before(ctx)
	}
	if !j.unbounded {
		if err := acquire(ctx, r.work); err != nil {
			return "", err
		}
		free := sync.OnceFunc(func() { <-r.work })
		defer free()
		late := time.AfterFunc(slowCall, free)
		defer late.Stop()
	}
	return j.run(ctx)
}

// acquire waits for a slot, or for the end of ctx.
func acquire(ctx context.Context, slots chan struct{}) error {
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a slot: %w", ctx.Err())
	}
}

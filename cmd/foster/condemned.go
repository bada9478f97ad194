package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/rs/zerolog"

	"foster/state"
)

// condemnedTimeout bounds the question, which a stop must not wait for long.
const condemnedTimeout = 2 * time.Second

// errCondemned: foster was stopped because it is unhealthy.
var errCondemned = errors.New("stopped while foster's own healthcheck had given up: see docs/health.md")

// condemned finds out whether a stop is Swarm's answer to an unhealthy task.
// Swarm ends such a task with the signal of any other stop, and takes the exit
// code 0 for work that is done: with the restart condition on-failure nothing
// would be started again.
type condemned struct {
	engine  Engine
	self    string        // foster's own container, "" if this engine has it not
	refused *refusals     // asked where the engine cannot say it
	asked   chan struct{} // closed at the first signal
	is      atomic.Bool
}

// run finds out once, at the first signal.
func (c *condemned) run(work context.Context, log zerolog.Logger) error {
	select {
	case <-work.Done():
		return work.Err()
	case <-c.asked:
	}
	if c.unhealthy(context.WithoutCancel(work)) {
		c.is.Store(true)
		log.Warn().Str(state.KeyContainer, short(c.self)).Msg("foster's own healthcheck had given up: this end is a failure")
	}
	<-work.Done()
	return work.Err()
}

// unhealthy asks the engine how foster's own container is, and where that gives
// no answer how foster has answered its healthcheck.
func (c *condemned) unhealthy(ctx context.Context) bool {
	if c.self == "" {
		return c.refused.condemn(time.Now())
	}
	ctx, cancel := context.WithTimeout(ctx, condemnedTimeout)
	defer cancel()
	own, err := c.engine.ContainerInspect(ctx, c.self)
	if err != nil || own.ContainerJSONBase == nil || own.State == nil {
		return c.refused.condemn(time.Now())
	}
	return own.State.Health != nil && own.State.Health.Status == container.Unhealthy
}

// end is the end of the run, with a code that says failure if it was condemned.
func (c *condemned) end(err error) error {
	if err == nil && c.is.Load() {
		return &exitError{Code: exitFailure, Err: errCondemned}
	}
	return err
}

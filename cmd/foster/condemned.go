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

// refusedWords is told where foster's own answers alone are known.
const refusedWords = "foster's last answers to its healthcheck were bad, and the engine cannot say whether that had given up: this end is taken for a failure"

// condemnedTimeout bounds the question, which a stop must not wait for long.
const condemnedTimeout = 2 * time.Second

// Why a stop that was asked for is a failure.
var (
	errCondemned = errors.New("stopped while foster's own healthcheck had given up: see docs/health.md")
	errRefused   = errors.New("stopped after three bad answers to foster health, and the engine cannot say whether foster's own healthcheck had given up: see docs/health.md")
)

// condemned finds out whether a stop is Swarm's answer to an unhealthy task.
// Swarm ends such a task with the signal of any other stop, and takes the exit
// code 0 for work that is done: with the restart condition on-failure nothing
// would be started again.
type condemned struct {
	engine  Engine
	self    string                // foster's own container, "" if this engine has it not
	refused *refusals             // asked where the engine cannot say it
	asked   chan struct{}         // closed at the first signal
	why     atomic.Pointer[error] // nil: it is not
}

// run finds out once, at the first signal.
func (c *condemned) run(work context.Context, log zerolog.Logger) error {
	select {
	case <-work.Done():
		return work.Err()
	case <-c.asked:
	}
	why := c.unhealthy(context.WithoutCancel(work))
	if why != nil {
		c.why.Store(&why)
	}
	switch {
	case errors.Is(why, errCondemned):
		log.Warn().Str(state.KeyContainer, short(c.self)).Msg("foster's own healthcheck had given up: this end is a failure")
	case why != nil:
		log.Warn().Msg(refusedWords)
	}
	<-work.Done()
	return work.Err()
}

// unhealthy asks the engine how foster's own container is, and where that gives
// no answer how foster has answered its healthcheck. nil: well.
func (c *condemned) unhealthy(ctx context.Context) error {
	if c.self != "" {
		ctx, cancel := context.WithTimeout(ctx, condemnedTimeout)
		defer cancel()
		own, err := c.engine.ContainerInspect(ctx, c.self)
		switch {
		case err != nil || own.ContainerJSONBase == nil || own.State == nil:
		case own.State.Health != nil && own.State.Health.Status == container.Unhealthy:
			return errCondemned
		default:
			return nil
		}
	}
	if c.refused.condemn(time.Now()) {
		return errRefused
	}
	return nil
}

// end is the end of the run, with a code that says failure if it was condemned.
func (c *condemned) end(err error) error {
	if why := c.why.Load(); err == nil && why != nil {
		return &exitError{Code: exitFailure, Err: *why}
	}
	return err
}

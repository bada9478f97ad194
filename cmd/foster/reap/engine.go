package reap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
)

// Engine is what is asked of the engine.
type Engine interface {
	Info(ctx context.Context) (system.Info, error)
	Events(ctx context.Context, options events.ListOptions) (<-chan events.Message, <-chan error)
	ContainerList(ctx context.Context, options container.ListOptions) ([]container.Summary, error)
	ContainerInspect(ctx context.Context, containerID string) (container.InspectResponse, error)
	ContainerStop(ctx context.Context, containerID string, options container.StopOptions) error
	ContainerRemove(ctx context.Context, containerID string, options container.RemoveOptions) error
	NetworkList(ctx context.Context, options network.ListOptions) ([]network.Summary, error)
	NetworkInspect(ctx context.Context, networkID string, options network.InspectOptions) (network.Inspect, error)
	NetworkRemove(ctx context.Context, networkID string) error
	VolumeInspect(ctx context.Context, volumeID string) (volume.Volume, error)
}

var _ Engine = (*client.Client)(nil)

// The deadlines of engine calls, above what a busy engine needs.
const (
	listTimeout    = 30 * time.Second
	inspectTimeout = 10 * time.Second
	removeTimeout  = 30 * time.Second
	// stopMargin comes on top of a container's own grace: after SIGKILL the
	// engine gives the exit 10 s before it answers.
	stopMargin = 15 * time.Second
	// stopForever bounds the stop of a container that asks for no bound.
	stopForever = 10 * time.Minute
)

// ask makes one call with a deadline.
func ask[T any](ctx context.Context, timeout time.Duration, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return call(ctx)
}

// LookError is a look that could not be finished: the engine was not reached,
// or refused to say. Nothing was decided by half of it.
type LookError struct{ Err error }

func (e *LookError) Error() string { return "look at the engine: " + e.Err.Error() }

func (e *LookError) Unwrap() error { return e.Err }

var errEmpty = errors.New("the engine's answer says nothing")

// inspect describes a container; what the callers need of it is there.
func (r *Reaper) inspect(ctx context.Context, id string) (container.InspectResponse, error) {
	c, err := ask(ctx, inspectTimeout, func(ctx context.Context) (container.InspectResponse, error) {
		return r.cfg.Engine.ContainerInspect(ctx, id)
	})
	if err == nil && (c.ContainerJSONBase == nil || c.State == nil || c.Config == nil) {
		err = errEmpty
	}
	if err != nil {
		return c, fmt.Errorf("inspect container %s: %w", short(id), err)
	}
	return c, nil
}

// short is an ID as people know it.
func short(id string) string {
	if len(id) > 12 {
		return id[:12]
	}
	return id
}

package chaos

import (
	"context"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/client"
)

// Engine is what chaos asks of the engine. It creates nothing.
type Engine interface {
	Info(ctx context.Context) (system.Info, error)
	Events(ctx context.Context, options events.ListOptions) (<-chan events.Message, <-chan error)
	ContainerList(ctx context.Context, options container.ListOptions) ([]container.Summary, error)
	ContainerInspect(ctx context.Context, containerID string) (container.InspectResponse, error)
	ContainerKill(ctx context.Context, containerID, signal string) error
	ContainerStop(ctx context.Context, containerID string, options container.StopOptions) error
	ContainerRemove(ctx context.Context, containerID string, options container.RemoveOptions) error
	ContainerPause(ctx context.Context, containerID string) error
	ContainerUnpause(ctx context.Context, containerID string) error
	NetworkInspect(ctx context.Context, networkID string, options network.InspectOptions) (network.Inspect, error)
	NetworkConnect(ctx context.Context, networkID, containerID string, config *network.EndpointSettings) error
	NetworkDisconnect(ctx context.Context, networkID, containerID string, force bool) error
}

var _ Engine = (*client.Client)(nil)

const (
	lookTimeout = 10 * time.Second // one question about something that is there
	callTimeout = 30 * time.Second // one fault; a stop gets the child's grace on top
	mendTimeout = 5 * time.Second  // taking back what chaos itself did
)

// LostError says that the engine stopped answering in the middle of it.
type LostError struct{ Err error }

func (e *LostError) Error() string {
	return fmt.Sprintf("the engine does not answer any more: %v (what happened to the children since is not known: run foster chaos again when it is back)", e.Err)
}

func (e *LostError) Unwrap() error { return e.Err }

// ask puts a deadline on one call that answers something.
func ask[T any](ctx context.Context, timeout time.Duration, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return call(ctx)
}

// tell puts a deadline on one call that only does something.
func tell(ctx context.Context, timeout time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return call(ctx)
}

package status

import (
	"context"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
)

// Engine is what is asked of the engine.
type Engine interface {
	ClientVersion() string
	ContainerList(ctx context.Context, options container.ListOptions) ([]container.Summary, error)
	ContainerInspect(ctx context.Context, containerID string) (container.InspectResponse, error)
	ContainerExecCreate(ctx context.Context, containerID string, options container.ExecOptions) (container.ExecCreateResponse, error)
	ContainerExecAttach(ctx context.Context, execID string, options container.ExecAttachOptions) (types.HijackedResponse, error)
}

const (
	lookTimeout    = 10 * time.Second // the list
	inspectTimeout = 3 * time.Second  // one inspect
	hungMost       = 2                // inspects that fail before the list has to do for the rest
	insideTimeout  = 5 * time.Second  // one foster asked by exec
	atOnce         = 4                // fosters asked by exec
	askedEvery     = 15 * time.Second // a foster by exec, while nothing has moved that the engine shows
)

func ask[T any](ctx context.Context, within time.Duration, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return call(ctx)
}

package engine

import (
	"context"

	"golang.org/x/sys/unix"
)

// Calls of an operator's tool: what a watchdog never asks for, and what breaks
// containers on purpose does.
const (
	ContainerKill    Verb = "ContainerKill"
	ContainerPause   Verb = "ContainerPause"
	ContainerUnpause Verb = "ContainerUnpause"
)

// ContainerKill sends a signal, SIGKILL when none is named.
func (e *Engine) ContainerKill(ctx context.Context, containerID, signal string) error {
	_, err := serve(ctx, e, ContainerKill, containerID, func() (nothing, error) {
		n := int(unix.SIGKILL)
		if signal != "" {
			n = signalNumber(signal)
		}
		if n == 0 {
			return nothing{}, invalid("invalid signal: %s", signal)
		}
		return nothing{}, e.Signal(containerID, n)
	})
	return err
}

// ContainerPause freezes a running container.
func (e *Engine) ContainerPause(ctx context.Context, containerID string) error {
	_, err := serve(ctx, e, ContainerPause, containerID, func() (nothing, error) { return nothing{}, e.Pause(containerID) })
	return err
}

// ContainerUnpause lets a frozen container go on.
func (e *Engine) ContainerUnpause(ctx context.Context, containerID string) error {
	_, err := serve(ctx, e, ContainerUnpause, containerID, func() (nothing, error) { return nothing{}, e.Unpause(containerID) })
	return err
}

package engine

import (
	"bufio"
	"context"
	stdnet "net"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/pkg/stdcopy"
)

// The calls that run a command in a container.
const (
	ContainerExecCreate  Verb = "ContainerExecCreate"
	ContainerExecAttach  Verb = "ContainerExecAttach"
	ContainerExecInspect Verb = "ContainerExecInspect"
)

// Command is how a command in a container behaves. The zero value ends at once,
// with code 0 and nothing to say.
type Command struct {
	Code   int
	Takes  time.Duration
	Says   string // on its standard output, at once
	Closes bool   // its output ends at once, long before itself
	Leaves bool   // its output never ends: something in the container holds it
}

// Exec is one run of a command.
type Exec struct {
	Container string // ID
	Options   container.ExecOptions
	Begun     time.Time // zero: it was never begun
	Ended     time.Time // zero: it still runs
	code      int
}

// BehaveExec sets what becomes of the commands that begin from now on, by their
// words joined with spaces; others are as the zero Command.
func (e *Engine) BehaveExec(command string, c Command) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.commands[command] = c
}

// Execs are all runs of commands, oldest first.
func (e *Engine) Execs() []Exec {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]Exec, len(e.execs))
	for i, x := range e.execs {
		out[i] = *x
	}
	return out
}

// ContainerExecCreate takes note of a command for a running container.
func (e *Engine) ContainerExecCreate(ctx context.Context, containerID string, options container.ExecOptions) (container.ExecCreateResponse, error) {
	return serve(ctx, e, ContainerExecCreate, containerID, locked(e, func() (container.ExecCreateResponse, error) {
		c, err := e.findContainer(containerID)
		switch {
		case err != nil:
			return container.ExecCreateResponse{}, err
		case !c.running():
			return container.ExecCreateResponse{}, conflict("Container %s is not running", c.id)
		case c.paused:
			return container.ExecCreateResponse{}, conflict("Container %s is paused, unpause the container before exec", c.id)
		case len(options.Cmd) == 0:
			return container.ExecCreateResponse{}, invalid("No exec command specified")
		}
		x := &Exec{Container: c.id, Options: options}
		e.execs = append(e.execs, x)
		id := strconv.Itoa(len(e.execs))
		e.emitContainer(c, events.ActionExecCreate+": "+events.Action(strings.Join(options.Cmd, " ")), "execID", id)
		return container.ExecCreateResponse{ID: id}, nil
	}))
}

// ContainerExecAttach begins it. The connection ends with its output.
func (e *Engine) ContainerExecAttach(ctx context.Context, execID string, _ container.ExecAttachOptions) (types.HijackedResponse, error) {
	return serve(ctx, e, ContainerExecAttach, execID, locked(e, func() (types.HijackedResponse, error) {
		x, err := e.findExec(execID)
		if err != nil {
			return types.HijackedResponse{}, err
		}
		c, err := e.findContainer(x.Container)
		switch {
		case err != nil:
			return types.HijackedResponse{}, err
		case !c.running():
			return types.HijackedResponse{}, conflict("Container %s is not running", c.id)
		}
		how := e.commands[strings.Join(x.Options.Cmd, " ")]
		x.Begun = e.moment()
		e.emitContainer(c, events.ActionExecStart+": "+events.Action(strings.Join(x.Options.Cmd, " ")), "execID", execID)
		ours, theirs := stdnet.Pipe()
		exited := c.exited
		if !e.spawn(func() { e.runExec(c, x, execID, how, ours, exited) }) {
			return types.HijackedResponse{}, errClosed
		}
		return types.HijackedResponse{Conn: theirs, Reader: bufio.NewReader(theirs)}, nil
	}))
}

// runExec is the life of one command: it ends by itself or with its container.
func (e *Engine) runExec(c *ctr, x *Exec, id string, how Command, out stdnet.Conn, exited <-chan struct{}) {
	if how.Says != "" {
		// Who does not read it does not want it.
		_ = out.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = stdcopy.NewStdWriter(out, stdcopy.Stdout).Write([]byte(how.Says))
	}
	if how.Closes {
		_ = out.Close()
	}
	timer := time.NewTimer(how.Takes)
	defer timer.Stop()
	code := how.Code
	select {
	case <-timer.C:
	case <-exited:
		code = 137
	case <-e.closed:
	}
	e.mu.Lock()
	x.Ended, x.code = e.moment(), code
	if !e.isClosed {
		e.emitContainer(c, events.ActionExecDie, "execID", id, "exitCode", strconv.Itoa(code))
	}
	e.mu.Unlock()
	if how.Leaves && code == how.Code {
		select {
		case <-exited:
		case <-e.closed:
		}
	}
	_ = out.Close()
}

// ContainerExecInspect says how far it is.
func (e *Engine) ContainerExecInspect(ctx context.Context, execID string) (container.ExecInspect, error) {
	return serve(ctx, e, ContainerExecInspect, execID, locked(e, func() (container.ExecInspect, error) {
		x, err := e.findExec(execID)
		if err != nil {
			return container.ExecInspect{}, err
		}
		if _, err := e.findContainer(x.Container); err != nil {
			return container.ExecInspect{}, notFound("No such exec instance: %s", execID)
		}
		got := container.ExecInspect{ExecID: execID, ContainerID: x.Container, Running: !x.Begun.IsZero() && x.Ended.IsZero(), ExitCode: x.code}
		if !x.Begun.IsZero() {
			got.Pid = 1000 + len(e.execs)
		}
		return got, nil
	}))
}

func (e *Engine) findExec(id string) (*Exec, error) {
	n, err := strconv.Atoi(id)
	if err != nil || n < 1 || n > len(e.execs) {
		return nil, notFound("No such exec instance: %s", id)
	}
	return e.execs[n-1], nil
}

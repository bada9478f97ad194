package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/client"
)

// drainVariable makes this program a client that only reads and decodes the
// event stream of the engine that it names, until its standard input ends.
const drainVariable = "FOSTER_LOAD_DRAIN"

func drain(ctx context.Context, host string) int {
	ctx, stop := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // its end is all that it says
		stop()
	}()
	api, err := client.NewClientWithOpts(client.WithHost(host), client.WithAPIVersionNegotiation())
	if err != nil {
		fmt.Fprintln(os.Stderr, "drain:", err)
		return 1
	}
	defer api.Close()
	messages, errs := api.Events(ctx, events.ListOptions{})
	for {
		select {
		case <-messages:
		case <-errs:
			return 0
		}
	}
}

// drainer is such a client in a process of its own.
type drainer struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

func startDrain(self, host string) (_ *drainer, err error) {
	d := &drainer{cmd: exec.Command(self)}
	d.cmd.Env = append(os.Environ(), drainVariable+"="+host)
	d.cmd.Stderr = os.Stderr
	if d.stdin, err = d.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a client that reads: %w", err)
	}
	return d, nil
}

func (d *drainer) stop() error {
	d.stdin.Close()
	return d.cmd.Wait()
}

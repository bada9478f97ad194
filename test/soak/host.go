package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"foster/test/lab"
)

// hosted is a foster outside of Swarm: a process beside the engine of its node. Something starts it again when it ends,
// as an init system would. It dies with this program.
type hosted struct {
	program string // on this machine
	log     string
	node    *node

	mu   sync.Mutex
	cmd  *exec.Cmd // nil while none runs
	pid  int
	done chan struct{}
}

// serve keeps it running until ctx ends; then it is asked to stop, and serve returns when it has.
func (h *hosted) serve(ctx context.Context) error {
	defer close(h.done)
	log, err := os.OpenFile(h.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	for ctx.Err() == nil {
		cmd := exec.Command(h.program)
		cmd.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(h.program), "TMPDIR=" + filepath.Dir(h.program), "DOCKER_HOST=" + h.node.Host(),
			"LAUNCH_IMAGE=" + childImage, "LAUNCH_PROJECT_NAME=hosted", "LAUNCH_SERVICE_NAME=tool", "LAUNCH_NETWORKS=own",
		}
		for _, name := range sortedKeys(settings) {
			cmd.Env = append(cmd.Env, name+"="+settings[name])
		}
		cmd.Dir = filepath.Dir(h.program)
		cmd.Stdout, cmd.Stderr = log, log
		done, err := lab.Launch(cmd)
		if err != nil {
			return fmt.Errorf("start the foster on a host: %w", err)
		}
		h.mu.Lock()
		h.cmd, h.pid = cmd, cmd.Process.Pid
		h.mu.Unlock()
		slow := ""
		select {
		case <-done:
		case <-ctx.Done():
			_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended: its state tells
			select {
			case <-done:
			case <-time.After(outageTimeout):
				slow = fmt.Sprintf(", for it did not stop within %s", outageTimeout)
				_ = cmd.Process.Kill()
				<-done
			}
		}
		h.mu.Lock()
		h.cmd = nil
		h.mu.Unlock()
		if ctx.Err() != nil {
			if slow != "" || !cmd.ProcessState.Success() {
				return fmt.Errorf("%s%s", cmd.ProcessState, slow)
			}
			return nil
		}
		fmt.Fprintf(log, "(ended: %s; started again)\n", cmd.ProcessState)
		_ = lab.Pause(ctx, 500*time.Millisecond)
	}
	return nil
}

// signal sends a signal to the process.
func (h *hosted) signal(sig syscall.Signal) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cmd == nil {
		return errAbsent
	}
	return h.cmd.Process.Signal(sig)
}

// running is the process's ID, 0 while none runs.
func (h *hosted) running() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cmd == nil {
		return 0
	}
	return h.pid
}

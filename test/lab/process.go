package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process names one process for good: its pid alone may be given to another process later.
type process struct {
	PID  int    `json:"pid"`
	Born uint64 `json:"born"` // clock ticks since boot, field 22 of /proc/PID/stat
}

// identify looks the process up. It fails when there is none.
func identify(pid int) (process, error) {
	state, born, err := readStat(pid)
	if err != nil {
		return process{}, err
	}
	if state == 'Z' {
		return process{}, fmt.Errorf("identify process %d: it has exited", pid)
	}
	return process{PID: pid, Born: born}, nil
}

// alive says whether the process still runs. A dead one that nobody has waited for is not alive; one whose first
// thread is done while others still clean up is.
func (p process) alive() bool {
	if p.PID == 0 {
		return false
	}
	state, born, err := readStat(p.PID)
	if err != nil || born != p.Born {
		return false
	}
	if state != 'Z' && state != 'X' {
		return true
	}
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.PID))
	return err == nil && len(threads) > 1
}

// kill ends the process. One that is gone already is success.
func (p process) kill() error {
	if !p.alive() {
		return nil
	}
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill process %d: %w", p.PID, err)
	}
	return nil
}

// end kills the process and waits until it is gone. For the first process of a node that means every process of it:
// those that hang in the cgroups below frozen, when that is not "", are thawed for it.
func (p process) end(ctx context.Context, frozen string) error {
	if err := p.kill(); err != nil {
		return err
	}
	return poll(ctx, fmt.Sprintf("end of process %d", p.PID), func() error {
		if frozen != "" {
			thaw(frozen)
		}
		if p.alive() {
			return errors.New("still running")
		}
		return nil
	})
}

// readStat returns state and birth of a process. The command name in the middle may hold spaces and brackets.
func readStat(pid int) (state byte, born uint64, err error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, fmt.Errorf("look up process %d: %w", pid, err)
	}
	_, rest, _ := strings.Cut(string(raw[strings.LastIndexByte(string(raw), ')'):]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return 0, 0, fmt.Errorf("look up process %d: short stat line %q", pid, raw)
	}
	born, err = strconv.ParseUint(fields[19], 10, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("look up process %d: %w", pid, err)
	}
	return fields[0][0], born, nil
}

// launch starts cmd and waits for it in the background; done closes when it has been reaped.
//
// A bound process gets SIGKILL from the kernel when the thread that started it ends. The goroutine therefore keeps its
// thread for as long as the process lives: the process goes when this program goes, however this program ends.
func launch(cmd *exec.Cmd, bound bool) (p process, done <-chan struct{}, err error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid = true // Ctrl-C at a terminal is for the program, not for the nodes
	if bound {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	reaped := make(chan struct{})
	started := make(chan error, 1)
	go func() {
		defer close(reaped)
		if bound {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
		}
		err := cmd.Start()
		if err == nil {
			p, err = identify(cmd.Process.Pid)
		}
		started <- err
		if cmd.Process != nil {
			_ = cmd.Wait() // killed by us, or its log tells why it ended
		}
	}()
	if err := <-started; err != nil {
		if cmd.Process != nil {
			_ = cmd.Process.Kill()
		}
		<-reaped
		return process{}, nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, reaped, nil
}

// pollInterval is the pause between the first looks at a fact, pollMax the one after some seconds.
const (
	pollInterval = 10 * time.Millisecond
	pollMax      = 200 * time.Millisecond
)

// poll calls check until it returns nil, or one of the errors that are final. When ctx ends first, the error says what
// was awaited and what check said last. Many wait at the same time: the pauses grow, and are no shorter than a check.
func poll(ctx context.Context, what string, check func() error, final ...error) error {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for wait := pollInterval; ; wait = min(wait*6/5, pollMax) {
		began := time.Now()
		last := check()
		took := time.Since(began)
		if last == nil {
			return nil
		}
		for _, f := range final {
			if errors.Is(last, f) {
				return fmt.Errorf("wait for %s: %w", what, last)
			}
		}
		pause.Reset(max(wait, took))
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w (last: %w)", what, context.Cause(ctx), last)
		case <-pause.C:
		}
	}
}

package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
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
	return Await(ctx, fmt.Sprintf("end of process %d", p.PID), func() error {
		if frozen != "" {
			thaw(frozen)
		}
		if p.alive() {
			return errors.New("still running")
		}
		return nil
	})
}

// readStat returns state and birth of a process.
func readStat(pid int) (state byte, born uint64, err error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, fmt.Errorf("look up process %d: %w", pid, err)
	}
	fields := statFields(raw)
	if len(fields) < 20 {
		return 0, 0, fmt.Errorf("look up process %d: short stat line %q", pid, raw)
	}
	born, err = strconv.ParseUint(fields[19], 10, 64)
	if err != nil {
		return 0, 0, fmt.Errorf("look up process %d: %w", pid, err)
	}
	return fields[0][0], born, nil
}

// statFields are the fields of a stat line of the kernel's from the third on, the state. The command name before it may
// hold spaces and brackets.
func statFields(raw []byte) []string {
	return strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
}

// Launch starts cmd as a process that belongs to this program: it is killed when this program ends, however it ends, and
// a Ctrl-C at the terminal is not for it. done closes when it has been reaped; cmd.ProcessState tells how it ended then.
func Launch(cmd *exec.Cmd) (done <-chan struct{}, err error) {
	_, done, err = launch(cmd, true)
	return done, err
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
			p.PID = cmd.Process.Pid
			_, p.Born, err = readStat(p.PID) // one that has ended already is there until Wait
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

package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Crash cuts the node's power: every process of the node dies at once, nothing is stopped or told. Files stay as they
// are. A node without power is success.
func (n *Node) Crash(ctx context.Context) error {
	if err := n.powerOff(ctx); err != nil {
		return fmt.Errorf("crash %s: %w", n.Name, err)
	}
	for _, path := range []string{n.pidFile(), n.Socket} {
		if err := ignoreMissing(os.Remove(path)); err != nil {
			return err
		}
	}
	return nil
}

// Boot gives a crashed node power again and starts its engine, with the lab's flags or with others.
func (n *Node) Boot(ctx context.Context, flags ...string) error {
	if n.up() {
		return fmt.Errorf("boot %s: it has power", n.Name)
	}
	if err := n.powerOn(ctx); err != nil {
		return fmt.Errorf("boot %s: %w", n.Name, err)
	}
	return n.StartEngine(ctx, flags...)
}

// KillContainerProcess sends a signal to a container's main process from outside the engine, as the kernel's OOM killer
// or a crash would: the engine learns of it only by the process's end. Signals that the process has no handler for do
// nothing, SIGKILL and SIGSTOP apart: it is the first process of its namespace.
func (n *Node) KillContainerProcess(ctx context.Context, container string, sig syscall.Signal) error {
	c, err := n.Client().ContainerInspect(ctx, container)
	if err != nil {
		return fmt.Errorf("find the process of %s: %w", container, err)
	}
	if c.State == nil || c.State.Pid == 0 {
		return fmt.Errorf("find the process of %s: the container does not run", container)
	}
	return n.KillPID(ctx, c.State.Pid, sig)
}

// KillPID sends a signal to a process, by the pid that the node and its engine know it by.
func (n *Node) KillPID(ctx context.Context, pid int, sig syscall.Signal) error {
	_, err := n.Exec(ctx, "sh", "-c", `kill -"$1" "$2"`, "sh", strconv.Itoa(int(sig)), strconv.Itoa(pid))
	return err
}

// proc is the node's own /proc, seen from this machine.
func (n *Node) proc(pid int, file string) string {
	return fmt.Sprintf("/proc/%d/root/proc/%d/%s", n.PID(), pid, file)
}

// runs says whether the node has a living process with this pid.
func (n *Node) runs(pid int) bool {
	raw, err := os.ReadFile(n.proc(pid, "stat"))
	if err != nil {
		return false
	}
	fields := statFields(raw)
	return len(fields) > 0 && fields[0] != "Z" && fields[0] != "X"
}

// awaitStopped waits until every thread of a process has obeyed SIGSTOP.
func (n *Node) awaitStopped(ctx context.Context, pid int) error {
	return Await(ctx, fmt.Sprintf("stop of process %d on %s", pid, n.Name), func() error {
		threads, err := os.ReadDir(n.proc(pid, "task"))
		if err != nil {
			return err
		}
		for _, t := range threads {
			raw, err := os.ReadFile(filepath.Join(n.proc(pid, "task"), t.Name(), "stat"))
			if err != nil {
				continue // a thread that has ended
			}
			if fields := statFields(raw); len(fields) == 0 || fields[0] != "T" {
				return fmt.Errorf("thread %s is in state %q", t.Name(), fields[:min(1, len(fields))])
			}
		}
		return nil
	})
}

func (n *Node) commandName(pid int) string {
	raw, err := os.ReadFile(n.proc(pid, "comm"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}

// outerPID translates a pid of the node into this machine's.
func (n *Node) outerPID(inner int) (int, error) {
	space, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", n.PID()))
	if err != nil {
		return 0, fmt.Errorf("look into %s: %w", n.Name, err)
	}
	statuses, _ := filepath.Glob("/proc/[0-9]*/status") // the pattern is well formed
	for _, status := range statuses {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(status)))
		if err != nil {
			continue
		}
		if s, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid)); err != nil || s != space {
			continue
		}
		raw, err := os.ReadFile(status)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(raw)) {
			if pids, ok := strings.CutPrefix(line, "NSpid:"); ok {
				fields := strings.Fields(pids)
				if fields[len(fields)-1] == strconv.Itoa(inner) {
					return pid, nil
				}
			}
		}
	}
	return 0, fmt.Errorf("find process %d of %s: there is none", inner, n.Name)
}

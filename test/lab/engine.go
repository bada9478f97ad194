package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// StartEngine starts dockerd with the lab's flags, or with others, and returns when it answers. After a crash of
// dockerd that takes as long as the engine needs to clean up: up to 10 s for each container that ignores SIGTERM.
func (n *Node) StartEngine(ctx context.Context, flags ...string) error {
	if n.engineRuns() {
		return fmt.Errorf("start the engine on %s: it runs", n.Name)
	}
	// Left by a kill. The pid in them may be another process's by now, and dockerd would believe it.
	for _, path := range []string{n.pidFile(), n.Socket, n.containerdPIDFile()} {
		if err := ignoreMissing(os.Remove(path)); err != nil {
			return err
		}
	}
	args := []string{
		tool("dockerd"),
		"--host=" + n.Host(), "--host=unix:///run/docker.sock",
		"--pidfile=" + n.pidFile(),
		"--data-root=" + n.data(),
		"--exec-root=/run/docker",
		"--storage-driver=" + storageDriver(n.Dir),
		"--exec-opt=native.cgroupdriver=cgroupfs",
		"--cgroup-parent=" + cgroupParent(n.lab.Dir) + "/" + n.Name,
		"--insecure-registry=" + n.lab.Subnet(),
	}
	if len(flags) == 0 {
		flags = n.lab.opts.DockerdFlags
	}
	log := filepath.Join(n.Dir, "dockerd.log")
	pid, err := n.spawn(ctx, n.engineEnv(), log, append(args, flags...)...)
	if err != nil {
		return fmt.Errorf("start the engine on %s: %w", n.Name, err)
	}
	err = Await(ctx, "the engine on "+n.Name, func() error {
		if !n.runs(pid) {
			return errExited
		}
		ask, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := n.Client().Ping(ask)
		return err
	}, errExited)
	if err != nil {
		return fmt.Errorf("%w; its log ends:\n%s", err, n.Log(15))
	}
	return nil
}

var errExited = errors.New("it has exited")

// StopEngine ends dockerd as a shutdown does, with SIGTERM, and waits for its end. The containers are stopped.
func (n *Node) StopEngine(ctx context.Context) error { return n.endEngine(ctx, syscall.SIGTERM) }

// KillEngine kills dockerd with SIGKILL, and waits for its end. Its containers live on until the next start.
func (n *Node) KillEngine(ctx context.Context) error { return n.endEngine(ctx, syscall.SIGKILL) }

// Pause stops dockerd with SIGSTOP, and waits until the last of its threads stands still: calls hang, event streams
// stay open and silent. Containers live on.
func (n *Node) Pause(ctx context.Context) error {
	pid, err := n.enginePID()
	if err != nil {
		return err
	}
	if err := n.signalEngine(ctx, syscall.SIGSTOP); err != nil {
		return err
	}
	return n.awaitStopped(ctx, pid)
}

// Resume lets a paused dockerd go on.
func (n *Node) Resume(ctx context.Context) error { return n.signalEngine(ctx, syscall.SIGCONT) }

// Log returns the last lines of dockerd's log.
func (n *Node) Log(lines int) string {
	raw, err := os.ReadFile(filepath.Join(n.Dir, "dockerd.log"))
	if err != nil {
		return err.Error()
	}
	all := bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
	return string(bytes.Join(all[max(0, len(all)-lines):], []byte("\n")))
}

// EnginePID is dockerd's pid, as this machine sees it: for reading its memory use from /proc.
func (n *Node) EnginePID() (int, error) {
	inner, err := n.enginePID()
	if err != nil {
		return 0, err
	}
	return n.outerPID(inner)
}

func (n *Node) endEngine(ctx context.Context, sig syscall.Signal) error {
	pid, err := n.enginePID()
	if err != nil {
		return err
	}
	if err := n.signalEngine(ctx, sig); err != nil {
		return err
	}
	return Await(ctx, "end of the engine on "+n.Name, func() error {
		if n.runs(pid) {
			return fmt.Errorf("dockerd still runs after %s", sig)
		}
		// It dies with dockerd, but a moment later. A dockerd that is started meanwhile takes it for its own.
		if inner, err := readPID(n.containerdPIDFile()); err == nil && n.runs(inner) && n.commandName(inner) == "containerd" {
			return errors.New("its containerd still runs")
		}
		return nil
	})
}

func (n *Node) signalEngine(ctx context.Context, sig syscall.Signal) error {
	pid, err := n.enginePID()
	if err != nil {
		return err
	}
	if err := n.KillPID(ctx, pid, sig); err != nil {
		return fmt.Errorf("send %s to the engine on %s: %w", sig, n.Name, err)
	}
	return nil
}

func (n *Node) pidFile() string { return filepath.Join(n.Dir, "docker.pid") }

// containerdPIDFile is in the node's own /run.
func (n *Node) containerdPIDFile() string {
	return fmt.Sprintf("/proc/%d/root/run/docker/containerd/containerd.pid", n.PID())
}

// enginePID is dockerd's pid inside the node.
func (n *Node) enginePID() (int, error) {
	pid, err := readPID(n.pidFile())
	if err != nil {
		return 0, fmt.Errorf("find the engine on %s: %w", n.Name, err)
	}
	return pid, nil
}

func readPID(path string) (int, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0, fmt.Errorf("read a pid from %s: %w", path, err)
	}
	return pid, nil
}

func (n *Node) engineRuns() bool {
	pid, err := n.enginePID()
	return err == nil && n.runs(pid) && n.commandName(pid) == "dockerd"
}

// engineEnv is dockerd's environment: nothing of ours, proxies least of all. Where root has fewer rights than usual,
// the directory with the lab's runc comes first in PATH.
func (n *Node) engineEnv() []string {
	path := append(filepath.SplitList(os.Getenv("PATH")), sbin...)
	if narrow, err := rightsMissing(); err != nil || narrow {
		path = append([]string{n.lab.narrowDir()}, path...)
	}
	env := []string{"PATH=" + strings.Join(slices.Compact(path), ":"), "HOME=/root", "LANG=C.UTF-8"}
	if !n.lab.opts.Measured {
		env = append(env, "GOGC=400")
	}
	return env
}

// storageDriver is what works on the file system of dir: overlay2, but not on top of another overlay.
func storageDriver(dir string) string {
	const overlayMagic = 0x794c7630
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err == nil && fs.Type == overlayMagic {
		return "vfs"
	}
	return "overlay2"
}

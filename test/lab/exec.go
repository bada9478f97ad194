package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Exec runs a command inside the node's namespaces and returns what it printed, without surrounding white space.
// The error of a failed command holds what it wrote to stderr. When ctx ends, the command is killed.
func (n *Node) Exec(ctx context.Context, args ...string) (string, error) {
	return output(n.command(ctx, args...))
}

// Docker runs the docker CLI against this node's engine, with the lab's own configuration directory, and returns its
// stdout without surrounding white space. The CLI runs outside the node: files it reads and writes are this machine's.
func (n *Node) Docker(ctx context.Context, args ...string) (string, error) {
	return n.docker(ctx, nil, nil, args...)
}

func (n *Node) docker(ctx context.Context, stdin io.Reader, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, tool("docker"), args...)
	cmd.Env = append(n.Env(), env...)
	cmd.Stdin = stdin
	return output(cmd)
}

// Env is this process's environment, turned towards the node's engine: for programs that read DOCKER_HOST.
func (n *Node) Env() []string {
	env := make([]string, 0, len(os.Environ())+2)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "DOCKER_") {
			env = append(env, kv)
		}
	}
	return append(env, "DOCKER_HOST="+n.Host(), "DOCKER_CONFIG="+n.lab.ConfigDir())
}

// command prepares a command that runs inside the node.
func (n *Node) command(ctx context.Context, args ...string) *exec.Cmd {
	n.mu.Lock()
	pid := n.first.PID
	n.mu.Unlock()
	return enter(ctx, pid, []string{"-n", "-m", "-u", "-i", "-p"}, args)
}

// spawn starts a command inside the node that outlives this call, and returns its pid as the node sees it. The command
// is a child of the node's first process: an nsenter that waits for it would stop with it and never go on.
func (n *Node) spawn(ctx context.Context, env []string, log string, args ...string) (int, error) {
	cmd := n.command(ctx, append([]string{"sh", "-c", `log=$1; shift; setsid "$@" </dev/null >>"$log" 2>&1 & echo $!`, "sh", log}, args...)...)
	cmd.Env = env
	out, err := output(cmd)
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(out)
	if err != nil {
		return 0, fmt.Errorf("start %s: read its pid: %w", args[0], err)
	}
	return pid, nil
}

// enter prepares a command that runs in the given namespaces of a process.
func enter(ctx context.Context, pid int, namespaces, args []string) *exec.Cmd {
	all := append([]string{"-t", strconv.Itoa(pid)}, namespaces...)
	all = append(append(all, "--"), args...)
	return exec.CommandContext(ctx, tool("nsenter"), all...)
}

// output runs cmd in a process group of its own, which is killed as a whole when the command's context ends.
func output(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	err := cmd.Run()
	out := strings.TrimSpace(stdout.String())
	if err != nil {
		return out, fmt.Errorf("run %s: %w: %s", shown(cmd.Args), err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}

// shown is the command line as it reads best in an error: without nsenter and its flags.
func shown(args []string) string {
	if filepath.Base(args[0]) == "nsenter" {
		for i, a := range args {
			if a == "--" {
				args = args[i+1:]
				break
			}
		}
	}
	line := strings.Join(args, " ")
	if len(line) > 200 {
		line = line[:200] + "…"
	}
	return line
}

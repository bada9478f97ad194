package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/docker/docker/client"
)

// Node is one machine of a lab: namespaces held by a first process, with an engine inside.
type Node struct {
	Name   string // host name, and name in a swarm: n1, n2, …
	Dir    string // the node's files on this machine
	Socket string // the engine's socket on this machine; inside the node it is /run/docker.sock as well

	lab   *Lab
	index int

	mu         sync.Mutex
	first      process         // pid 1 of the node, as this machine sees it
	gone       <-chan struct{} // closed when it has been reaped; nil when another program started it
	api        *client.Client
	registries int
}

// Host is the engine's address as DOCKER_HOST takes it.
func (n *Node) Host() string { return "unix://" + n.Socket }

// Client talks to the node's engine, at the highest API version both know. It is the same one at every call and lives
// as long as the lab, across crashes and restarts of the engine.
func (n *Node) Client() *client.Client {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.api
}

func (n *Node) connect() error {
	api, err := client.NewClientWithOpts(client.WithHost(n.Host()), client.WithAPIVersionNegotiation())
	if err != nil {
		return fmt.Errorf("make a client for %s: %w", n.Name, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.api = api
	return nil
}

// PID is that of the node's first process, as this machine sees it.
func (n *Node) PID() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.first.PID
}

// boot makes the node's directory and furnishes it.
func (n *Node) boot(ctx context.Context) error {
	for _, dir := range []string{n.data(), filepath.Join(n.Dir, "etc-docker")} {
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return err
		}
	}
	for name, content := range map[string]string{"resolv.conf": n.resolvConf(), "hosts": n.hosts()} {
		if err := os.WriteFile(filepath.Join(n.Dir, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	if n.Client() == nil {
		if err := n.connect(); err != nil {
			return err
		}
	}
	return n.powerOn(ctx)
}

// data is the engine's data directory.
func (n *Node) data() string { return filepath.Join(n.Dir, "data") }

// resolvConf asks where nobody answers: the refusal comes at once.
func (n *Node) resolvConf() string { return "nameserver " + n.lab.gateway() + "\n" }

// hosts gives the nodes their names, and Docker Hub's to this node, where nothing listens. Before it starts a task, an
// engine asks the registry for the image; were the name unknown, it would ask for 5 s, at every task.
func (n *Node) hosts() string {
	var b strings.Builder
	b.WriteString("127.0.0.1 localhost registry-1.docker.io index.docker.io auth.docker.io\n::1 localhost\n")
	for _, other := range n.lab.nodes {
		fmt.Fprintf(&b, "%s %s\n", other.Address(), other.Name)
	}
	return b.String()
}

// powerOn starts the node's first process and plugs the node in.
func (n *Node) powerOn(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(n.Dir, "nodeinit.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	ready, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ready.Close()
	cmd := exec.Command(n.lab.helper("nodeinit"), n.Name, n.Dir)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID |
		syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC}
	first, gone, err := launch(cmd, !n.lab.opts.Outlive)
	theirs.Close()
	if err != nil {
		return err
	}
	n.mu.Lock()
	n.first, n.gone = first, gone
	n.mu.Unlock()

	// nodeinit says "ready", or what went wrong; when it dies without a word, so ends the pipe.
	if deadline, ok := ctx.Deadline(); ok {
		if err := ready.SetReadDeadline(deadline); err != nil {
			return err
		}
	}
	word, err := io.ReadAll(ready)
	if err == nil && string(word) != "ready" {
		err = errors.New(string(word))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("furnish the node: %w", err), n.powerOff(ctx))
	}
	if err := n.lab.save(); err != nil {
		return err
	}
	return n.plug(ctx)
}

// powerOff kills the node's first process, and with it every process of the node.
func (n *Node) powerOff(ctx context.Context) error {
	n.mu.Lock()
	first, gone := n.first, n.gone
	n.mu.Unlock()
	if err := first.end(ctx, cgroupParent(n.lab.Dir)+"/"+n.Name); err != nil {
		return err
	}
	if gone != nil {
		<-gone
	}
	return nil
}

// up says whether the node has power.
func (n *Node) up() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.first.alive()
}

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/client"

	"foster/test/lab"
)

// engine is the one that the demo runs on.
type engine struct {
	api     *client.Client
	host    string   // as DOCKER_HOST takes it
	env     []string // of docker commands
	lab     *lab.Lab // nil: somebody's engine
	version string
	arch    string // in Go's words
	// socket is where the engine's host has its socket; foster's container mounts it.
	socket string
	// node is the ID in the swarm that this engine manages, "" when there is none: then foster runs as a container.
	node string
	// prefix is the beginning of every name that the demo gives.
	prefix string
	// images of foster and of the child. Those of somebody's engine carry a registry's name where nothing answers:
	// the engine asks nobody about them.
	foster, child string
}

// private starts an engine, a swarm of one; in dir when it is to outlive the demo.
func private(ctx context.Context, dir string, keep bool) (*engine, error) {
	o := lab.Options{Swarm: true}
	if keep {
		o.Dir, o.Outlive = dir, true
	}
	l, err := lab.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	n := l.Node(1)
	e := &engine{
		api: n.Client(), host: n.Host(), env: append(n.Env(), "DOCKER_BUILDKIT=0"), lab: l, socket: "/var/run/docker.sock",
		prefix: "demo", foster: "foster", child: "demo-child",
	}
	if err := e.meet(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return e, nil
}

// given connects to somebody's engine.
func given(ctx context.Context, host string) (*engine, error) {
	if !strings.Contains(host, "://") {
		return nil, fmt.Errorf("engine %q: write it like unix:///var/run/docker.sock", host)
	}
	if _, err := exec.LookPath("docker"); err != nil {
		return nil, fmt.Errorf("the demo runs the docker command: %w", err)
	}
	api, err := client.NewClientWithOpts(client.WithTLSClientConfigFromEnv(), client.WithHost(host), client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, fmt.Errorf("engine %s: %w", host, err)
	}
	e := &engine{api: api, host: host, prefix: "foster-demo-" + unique()}
	e.foster, e.child = "localhost/"+e.prefix+"-foster", "localhost/"+e.prefix+"-child"
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "DOCKER_HOST=") && !strings.HasPrefix(kv, "DOCKER_CONTEXT=") {
			e.env = append(e.env, kv)
		}
	}
	e.env = append(e.env, "DOCKER_HOST="+host)
	if err := e.meet(ctx); err != nil {
		return nil, errors.Join(err, api.Close())
	}
	return e, nil
}

func unique() string {
	raw := make([]byte, 3)
	_, _ = rand.Read(raw) // it does not fail
	return hex.EncodeToString(raw)
}

// meet asks the engine who it is.
func (e *engine) meet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	v, err := e.api.ServerVersion(ctx)
	if err != nil {
		return fmt.Errorf("ask the engine at %s for its version: %w", e.host, err)
	}
	if v.Os != "linux" {
		return fmt.Errorf("the engine at %s runs %s containers: the demo needs Linux ones", e.host, v.Os)
	}
	e.version, e.arch = v.Version, v.Arch
	info, err := e.api.Info(ctx)
	if err != nil {
		return fmt.Errorf("ask the engine at %s about itself: %w", e.host, err)
	}
	if info.Swarm.LocalNodeState == swarm.LocalNodeStateActive && info.Swarm.ControlAvailable {
		e.node = info.Swarm.NodeID
	}
	if e.socket == "" {
		e.socket = socketOf(e.host, runtime.GOOS == "linux" && info.OperatingSystem != "Docker Desktop")
	}
	return nil
}

// socketOf is where the engine's own host has the socket. An engine in a virtual machine has it at the usual place,
// wherever this machine sees it.
func socketOf(host string, same bool) string {
	if path, ok := strings.CutPrefix(host, "unix://"); ok && same {
		return path
	}
	return "/var/run/docker.sock"
}

// docker runs the docker command on the engine.
func (e *engine) docker(ctx context.Context, args ...string) (string, error) {
	return command(ctx, e.env, nil, "docker", args...)
}

// command runs a program and returns what it printed, without surrounding white space.
func command(ctx context.Context, env []string, stdin []byte, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	cmd.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(stderr.String())
		if said == "" {
			said = strings.TrimSpace(stdout.String())
		}
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, said)
	}
	return strings.TrimSpace(stdout.String()), nil
}

// moduleRoot is the directory of go.mod, above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("run the demo inside foster's source tree")
		}
		dir = up
	}
}

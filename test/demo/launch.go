package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/test/lab"
)

// launch is what foster gets to do; the names follow from the engine's prefix.
func (e *engine) launch() [][2]string {
	return [][2]string{
		{"LAUNCH_IMAGE", e.child},
		{"LAUNCH_PROJECT_NAME", e.prefix},
		{"LAUNCH_SERVICE_NAME", "web"},
		{"LAUNCH_CONTAINER_NAME", e.web()},
		{"LAUNCH_EXT_NETWORKS", e.front()},
		{"LAUNCH_NETWORKS", "back"},
		{"LAUNCH_VOLUMES", "/data"},
		{"FOSTER_STABLE_AFTER", stableAfter.String()},
		{"FOSTER_LOG_FORMAT", "console"},
	}
}

// stableAfter is how long the child runs before its next death is recovered at once and not after a pause: the demo
// harms it more often than life does.
const stableAfter = 500 * time.Millisecond

func (e *engine) web() string   { return e.prefix + "-web" }
func (e *engine) front() string { return e.prefix + "_front" }
func (e *engine) back() string  { return e.prefix + "_back" }

// watchdog is the name of foster's service, and of its container; a task's name goes on after it.
func (e *engine) watchdog() string { return e.prefix + "_foster" }

// stack is the file that is deployed.
func (e *engine) stack() string {
	var b strings.Builder
	fmt.Fprintf(&b, `version: "3.7"
services:
  foster:
    image: %s
    networks: [front]
    volumes: ["%s:/var/run/docker.sock"]
    deploy: {placement: {constraints: ["node.id == %s"]}}
    environment:
`, e.foster, e.socket, e.node)
	for _, kv := range e.launch() {
		fmt.Fprintf(&b, "      %s: %s\n", kv[0], kv[1])
	}
	b.WriteString("networks:\n  front: {driver: overlay, attachable: true}\n")
	return b.String()
}

// deploy starts foster: as a service of a stack, or as a container.
func (e *engine) deploy(ctx context.Context) error {
	if e.node != "" {
		_, err := command(ctx, e.env, []byte(e.stack()), "docker", "stack", "deploy", "--resolve-image", "never", "--compose-file", "-", e.prefix)
		return err
	}
	if _, err := e.docker(ctx, "network", "create", e.front()); err != nil {
		return err
	}
	args := []string{"run", "--detach", "--name", e.watchdog(), "--volume", e.socket + ":/var/run/docker.sock"}
	for _, kv := range e.launch() {
		args = append(args, "--env", kv[0]+"="+kv[1])
	}
	_, err := e.docker(ctx, append(args, e.foster)...)
	return err
}

// deployCommand is what a user types for deploy.
func (e *engine) deployCommand() string {
	if e.node != "" {
		return "docker stack deploy -c stack.yml " + e.prefix
	}
	return "docker run -d --name " + e.watchdog() + " -e LAUNCH_IMAGE=… …"
}

// withdraw is how a user ends foster.
func (e *engine) withdraw() []string {
	if e.node != "" {
		return []string{"service", "rm", e.watchdog()}
	}
	return []string{"stop", e.watchdog()}
}

// strip is how a user removes what was made for foster and not by it: the network of the stack, or of the container.
func (e *engine) strip() [][]string {
	if e.node != "" {
		return [][]string{{"stack", "rm", e.prefix}}
	}
	return [][]string{{"rm", e.watchdog()}, {"network", "rm", e.front()}}
}

// whole returns the child when it runs, is on both networks under its name, and serves its page; else what is missing.
func (e *engine) whole(ctx context.Context) (container.InspectResponse, error) {
	c, err := e.api.ContainerInspect(ctx, e.web())
	if err != nil {
		return c, err
	}
	if !c.State.Running {
		return c, fmt.Errorf("%s is %s", e.web(), c.State.Status)
	}
	for _, name := range []string{e.front(), e.back()} {
		if ep := c.NetworkSettings.Networks[name]; ep == nil || ep.EndpointID == "" || !answersTo(ep, "web") {
			return c, fmt.Errorf("%s is not on network %s with its alias", e.web(), name)
		}
	}
	page, err := e.docker(ctx, "exec", c.ID, "/child", "get")
	if err != nil {
		return c, err
	}
	if !strings.HasPrefix(page, "hello from ") {
		return c, fmt.Errorf("%s serves %q", e.web(), page)
	}
	return c, nil
}

func answersTo(ep *network.EndpointSettings, alias string) bool {
	for _, a := range ep.Aliases {
		if a == alias {
			return true
		}
	}
	return false
}

// awaitWhole polls until the child is whole.
func (e *engine) awaitWhole(ctx context.Context) (c container.InspectResponse, err error) {
	err = await(ctx, 20*time.Second, "the child to be whole", func(ctx context.Context) error {
		c, err = e.whole(ctx)
		return err
	})
	return c, err
}

// await calls check until it returns nil.
func await(ctx context.Context, patience time.Duration, what string, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not within %s", patience))
	defer cancel()
	return lab.Await(ctx, what, func() error { return check(ctx) })
}

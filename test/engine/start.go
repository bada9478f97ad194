package engine

import (
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
)

// start attaches every network and begins a run. When it fails the container
// is as before, with the reason in its state, and no die event was sent.
func (e *Engine) start(c *ctr) error {
	switch {
	case c.paused:
		return conflict("cannot start a paused container, try unpause instead")
	case c.running():
		return nil
	}
	defer e.sweep()
	e.mountEvents(c, events.ActionMount)
	if err := e.begin(c); err != nil {
		for _, n := range e.release(c) {
			e.emitNetwork(n, events.ActionDisconnect, c)
		}
		e.mountEvents(c, events.ActionUnmount)
		c.failure, c.code = err.Error(), 128
		if c.process.StartError != nil {
			c.code = 127
		}
		return err
	}
	c.status, c.failure, c.code, c.oom, c.paused = container.StateRunning, "", 0, false, false
	c.started, c.exited = e.moment(), make(chan struct{})
	c.run++
	c.log.closed = false
	e.emitContainer(c, events.ActionStart)
	e.live(c)
	return nil
}

// begin is the part of a start that can fail.
func (e *Engine) begin(c *ctr) error {
	c.process = e.processOf(c)
	if err := e.share(c); err != nil {
		return err
	}
	if err := e.portsFree(c); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(c.nets)) {
		settings := c.nets[name]
		cleaned(settings)
		if err := e.attach(c, name, settings); err != nil {
			if e.since(28) {
				if a, ok := err.(*apiError); ok {
					return &apiError{kind: a.kind, text: "failed to set up container networking: " + a.text}
				}
			}
			return err
		}
	}
	return c.process.StartError
}

// portsFree refuses host ports that another running container publishes.
func (e *Engine) portsFree(c *ctr) error {
	taken := map[string]bool{}
	for _, other := range e.containers {
		if other != c && other.running() {
			for _, p := range other.hostPorts() {
				taken[p] = true
			}
		}
	}
	for _, p := range c.hostPorts() {
		if taken[p] {
			return internal("driver failed programming external connectivity on endpoint %s: Bind for 0.0.0.0:%s failed: port is already allocated", c.name, strings.Split(p, "/")[0])
		}
	}
	return nil
}

func (c *ctr) hostPorts() []string {
	var out []string
	for port, bindings := range c.host.PortBindings {
		for _, b := range bindings {
			if b.HostPort != "" && b.HostPort != "0" {
				out = append(out, b.HostPort+"/"+port.Proto())
			}
		}
	}
	return out
}

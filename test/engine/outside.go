package engine

import (
	"maps"
	"slices"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/network"
)

// Acts from outside: what processes, people and the swarm do, past the calls
// of the program under test. They are not counted and meet no fault. A
// container is named by name, ID or ID prefix; an unknown one, or one that
// does not run where it has to, is an error as from the engine.

// act works on one container.
func (e *Engine) act(ref string, mustRun bool, work func(*ctr) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.findContainer(ref)
	if err != nil {
		return err
	}
	if mustRun && !c.running() {
		return conflict("Container %s is not running", c.id)
	}
	if err := work(c); err != nil {
		return err
	}
	e.sweep()
	return nil
}

// Container is what Run and Make need to know.
type Container struct {
	Name      string
	Config    *container.Config
	Host      *container.HostConfig
	Endpoints map[string]*network.EndpointSettings
}

// Make is somebody's docker create.
func (e *Engine) Make(spec Container) (id string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.create(spec.Config, spec.Host, spec.Endpoints, spec.Name)
	if err != nil {
		return "", err
	}
	return c.id, nil
}

// Run is somebody's docker run -d. When only the start fails, the ID is given
// with the error.
func (e *Engine) Run(spec Container) (id string, err error) {
	id, err = e.Make(spec)
	if err != nil {
		return "", err
	}
	return id, e.Start(id)
}

// Start is somebody's docker start.
func (e *Engine) Start(ref string) error { return e.act(ref, false, e.start) }

// Stop is somebody's docker stop; it returns when the container has ended.
func (e *Engine) Stop(ref string) error { return e.stop(ref, container.StopOptions{}) }

// Restart is somebody's docker restart.
func (e *Engine) Restart(ref string) error {
	if err := e.stop(ref, container.StopOptions{}); err != nil {
		return err
	}
	return e.act(ref, false, func(c *ctr) error {
		if err := e.start(c); err != nil {
			return err
		}
		e.emitContainer(c, events.ActionRestart)
		return nil
	})
}

// Exit ends the main process with an exit code, 0-255: 137 is a SIGKILL that
// did not come through the engine.
func (e *Engine) Exit(ref string, code int) error {
	return e.act(ref, true, func(c *ctr) error {
		e.die(c, code)
		return nil
	})
}

// Kill is docker kill.
func (e *Engine) Kill(ref string) error { return e.Signal(ref, 9) }

// Signal is docker kill -s with a signal number. SIGTERM, SIGINT and the stop
// signal end a process that is not deaf; others, but SIGKILL, do nothing.
func (e *Engine) Signal(ref string, signal int) error {
	return e.act(ref, true, func(c *ctr) error {
		e.kill(c, signal)
		return nil
	})
}

// OOM lets the main process run into its memory limit: oom, then die 137.
func (e *Engine) OOM(ref string) error {
	return e.act(ref, true, func(c *ctr) error {
		e.emitContainer(c, events.ActionOOM)
		c.oom = true
		e.die(c, 137)
		return nil
	})
}

// OOMChild lets another process of the container run into the limit: an oom
// event, and no death.
func (e *Engine) OOMChild(ref string) error {
	return e.act(ref, true, func(c *ctr) error {
		c.oom = true
		e.emitContainer(c, events.ActionOOM)
		return nil
	})
}

// Destroy is docker rm -f -v.
func (e *Engine) Destroy(ref string) error {
	return e.act(ref, false, func(c *ctr) error { return e.remove(c, true, true) })
}

// Rename is docker rename.
func (e *Engine) Rename(ref, name string) error {
	return e.act(ref, false, func(c *ctr) error {
		old := c.name
		c.name = name
		e.emitContainer(c, events.ActionRename, "oldName", "/"+old)
		return nil
	})
}

// Pause is docker pause.
func (e *Engine) Pause(ref string) error { return e.setPaused(ref, true, events.ActionPause) }

// Unpause is docker unpause.
func (e *Engine) Unpause(ref string) error { return e.setPaused(ref, false, events.ActionUnPause) }

func (e *Engine) setPaused(ref string, paused bool, action events.Action) error {
	return e.act(ref, true, func(c *ctr) error {
		if c.paused == paused {
			return conflict("Container %s is already paused or not paused", c.id)
		}
		c.paused = paused
		e.emitContainer(c, action)
		return nil
	})
}

// SetHealth is the verdict of the health check: "starting", "healthy" or
// "unhealthy". As on the engine an event is sent only when it changes.
func (e *Engine) SetHealth(ref, status string) error {
	return e.act(ref, true, func(c *ctr) error {
		e.setHealth(c, status)
		return nil
	})
}

// probesKept is how many results of its health check an engine keeps.
const probesKept = 5

// Probed is one run of the health check: its exit code and what it said. It
// decides nothing by itself: see SetHealth.
func (e *Engine) Probed(ref string, code int, output string) error {
	return e.act(ref, true, func(c *ctr) error {
		c.probes = append(c.probes, &container.HealthcheckResult{Start: e.moment(), End: e.moment(), ExitCode: code, Output: output})
		c.probes = c.probes[max(0, len(c.probes)-probesKept):]
		return nil
	})
}

// Cut is somebody's docker network disconnect.
func (e *Engine) Cut(net, ref string) error {
	return e.act(ref, false, func(c *ctr) error { return e.disconnect(net, c, false) })
}

// Join is somebody's docker network connect; settings may be nil.
func (e *Engine) Join(net, ref string, settings *network.EndpointSettings) error {
	return e.act(ref, false, func(c *ctr) error { return e.connect(net, c, settings) })
}

// AddNetwork is a docker network create, here or on a manager elsewhere.
func (e *Engine) AddNetwork(name string, options network.CreateOptions) (id string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.refuseNetwork(name, options, true); err != nil {
		return "", err
	}
	return e.addNetwork(name, options).id, nil
}

// NetworkDestroy disconnects every container and removes the network.
func (e *Engine) NetworkDestroy(ref string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	n, err := e.findNetwork(ref, true)
	switch {
	case err != nil:
		return err
	case n == nil:
		return notFound("network %s not found", ref)
	}
	for _, id := range slices.Sorted(maps.Keys(n.endpoints)) {
		if err := e.disconnect(n.id, e.containers[id], false); err != nil {
			return err
		}
	}
	e.dropNetwork(n)
	return nil
}

// Down ends the engine: streams end with io.EOF, calls find nobody listening.
// Orderly, every container is stopped first, with its events; otherwise the
// containers are found dead, without events, when the engine is Up again.
func (e *Engine) Down(orderly bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if orderly {
		for _, c := range e.byName() {
			if c.running() {
				e.kill(c, 15)
				if c.running() {
					e.die(c, 137)
				}
				e.emitContainer(c, events.ActionStop)
			}
		}
	}
	e.cutStreams(nil)
	e.cutLogStreams()
	e.down = true
	e.tampering = tampering{deliver: func(events.Message) []events.Message { return nil }}
	for _, c := range e.byName() {
		if c.running() {
			e.die(c, 255)
		}
	}
	e.sweep()
	e.tampering = tampering{}
}

// Up starts the engine again; it remembers no event from before.
func (e *Engine) Up() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ring = nil
	e.down = e.isClosed
}

func (e *Engine) byName() []*ctr {
	return slices.SortedFunc(maps.Values(e.containers), func(a, b *ctr) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
}

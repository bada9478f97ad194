package engine

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
)

// ctr is one container.
type ctr struct {
	id, name string
	created  time.Time
	config   *container.Config
	host     *container.HostConfig
	nets     map[string]*network.EndpointSettings // by network name, or as the caller wrote it until the first start
	mounts   []mounted
	files    map[string]Copied // by path
	log      *keptLog
	image    *present

	status   string // created, running, exited
	paused   bool
	oom      bool
	code     int
	failure  string
	started  time.Time
	finished time.Time
	health   string // "" without a health check
	probes   []*container.HealthcheckResult
	run      int // counts starts and deaths, so that old timers know they are old
	exited   chan struct{}
	timers   []*time.Timer
	process  Process
	removeMe bool // HostConfig.AutoRemove
	removing bool
	stopping bool // a stop is waiting for the end of the process
}

func (c *ctr) running() bool { return c.status == container.StateRunning }

// disarm ends what the present run has planned.
func (c *ctr) disarm() {
	for _, t := range c.timers {
		t.Stop()
	}
	c.timers = nil
}

var validName = regexp.MustCompile(`^/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$`)

// findContainer looks up by full ID, name, or unique ID prefix.
func (e *Engine) findContainer(ref string) (*ctr, error) {
	if c, ok := e.containers[ref]; ok {
		return c, nil
	}
	var byPrefix []*ctr
	for _, c := range e.containers {
		if c.name == strings.TrimPrefix(ref, "/") {
			return c, nil
		}
		if ref != "" && strings.HasPrefix(c.id, ref) {
			byPrefix = append(byPrefix, c)
		}
	}
	if len(byPrefix) != 1 {
		return nil, notFound("No such container: %s", ref)
	}
	return byPrefix[0], nil
}

// emitContainer sends a container's event; more are attribute names and values.
func (e *Engine) emitContainer(c *ctr, action events.Action, more ...string) {
	attributes := map[string]string{}
	for i := 0; i+1 < len(more); i += 2 {
		attributes[more[i]] = more[i+1]
	}
	e.emit(events.ContainerEventType, action, c.id, c.attributes(attributes))
}

// copied goes through JSON, as everything does on its way to an engine.
func copied[T any](in *T) *T {
	out := new(T)
	if in == nil {
		return out
	}
	raw, err := json.Marshal(in)
	if err == nil {
		err = json.Unmarshal(raw, out)
	}
	if err != nil {
		panic(err) // engine types always make the round trip
	}
	return out
}

func (e *Engine) create(config *container.Config, host *container.HostConfig, endpoints map[string]*network.EndpointSettings, name string) (*ctr, error) {
	switch {
	case config == nil:
		return nil, invalid("config cannot be empty in order to create a container")
	case name != "" && !validName.MatchString(name):
		return nil, invalid("Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", name)
	case len(endpoints) > 1 && e.apiBelow(44) && e.since(25):
		return nil, invalid("Container cannot be created with multiple network endpoints: %s", strings.Join(slices.Sorted(maps.Keys(endpoints)), ", "))
	case len(endpoints) > 1 && e.apiBelow(44):
		return nil, invalid("Container cannot be connected to network endpoints: %s", strings.Join(slices.Sorted(maps.Keys(endpoints)), ", "))
	}
	img := e.findImage(config.Image)
	if img == nil {
		return nil, notFound("No such image: %s", normal(config.Image))
	}
	name = strings.TrimPrefix(name, "/")
	for _, other := range e.containers {
		if name != "" && other.name == name {
			return nil, conflict("Conflict. The container name \"/%s\" is already in use by container \"%s\". You have to remove (or rename) that container to be able to reuse that name.", name, other.id)
		}
	}
	c := &ctr{
		id: e.newID("container"), name: name, created: e.moment(), image: img,
		config: copied(config), host: copied(host),
		nets: map[string]*network.EndpointSettings{}, status: container.StateCreated,
		files: map[string]Copied{}, log: newKeptLog(),
	}
	if c.name == "" {
		c.name = "nameless_" + c.id[:6]
	}
	c.removeMe = c.host.AutoRemove
	c.inherit(img)
	if err := c.plan(endpoints); err != nil {
		return nil, err
	}
	if err := e.resolve(c.host); err != nil {
		return nil, err
	}
	if err := e.mount(c); err != nil {
		return nil, err
	}
	e.containers[c.id] = c
	e.emitContainer(c, events.ActionCreate)
	return c, nil
}

// inherit fills in what the image says and the configuration does not.
func (c *ctr) inherit(img *present) {
	labels := maps.Clone(img.Config.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, c.config.Labels)
	c.config.Labels = labels
	c.config.Env = append(c.config.Env, img.Config.Env...)
	if c.config.Cmd == nil && c.config.Entrypoint == nil {
		c.config.Cmd = img.Config.Cmd
	}
	if c.config.Entrypoint == nil {
		c.config.Entrypoint = img.Config.Entrypoint
	}
	for port := range img.Config.ExposedPorts {
		if c.config.ExposedPorts == nil {
			c.config.ExposedPorts = nat.PortSet{}
		}
		c.config.ExposedPorts[nat.Port(port)] = struct{}{}
	}
	if c.config.StopSignal == "" {
		c.config.StopSignal = img.Config.StopSignal
	}
	if c.config.Healthcheck == nil && img.Config.Healthcheck != nil {
		c.config.Healthcheck = copied(img.Config.Healthcheck)
	}
	if c.host.IpcMode == "" {
		c.host.IpcMode = container.IPCModePrivate
	}
	if c.config.Hostname == "" && !c.host.NetworkMode.IsContainer() {
		c.config.Hostname = c.id[:12]
	}
}

// plan records the wanted attachments; none of them is looked up before start.
func (c *ctr) plan(endpoints map[string]*network.EndpointSettings) error {
	mode := c.host.NetworkMode
	if mode == "" {
		mode = network.NetworkDefault
		c.host.NetworkMode = mode
	}
	if mode.IsContainer() {
		if len(endpoints) > 0 {
			return invalid("container sharing network namespace with another container or host cannot be connected to any other network")
		}
		return nil
	}
	for name, settings := range endpoints {
		if settings == nil {
			settings = &network.EndpointSettings{}
		}
		c.nets[name] = settings.Copy()
	}
	if len(c.nets) == 0 {
		name := mode.NetworkName()
		if mode.IsDefault() {
			name = network.NetworkBridge
		}
		c.nets[name] = &network.EndpointSettings{}
	}
	return nil
}

// remove deletes a container; a running one only by force.
func (e *Engine) remove(c *ctr, force, volumes bool) error {
	if c.running() {
		switch {
		case !force && c.paused:
			return conflict("You cannot remove a paused container %s. Unpause and then stop the container before attempting removal or force remove", c.id)
		case !force && e.since(25):
			return conflict("cannot remove container %q: container is running: stop the container before removing or force remove", c.name)
		case !force:
			return conflict("You cannot remove a running container %s. Stop the container before attempting removal or force remove", c.id)
		}
		c.removing = true
		e.kill(c, 9)
	}
	c.disarm()
	delete(e.containers, c.id)
	e.unmount(c, volumes)
	e.emitContainer(c, events.ActionDestroy)
	e.sweep()
	return nil
}

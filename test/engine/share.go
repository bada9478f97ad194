package engine

import (
	"github.com/docker/docker/api/types/container"
)

// Containers may live in the namespaces of another one. It is looked for when
// they are made and must run when they start; its end does not end them.

// resolve replaces the names of the containers to share with by their IDs, as
// a create does: what is started later shares with that very container. One
// that is not there is refused, but for its network: that is the start's affair.
func (e *Engine) resolve(h *container.HostConfig) error {
	if h.PidMode.IsContainer() {
		owner, err := e.donor(h.PidMode.Container())
		if err != nil {
			return err
		}
		h.PidMode = container.PidMode("container:" + owner.id)
	}
	if h.IpcMode.IsContainer() {
		owner, err := e.donor(h.IpcMode.Container())
		if err != nil {
			return err
		}
		h.IpcMode = container.IpcMode("container:" + owner.id)
	}
	if h.NetworkMode.IsContainer() {
		if owner, err := e.findContainer(h.NetworkMode.ConnectedContainer()); err == nil {
			h.NetworkMode = container.NetworkMode("container:" + owner.id)
		}
	}
	return nil
}

// donor finds a container that a new one is made against.
func (e *Engine) donor(ref string) (*ctr, error) {
	c, err := e.findContainer(ref)
	if err != nil {
		return nil, invalid("No such container: %s", ref)
	}
	return c, nil
}

// share is the part of a start that enters the namespaces of others.
func (e *Engine) share(c *ctr) error {
	if c.host.NetworkMode.IsContainer() {
		if err := e.shareNetwork(c.host.NetworkMode.ConnectedContainer()); err != nil {
			return err
		}
	}
	if c.host.PidMode.IsContainer() {
		if err := e.sharePID(c.host.PidMode.Container()); err != nil {
			return err
		}
	}
	if c.host.IpcMode.IsContainer() {
		return e.shareIPC(c.host.IpcMode.Container())
	}
	return nil
}

func (e *Engine) shareNetwork(ref string) error {
	owner, err := e.findContainer(ref)
	switch {
	case err != nil && e.since(28):
		return internal("joining network namespace of container: No such container: %s", ref)
	case err != nil:
		return err
	case !owner.running() && e.since(28):
		return conflict("cannot join network namespace of a non running container: container %s is %s", owner.name, owner.status)
	case !owner.running():
		return conflict("cannot join network of a non running container: %s", owner.id)
	}
	return nil
}

func (e *Engine) sharePID(ref string) error {
	owner, err := e.findContainer(ref)
	switch {
	case err != nil:
		return internal("cannot join PID of a non running container: %s: No such container: %s", ref, ref)
	case !owner.running():
		return internal("container %s is not running", owner.id)
	}
	return nil
}

func (e *Engine) shareIPC(ref string) error {
	owner, err := e.findContainer(ref)
	switch {
	case err != nil:
		return internal("can't join IPC of container %s: No such container: %s", ref, ref)
	case !owner.running():
		return internal("can't join IPC of container %s: container %s is not running", owner.id, owner.id)
	case owner.host.IpcMode.IsPrivate():
		return internal("can't join IPC of container %s: non-shareable IPC (hint: use IpcMode:shareable for the donor container)", owner.id)
	}
	return nil
}

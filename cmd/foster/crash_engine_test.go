package main

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/image"
	dockernet "github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

var errDead = errors.New("this foster is dead")

// mortal is the engine as one foster sees it.
type mortal struct {
	memory
	life *life
}

// latency is how long a call is under way to the engine; what others do
// meanwhile comes before it. It is another one each time.
func (m mortal) latency() time.Duration {
	return time.Millisecond + rand.N(2*time.Millisecond)
}

var _ Engine = mortal{}

// look makes a call that changes nothing.
func look[T any](m mortal, call func() (T, error)) (T, error) {
	var none T
	if m.life.dead() {
		return none, errDead
	}
	got, err := call()
	if m.life.dead() {
		return none, errDead
	}
	return got, err
}

// change makes a call that changes something about an object.
func change[T any](ctx context.Context, m mortal, verb, object string, call func(context.Context) (T, error)) (T, error) {
	late := func() { _, _ = call(context.WithoutCancel(ctx)) }
	return order(ctx, m, verb, object, call, func() func() { return late })
}

// order makes a call of which the engine does a part on its arrival: arrive does
// it, and returns the rest for the time after the death.
func order[T any](ctx context.Context, m mortal, verb, object string, call func(context.Context) (T, error), arrive func() func()) (T, error) {
	var none T
	select {
	case <-time.After(m.latency()):
	case <-ctx.Done():
		return none, ctx.Err()
	}
	object = m.called(object)
	m.life.busy(object, 1)
	defer m.life.busy(object, -1)
	if m.life.pass(verb+" before", object) {
		return none, errDead
	}
	if m.life.passLate(verb+" late", object, arrive()) {
		return none, errDead
	}
	got, err := call(ctx)
	if m.life.pass(verb+" lost", object) {
		return none, errDead
	}
	return got, err
}

// called is the name of something that may be named by its ID, which is another
// one in each run.
func (m mortal) called(object string) string {
	if name := m.NameOf(object); name != "" {
		return name
	}
	if len(object) == 64 {
		return "anonymous"
	}
	return object
}

type none struct{}

func only(err error) (none, error) { return none{}, err }

func (m mortal) Ping(ctx context.Context) (types.Ping, error) {
	return look(m, func() (types.Ping, error) { return m.memory.Ping(ctx) })
}

func (m mortal) ContainerList(ctx context.Context, options container.ListOptions) ([]container.Summary, error) {
	return look(m, func() ([]container.Summary, error) { return m.memory.ContainerList(ctx, options) })
}

func (m mortal) ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error) {
	return look(m, func() (container.InspectResponse, error) { return m.memory.ContainerInspect(ctx, id) })
}

func (m mortal) NetworkInspect(ctx context.Context, id string, options dockernet.InspectOptions) (dockernet.Inspect, error) {
	return look(m, func() (dockernet.Inspect, error) { return m.memory.NetworkInspect(ctx, id, options) })
}

func (m mortal) NetworkList(ctx context.Context, options dockernet.ListOptions) ([]dockernet.Summary, error) {
	return look(m, func() ([]dockernet.Summary, error) { return m.memory.NetworkList(ctx, options) })
}

func (m mortal) ImageInspect(ctx context.Context, ref string, options ...client.ImageInspectOption) (image.InspectResponse, error) {
	return look(m, func() (image.InspectResponse, error) { return m.memory.ImageInspect(ctx, ref, options...) })
}

func (m mortal) VolumeInspect(ctx context.Context, id string) (volume.Volume, error) {
	return look(m, func() (volume.Volume, error) { return m.memory.VolumeInspect(ctx, id) })
}

func (m mortal) ContainerExecInspect(ctx context.Context, id string) (container.ExecInspect, error) {
	return look(m, func() (container.ExecInspect, error) { return m.memory.ContainerExecInspect(ctx, id) })
}

// Events hands the stream on until the death.
func (m mortal) Events(ctx context.Context, options events.ListOptions) (<-chan events.Message, <-chan error) {
	out, errs := make(chan events.Message), make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	in, ends := m.memory.Events(ctx, options)
	go func() {
		defer cancel()
		for {
			select {
			case ev := <-in:
				select {
				case out <- ev:
				case <-m.life.died:
				case <-ctx.Done():
				}
			case err := <-ends:
				errs <- err
				return
			case <-m.life.died:
				errs <- io.EOF
				return
			}
		}
	}()
	return out, errs
}

func (m mortal) ContainerCreate(ctx context.Context, config *container.Config, host *container.HostConfig, nets *dockernet.NetworkingConfig, platform *ocispec.Platform, name string) (container.CreateResponse, error) {
	return change(ctx, m, "ContainerCreate", name, func(ctx context.Context) (container.CreateResponse, error) {
		return m.memory.ContainerCreate(ctx, config, host, nets, platform, name)
	})
}

func (m mortal) ContainerStart(ctx context.Context, id string, options container.StartOptions) error {
	_, err := change(ctx, m, "ContainerStart", id, func(ctx context.Context) (none, error) {
		return only(m.memory.ContainerStart(ctx, id, options))
	})
	return err
}

func (m mortal) ContainerStop(ctx context.Context, id string, options container.StopOptions) error {
	_, err := change(ctx, m, "ContainerStop", id, func(ctx context.Context) (none, error) {
		return only(m.memory.ContainerStop(ctx, id, options))
	})
	return err
}

func (m mortal) ContainerRemove(ctx context.Context, id string, options container.RemoveOptions) error {
	_, err := change(ctx, m, "ContainerRemove", id, func(ctx context.Context) (none, error) {
		return only(m.memory.ContainerRemove(ctx, id, options))
	})
	return err
}

func (m mortal) CopyToContainer(ctx context.Context, id, path string, content io.Reader, options container.CopyToContainerOptions) error {
	_, err := change(ctx, m, "CopyToContainer", id, func(ctx context.Context) (none, error) {
		return only(m.memory.CopyToContainer(ctx, id, path, content, options))
	})
	return err
}

func (m mortal) ContainerExecCreate(ctx context.Context, id string, options container.ExecOptions) (container.ExecCreateResponse, error) {
	return change(ctx, m, "ContainerExecCreate", id, func(ctx context.Context) (container.ExecCreateResponse, error) {
		return m.memory.ContainerExecCreate(ctx, id, options)
	})
}

func (m mortal) ContainerExecAttach(ctx context.Context, id string, options container.ExecAttachOptions) (types.HijackedResponse, error) {
	return change(ctx, m, "ContainerExecAttach", "exec "+id, func(ctx context.Context) (types.HijackedResponse, error) {
		conn, err := m.memory.ContainerExecAttach(ctx, id, options)
		if err == nil {
			// The connection ends with its foster, the command goes on.
			go func() {
				select {
				case <-m.life.died:
				case <-m.life.ended:
				}
				conn.Close()
			}()
		}
		return conn, err
	})
}

func (m mortal) NetworkConnect(ctx context.Context, network, id string, settings *dockernet.EndpointSettings) error {
	_, err := change(ctx, m, "NetworkConnect", id, func(ctx context.Context) (none, error) {
		return only(m.memory.NetworkConnect(ctx, network, id, settings))
	})
	return err
}

func (m mortal) NetworkDisconnect(ctx context.Context, network, id string, force bool) error {
	_, err := change(ctx, m, "NetworkDisconnect", id, func(ctx context.Context) (none, error) {
		return only(m.memory.NetworkDisconnect(ctx, network, id, force))
	})
	return err
}

func (m mortal) NetworkCreate(ctx context.Context, name string, options dockernet.CreateOptions) (dockernet.CreateResponse, error) {
	return order(ctx, m, "NetworkCreate", name, func(ctx context.Context) (dockernet.CreateResponse, error) {
		return m.memory.NetworkCreate(ctx, name, options)
	}, func() func() {
		rest := m.OrderNetwork(name, options)
		return func() { _, _ = rest() }
	})
}

func (m mortal) NetworkRemove(ctx context.Context, id string) error {
	_, err := change(ctx, m, "NetworkRemove", id, func(ctx context.Context) (none, error) {
		return only(m.memory.NetworkRemove(ctx, id))
	})
	return err
}

func (m mortal) VolumeCreate(ctx context.Context, options volume.CreateOptions) (volume.Volume, error) {
	return change(ctx, m, "VolumeCreate", options.Name, func(ctx context.Context) (volume.Volume, error) {
		return m.memory.VolumeCreate(ctx, options)
	})
}

func (m mortal) VolumeRemove(ctx context.Context, id string, force bool) error {
	_, err := change(ctx, m, "VolumeRemove", id, func(ctx context.Context) (none, error) {
		return only(m.memory.VolumeRemove(ctx, id, force))
	})
	return err
}

func (m mortal) ImagePull(ctx context.Context, ref string, options image.PullOptions) (io.ReadCloser, error) {
	return change(ctx, m, "ImagePull", ref, func(ctx context.Context) (io.ReadCloser, error) {
		return m.memory.ImagePull(ctx, ref, options)
	})
}

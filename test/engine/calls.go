package engine

import (
	"context"
	"io"
	"maps"
	"slices"

	"github.com/docker/docker/api/types/events"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// The calls of the client, with its signatures and its errors. Each is counted
// and may meet a fault; work on the model happens at one instant.

type nothing = struct{}

// locked carries out work on the model, of which a closed engine has nothing left.
func locked[T any](e *Engine, work func() (T, error)) func() (T, error) {
	return func() (T, error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.isClosed {
			var none T
			return none, errClosed
		}
		return work()
	}
}

// onContainer carries out work on one container.
func (e *Engine) onContainer(ref string, work func(*ctr) error) func() (nothing, error) {
	return locked(e, func() (nothing, error) {
		c, err := e.findContainer(ref)
		if err == nil {
			err = work(c)
		}
		return nothing{}, err
	})
}

// ContainerList knows the filters id, name, label and status.
func (e *Engine) ContainerList(ctx context.Context, options container.ListOptions) ([]container.Summary, error) {
	return serve(ctx, e, ContainerList, "", locked(e, func() ([]container.Summary, error) { return e.list(options), nil }))
}

// ContainerInspect describes one container.
func (e *Engine) ContainerInspect(ctx context.Context, containerID string) (container.InspectResponse, error) {
	return serve(ctx, e, ContainerInspect, containerID, locked(e, func() (container.InspectResponse, error) {
		c, err := e.findContainer(containerID)
		if err != nil {
			return container.InspectResponse{}, err
		}
		return c.inspect(), nil
	}))
}

// ContainerCreate makes a container; platform is not looked at. Below API
// version 1.44 more than one endpoint is refused.
func (e *Engine) ContainerCreate(ctx context.Context, config *container.Config, hostConfig *container.HostConfig, networkingConfig *network.NetworkingConfig, platform *ocispec.Platform, containerName string) (container.CreateResponse, error) {
	return serve(ctx, e, ContainerCreate, containerName, locked(e, func() (container.CreateResponse, error) {
		var endpoints map[string]*network.EndpointSettings
		if networkingConfig != nil {
			endpoints = networkingConfig.EndpointsConfig
		}
		c, err := e.create(config, hostConfig, endpoints, containerName)
		if err != nil {
			return container.CreateResponse{}, err
		}
		return container.CreateResponse{ID: c.id, Warnings: []string{}}, nil
	}))
}

// ContainerStart begins a run; of a running container it is nothing.
func (e *Engine) ContainerStart(ctx context.Context, containerID string, _ container.StartOptions) error {
	_, err := serve(ctx, e, ContainerStart, containerID, e.onContainer(containerID, e.start))
	return err
}

// ContainerStop signals, waits for the grace and kills. When ctx ends the
// caller goes, the stop goes on.
func (e *Engine) ContainerStop(ctx context.Context, containerID string, options container.StopOptions) error {
	_, err := serve(ctx, e, ContainerStop, containerID, func() (nothing, error) {
		return detached(ctx, e, Fault{}, func() (nothing, error) { return nothing{}, e.stop(containerID, options) })
	})
	return err
}

// ContainerRemove deletes a container, and its anonymous volumes on request.
func (e *Engine) ContainerRemove(ctx context.Context, containerID string, options container.RemoveOptions) error {
	_, err := serve(ctx, e, ContainerRemove, containerID, e.onContainer(containerID, func(c *ctr) error {
		return e.remove(c, options.Force, options.RemoveVolumes)
	}))
	return err
}

// NetworkConnect attaches a running container, or records the settings of one
// that does not run.
func (e *Engine) NetworkConnect(ctx context.Context, networkID, containerID string, config *network.EndpointSettings) error {
	_, err := serve(ctx, e, NetworkConnect, networkID, e.onContainer(containerID, func(c *ctr) error {
		return e.connect(networkID, c, config)
	}))
	return err
}

// NetworkDisconnect takes a container off a network and forgets its settings.
func (e *Engine) NetworkDisconnect(ctx context.Context, networkID, containerID string, force bool) error {
	_, err := serve(ctx, e, NetworkDisconnect, networkID, locked(e, func() (nothing, error) {
		c, err := e.findContainer(containerID)
		switch {
		case err != nil && !force:
			return nothing{}, err
		case err != nil:
			return nothing{}, notFound("endpoint %s not found", containerID)
		}
		return nothing{}, e.disconnect(networkID, c, force)
	}))
	return err
}

// NetworkCreate makes a network; names are unique as far as OrderNetwork says.
func (e *Engine) NetworkCreate(ctx context.Context, name string, options network.CreateOptions) (network.CreateResponse, error) {
	return serve(ctx, e, NetworkCreate, name, e.OrderNetwork(name, options))
}

// NetworkRemove deletes a network without endpoints.
func (e *Engine) NetworkRemove(ctx context.Context, networkID string) error {
	_, err := serve(ctx, e, NetworkRemove, networkID, locked(e, func() (nothing, error) { return nothing{}, e.removeNetwork(networkID) }))
	return err
}

// NetworkInspect describes a network. A worker does not know an overlay
// network that nothing on it uses.
func (e *Engine) NetworkInspect(ctx context.Context, networkID string, _ network.InspectOptions) (network.Inspect, error) {
	return serve(ctx, e, NetworkInspect, networkID, locked(e, func() (network.Inspect, error) { return e.inspectNetwork(networkID) }))
}

// NetworkList knows the filter name, which takes a part of one, and no other.
func (e *Engine) NetworkList(ctx context.Context, options network.ListOptions) ([]network.Summary, error) {
	return serve(ctx, e, NetworkList, "", locked(e, func() ([]network.Summary, error) {
		if err := options.Filters.Validate(map[string]bool{"name": true}); err != nil {
			return nil, err
		}
		var out []network.Summary
		for _, id := range slices.Sorted(maps.Keys(e.networks)) {
			n, err := e.inspectNetwork(id)
			if err != nil || options.Filters.Contains("name") && !options.Filters.Match("name", n.Name) {
				continue
			}
			n.Containers = nil // as in every list
			out = append(out, n)
		}
		return out, nil
	}))
}

// VolumeCreate makes a volume, or returns the one of this name.
func (e *Engine) VolumeCreate(ctx context.Context, options volume.CreateOptions) (volume.Volume, error) {
	return serve(ctx, e, VolumeCreate, options.Name, locked(e, func() (volume.Volume, error) { return e.makeVolume(options).Volume, nil }))
}

// VolumeInspect describes a volume.
func (e *Engine) VolumeInspect(ctx context.Context, volumeID string) (volume.Volume, error) {
	return serve(ctx, e, VolumeInspect, volumeID, locked(e, func() (volume.Volume, error) {
		if v := e.volumes[volumeID]; v != nil {
			return v.Volume, nil
		}
		return volume.Volume{}, notFound("get %s: no such volume", volumeID)
	}))
}

// VolumeRemove deletes a volume that no container uses.
func (e *Engine) VolumeRemove(ctx context.Context, volumeID string, _ bool) error {
	_, err := serve(ctx, e, VolumeRemove, volumeID, locked(e, func() (nothing, error) {
		v := e.volumes[volumeID]
		switch {
		case v == nil:
			return nothing{}, notFound("get %s: no such volume", volumeID)
		case e.used(volumeID):
			return nothing{}, conflict("remove %s: volume is in use", volumeID)
		}
		delete(e.volumes, volumeID)
		e.emit(events.VolumeEventType, events.ActionDestroy, volumeID, map[string]string{"driver": v.Driver})
		return nothing{}, nil
	}))
	return err
}

// ImageInspect describes an image that is on the engine; the options are not
// looked at.
func (e *Engine) ImageInspect(ctx context.Context, imageID string, _ ...client.ImageInspectOption) (image.InspectResponse, error) {
	return serve(ctx, e, ImageInspect, imageID, locked(e, func() (image.InspectResponse, error) {
		if p := e.findImage(imageID); p != nil {
			return p.inspect(), nil
		}
		return image.InspectResponse{}, notFound("No such image: %s", normal(imageID))
	}))
}

// ImagePull fetches a published image; the pull goes on while its answer is
// read and is given up when that is closed or ctx ends.
func (e *Engine) ImagePull(ctx context.Context, refStr string, options image.PullOptions) (io.ReadCloser, error) {
	return serve(ctx, e, ImagePull, refStr, func() (io.ReadCloser, error) { return e.pull(ctx, refStr, options.RegistryAuth) })
}

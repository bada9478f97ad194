package engine

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"
)

type vol struct {
	volume.Volume
	anonymous bool
}

// mounted is one mount of a container.
type mounted struct {
	container.MountPoint
	anonymous bool
}

// makeVolume returns the volume of this name, made if it is not there; an
// empty name makes an anonymous one.
func (e *Engine) makeVolume(options volume.CreateOptions) *vol {
	if v := e.volumes[options.Name]; v != nil {
		return v
	}
	v := &vol{anonymous: options.Name == ""}
	labels := maps.Clone(options.Labels)
	if v.anonymous {
		options.Name = e.newID("volume")
		if e.since(23) {
			labels = map[string]string{"com.docker.volume.anonymous": ""}
		}
	}
	if options.Driver == "" {
		options.Driver = "local"
	}
	v.Volume = volume.Volume{
		Name: options.Name, Driver: options.Driver, Labels: labels, Options: maps.Clone(options.DriverOpts),
		Scope: "local", CreatedAt: time.Now().Format(time.RFC3339),
		Mountpoint: path.Join("/var/lib/docker/volumes", options.Name, "_data"),
	}
	e.volumes[v.Name] = v
	e.emit(events.VolumeEventType, events.ActionCreate, v.Name, map[string]string{"driver": v.Driver})
	return v
}

// mount works out the mounts of a new container and makes missing volumes.
func (e *Engine) mount(c *ctr) error {
	for _, from := range c.host.VolumesFrom {
		other, err := e.donor(strings.Split(from, ":")[0])
		if err != nil {
			return err
		}
		c.mounts = append(c.mounts, other.mounts...)
	}
	for _, bind := range c.host.Binds {
		source, rest, ok := strings.Cut(bind, ":")
		if !ok {
			return invalid("invalid volume specification: '%s'", bind)
		}
		target, mode, _ := strings.Cut(rest, ":")
		if strings.HasPrefix(source, "/") {
			c.bind(source, target, mode != "ro")
			continue
		}
		e.use(c, source, target, mode != "ro")
	}
	for _, m := range c.host.Mounts {
		switch m.Type {
		case mount.TypeBind:
			c.bind(m.Source, m.Target, !m.ReadOnly)
		case mount.TypeVolume:
			e.use(c, m.Source, m.Target, !m.ReadOnly)
		}
	}
	inside := slices.Sorted(maps.Keys(c.config.Volumes))
	inside = append(inside, slices.Sorted(maps.Keys(c.image.Config.Volumes))...)
	for _, target := range inside {
		if !slices.ContainsFunc(c.mounts, func(m mounted) bool { return m.Destination == target }) {
			e.use(c, "", target, true)
		}
	}
	return nil
}

func (c *ctr) bind(source, target string, write bool) {
	c.mounts = append(c.mounts, mounted{MountPoint: container.MountPoint{Type: mount.TypeBind, Source: source, Destination: target, RW: write}})
}

func (e *Engine) use(c *ctr, name, target string, write bool) {
	v := e.makeVolume(volume.CreateOptions{Name: name})
	c.mounts = append(c.mounts, mounted{
		MountPoint: container.MountPoint{Type: mount.TypeVolume, Name: v.Name, Source: v.Mountpoint, Destination: target, Driver: v.Driver, RW: write},
		anonymous:  v.anonymous,
	})
}

// mountEvents tells of the volumes that a start mounts or an end unmounts.
func (e *Engine) mountEvents(c *ctr, action events.Action) {
	for _, m := range c.mounts {
		if m.Type != mount.TypeVolume {
			continue
		}
		attributes := map[string]string{"container": c.id, "driver": m.Driver}
		if action == events.ActionMount {
			attributes["destination"], attributes["read/write"], attributes["propagation"] = m.Destination, strconv.FormatBool(m.RW), ""
		}
		e.emit(events.VolumeEventType, action, m.Name, attributes)
	}
}

// unmount removes, on request, the anonymous volumes that no other container
// uses. Named ones always stay.
func (e *Engine) unmount(c *ctr, remove bool) {
	for _, m := range c.mounts {
		if !remove || !m.anonymous || e.volumes[m.Name] == nil || e.used(m.Name) {
			continue
		}
		delete(e.volumes, m.Name)
		e.emit(events.VolumeEventType, events.ActionDestroy, m.Name, map[string]string{"driver": m.Driver})
	}
}

func (e *Engine) used(name string) bool {
	for _, c := range e.containers {
		if slices.ContainsFunc(c.mounts, func(m mounted) bool { return m.Name == name }) {
			return true
		}
	}
	return false
}

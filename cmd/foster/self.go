package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/swarm"
	"github.com/moby/sys/mountinfo"

	"foster/spec"
)

// The files that an engine mounts into every container from the container's
// own directory, whose name is the container's ID.
var ownMounts = []string{"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"}

var containerID = regexp.MustCompile(`/containers/([0-9a-f]{64})/(?:hostname|hosts|resolv\.conf)$`)

// ownCandidate reads the ID of the container that this process runs in from
// its mount table, "" when there is none. Other mounts are not looked at: they
// hold IDs of layers, and of other containers. With the host's network or PID
// namespace the three mounts are there all the same; the host name is not.
func ownCandidate(mounts io.Reader) (string, error) {
	infos, err := mountinfo.GetMountsFromReader(mounts, func(m *mountinfo.Info) (skip, stop bool) {
		for _, own := range ownMounts {
			if m.Mountpoint == own {
				return false, false
			}
		}
		return true, false
	})
	if err != nil {
		return "", fmt.Errorf("read the mount table: %w", err)
	}
	for _, m := range infos {
		if found := containerID.FindStringSubmatch(m.Root); found != nil {
			return found[1], nil
		}
	}
	return "", nil
}

func ownContainer(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the mount table: %w", err)
	}
	defer f.Close()
	return ownCandidate(f)
}

// identify finds out who foster is: the container it runs in, verified with
// the engine, and the Swarm task behind it; and the environment that the engine
// has of that. On a host every field is "". An error of the mount table is
// permanent, one of the engine may pass.
func identify(ctx context.Context, engine Engine, mountinfoPath string) (spec.Identity, []string, error) {
	id, err := ownContainer(mountinfoPath)
	if err != nil {
		return spec.Identity{}, nil, backoff.Permanent(err)
	}
	if id == "" {
		return spec.Identity{}, nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	c, err := engine.ContainerInspect(ctx, id)
	if errdefs.IsNotFound(err) {
		// A container of another engine: foster was given a socket from elsewhere.
		return spec.Identity{}, nil, nil
	}
	if err != nil {
		return spec.Identity{}, nil, fmt.Errorf("inspect foster's own container: %w", err)
	}
	if c.Config == nil {
		return spec.IdentityOf(c), nil, nil
	}
	return spec.IdentityOf(c), c.Config.Env, nil
}

// ownGrace asks what Swarm gives foster's own task between SIGTERM and
// SIGKILL, or what the engine gives its container (docker run --stop-timeout);
// 0 when nobody can say: only managers know a service's settings.
func ownGrace(ctx context.Context, engine Engine, id spec.Identity) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if id.ServiceName == "" {
		if id.ContainerID == "" {
			return 0
		}
		c, err := engine.ContainerInspect(ctx, id.ContainerID)
		if err != nil || c.Config == nil || c.Config.StopTimeout == nil || *c.Config.StopTimeout <= 0 {
			return 0
		}
		return time.Duration(*c.Config.StopTimeout) * time.Second
	}
	service, _, err := engine.ServiceInspectWithRaw(ctx, id.ServiceName, swarm.ServiceInspectOptions{})
	if err != nil || service.Spec.TaskTemplate.ContainerSpec == nil {
		return 0
	}
	if g := service.Spec.TaskTemplate.ContainerSpec.StopGracePeriod; g != nil {
		return *g
	}
	return engineGrace
}

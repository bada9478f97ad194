package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	dockernet "github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/system"

	"foster/test/engine"
)

// What only the check asks, of an engine that runs nothing else.
func (m memory) Info(context.Context) (system.Info, error) { return capable("engine"), nil }

func (m memory) ServiceList(context.Context, swarm.ServiceListOptions) ([]swarm.Service, error) {
	return nil, fmt.Errorf("list services: %w", errdefs.ErrUnavailable)
}

// capable is an engine that has everything, in no swarm.
func capable(name string) system.Info {
	i := system.Info{
		Name: name, ServerVersion: "20.10.24", Architecture: "x86_64", NCPU: 2, MemTotal: 8 << 30, CgroupDriver: "cgroupfs",
		MemoryLimit: true, SwapLimit: true, CPUCfsPeriod: true, CPUCfsQuota: true, CPUShares: true, CPUSet: true, PidsLimit: true,
		OomKillDisable: true, IPv4Forwarding: true, SecurityOptions: []string{"name=apparmor", "name=seccomp,profile=default", "name=cgroupns"},
		Runtimes: map[string]system.RuntimeWithStatus{"runc": {}},
		Plugins:  system.PluginsInfo{Log: []string{"json-file", "local"}, Network: []string{"bridge", "overlay"}, Volume: []string{"local"}},
	}
	i.Swarm.LocalNodeState = swarm.LocalNodeStateInactive
	return i
}

// surveyed is an engine in memory whose answers to the check a test chooses.
type surveyed struct {
	memory
	info     system.Info
	services []swarm.Service
	ports    map[string][]container.Port // by container name
	own      []container.MountPoint      // of foster's own container
	stops    *int                        // its --stop-timeout
	refuse   []string                    // calls that a socket's proxy denies
	grace    *swarm.Service
}

func newSurveyed(t *testing.T, api string) *surveyed {
	t.Helper()
	e := engine.New(engine.Options{Version: "20.10", API: api})
	t.Cleanup(e.Close)
	e.AddImage("app:1", engine.Image{})
	return &surveyed{memory: memory{Engine: e}, info: capable("engine"), ports: map[string][]container.Port{}}
}

func (s *surveyed) denied(call string) error {
	if slices.Contains(s.refuse, call) {
		return fmt.Errorf("%s: forbidden by the proxy: %w", call, errdefs.ErrPermissionDenied)
	}
	return nil
}

func (s *surveyed) Info(context.Context) (system.Info, error) { return s.info, s.denied("info") }

func (s *surveyed) NetworkList(ctx context.Context, o dockernet.ListOptions) ([]dockernet.Summary, error) {
	if err := s.denied("networks"); err != nil {
		return nil, err
	}
	return s.memory.NetworkList(ctx, o)
}

func (s *surveyed) NetworkInspect(ctx context.Context, name string, o dockernet.InspectOptions) (dockernet.Inspect, error) {
	if err := s.denied("networks"); err != nil {
		return dockernet.Inspect{}, err
	}
	return s.memory.NetworkInspect(ctx, name, o)
}

func (s *surveyed) ServiceList(context.Context, swarm.ServiceListOptions) ([]swarm.Service, error) {
	return s.services, s.denied("services")
}

func (s *surveyed) ServiceInspectWithRaw(ctx context.Context, name string, o swarm.ServiceInspectOptions) (swarm.Service, []byte, error) {
	if s.grace != nil {
		return *s.grace, nil, nil
	}
	return s.memory.ServiceInspectWithRaw(ctx, name, o)
}

func (s *surveyed) Events(context.Context, events.ListOptions) (<-chan events.Message, <-chan error) {
	errs := make(chan error, 1)
	errs <- cmp.Or(s.denied("events"), io.EOF)
	return nil, errs
}

func (s *surveyed) ContainerList(ctx context.Context, o container.ListOptions) ([]container.Summary, error) {
	all, err := s.memory.ContainerList(ctx, o)
	for i := range all {
		all[i].Ports = s.ports[strings.TrimPrefix(all[i].Names[0], "/")]
	}
	if err := s.denied("containers"); err != nil {
		return nil, err
	}
	return all, err
}

func (s *surveyed) ContainerInspect(ctx context.Context, name string) (container.InspectResponse, error) {
	got, err := s.memory.ContainerInspect(ctx, name)
	if err == nil && got.Name == "/self" {
		got.Mounts, got.Config.StopTimeout = s.own, s.stops
	}
	return got, err
}

// someone is a running container that is not foster's, with published ports.
func (s *surveyed) someone(t *testing.T, name string, labels map[string]string, ports ...container.Port) string {
	t.Helper()
	id, err := s.Run(engine.Container{Name: name, Config: &container.Config{Image: "app:1", Labels: labels}})
	if err != nil {
		t.Fatal(err)
	}
	s.ports[name] = ports
	return id
}

// inside makes foster a container of this engine, with mounts of its own.
func (s *surveyed) inside(t *testing.T, labels map[string]string, mounts ...container.MountPoint) (mountinfo string) {
	t.Helper()
	id := s.someone(t, "self", labels)
	s.own = mounts
	path := filepath.Join(t.TempDir(), "mountinfo")
	line := "100 99 254:0 /var/lib/docker/containers/" + id + "/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n"
	if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

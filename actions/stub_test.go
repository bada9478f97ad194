package actions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stub is an engine with a function for each call that a test expects; any
// other call fails the test.
type stub struct {
	t        testing.TB
	version  string
	warnings []string // of a create

	create     func(ctx context.Context, config *container.Config, host *container.HostConfig, nets *network.NetworkingConfig, platform *ocispec.Platform, name string) (string, error)
	start      func(ctx context.Context, id string) error
	stop       func(ctx context.Context, id string, seconds int) error
	remove     func(ctx context.Context, id string, options container.RemoveOptions) error
	copied     func(ctx context.Context, id, path string, archive io.Reader, options container.CopyToContainerOptions) error
	list       func(ctx context.Context) ([]container.Summary, error)
	inspect    func(ctx context.Context, id string) (container.InspectResponse, error)
	connect    func(ctx context.Context, net, id string, settings *network.EndpointSettings) error
	disconnect func(ctx context.Context, net, id string, force bool) error
	netCreate  func(ctx context.Context, name string, options network.CreateOptions) (string, error)
	netRemove  func(ctx context.Context, id string) error
	netInspect func(ctx context.Context, name string) (network.Inspect, error)
	netList    func(ctx context.Context) ([]network.Summary, error)
	volCreate  func(ctx context.Context, options volume.CreateOptions) error
	volInspect func(ctx context.Context, name string) error
	volRemove  func(ctx context.Context, name string) error
	imgInspect func(ctx context.Context, ref string) (image.InspectResponse, error)
	imgPull    func(ctx context.Context, ref string, options image.PullOptions) (io.ReadCloser, error)

	mu    sync.Mutex
	calls []string
}

var _ Engine = (*stub)(nil)

func (s *stub) note(expected bool, format string, args ...any) error {
	call := fmt.Sprintf(format, args...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
	if !expected {
		s.t.Errorf("unexpected call: %s", call)
		return errors.New("unexpected call")
	}
	return nil
}

func (s *stub) told() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.calls, ", ")
}

func (s *stub) ClientVersion() string {
	if s.version == "" {
		return "1.51"
	}
	return s.version
}

func (s *stub) ContainerCreate(ctx context.Context, c *container.Config, h *container.HostConfig, n *network.NetworkingConfig, p *ocispec.Platform, name string) (container.CreateResponse, error) {
	if err := s.note(s.create != nil, "create %s", name); err != nil {
		return container.CreateResponse{}, err
	}
	id, err := s.create(ctx, c, h, n, p, name)
	return container.CreateResponse{ID: id, Warnings: s.warnings}, err
}

func (s *stub) ContainerStart(ctx context.Context, id string, _ container.StartOptions) error {
	if err := s.note(s.start != nil, "start %s", id); err != nil {
		return err
	}
	return s.start(ctx, id)
}

func (s *stub) ContainerStop(ctx context.Context, id string, o container.StopOptions) error {
	if err := s.note(s.stop != nil, "stop %s", id); err != nil {
		return err
	}
	return s.stop(ctx, id, *o.Timeout)
}

func (s *stub) ContainerRemove(ctx context.Context, id string, o container.RemoveOptions) error {
	if err := s.note(s.remove != nil, "remove %s", id); err != nil {
		return err
	}
	return s.remove(ctx, id, o)
}

func (s *stub) ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error) {
	if err := s.note(s.inspect != nil, "inspect %s", id); err != nil {
		return container.InspectResponse{}, err
	}
	return s.inspect(ctx, id)
}

func (s *stub) ContainerList(ctx context.Context, _ container.ListOptions) ([]container.Summary, error) {
	if err := s.note(s.list != nil, "list"); err != nil {
		return nil, err
	}
	return s.list(ctx)
}

func (s *stub) NetworkConnect(ctx context.Context, net, id string, settings *network.EndpointSettings) error {
	if err := s.note(s.connect != nil, "connect %s %s", net, id); err != nil {
		return err
	}
	return s.connect(ctx, net, id, settings)
}

func (s *stub) NetworkDisconnect(ctx context.Context, net, id string, force bool) error {
	if err := s.note(s.disconnect != nil, "disconnect %s %s", net, id); err != nil {
		return err
	}
	return s.disconnect(ctx, net, id, force)
}

func (s *stub) NetworkCreate(ctx context.Context, name string, o network.CreateOptions) (network.CreateResponse, error) {
	if err := s.note(s.netCreate != nil, "netcreate %s", name); err != nil {
		return network.CreateResponse{}, err
	}
	id, err := s.netCreate(ctx, name, o)
	return network.CreateResponse{ID: id}, err
}

func (s *stub) NetworkRemove(ctx context.Context, id string) error {
	if err := s.note(s.netRemove != nil, "netremove %s", id); err != nil {
		return err
	}
	return s.netRemove(ctx, id)
}

func (s *stub) NetworkList(ctx context.Context, options network.ListOptions) ([]network.Summary, error) {
	if err := s.note(s.netList != nil, "network ls %s", strings.Join(options.Filters.Get("name"), " ")); err != nil {
		return nil, err
	}
	return s.netList(ctx)
}

func (s *stub) NetworkInspect(ctx context.Context, name string, _ network.InspectOptions) (network.Inspect, error) {
	if err := s.note(s.netInspect != nil, "netinspect %s", name); err != nil {
		return network.Inspect{}, err
	}
	return s.netInspect(ctx, name)
}

func (s *stub) VolumeCreate(ctx context.Context, o volume.CreateOptions) (volume.Volume, error) {
	if err := s.note(s.volCreate != nil, "volcreate %s", o.Name); err != nil {
		return volume.Volume{}, err
	}
	return volume.Volume{Name: o.Name}, s.volCreate(ctx, o)
}

func (s *stub) VolumeInspect(ctx context.Context, name string) (volume.Volume, error) {
	if err := s.note(s.volInspect != nil, "volinspect %s", name); err != nil {
		return volume.Volume{}, err
	}
	return volume.Volume{Name: name}, s.volInspect(ctx, name)
}

func (s *stub) VolumeRemove(ctx context.Context, name string, force bool) error {
	if err := s.note(s.volRemove != nil, "volremove %s force=%v", name, force); err != nil {
		return err
	}
	return s.volRemove(ctx, name)
}

func (s *stub) ImageInspect(ctx context.Context, ref string, _ ...client.ImageInspectOption) (image.InspectResponse, error) {
	if err := s.note(s.imgInspect != nil, "imginspect %s", ref); err != nil {
		return image.InspectResponse{}, err
	}
	return s.imgInspect(ctx, ref)
}

func (s *stub) ImagePull(ctx context.Context, ref string, o image.PullOptions) (io.ReadCloser, error) {
	if err := s.note(s.imgPull != nil, "pull %s", ref); err != nil {
		return nil, err
	}
	return s.imgPull(ctx, ref, o)
}

// reply is an error as the client makes it of an engine's answer.
type reply struct {
	kind error
	text string
}

func (e reply) Error() string        { return "Error response from daemon: " + e.text }
func (e reply) Is(target error) bool { return errors.Is(e.kind, target) }

func notFound(text string) error  { return reply{errdefs.ErrNotFound, text} }
func conflict(text string) error  { return reply{errdefs.ErrConflict, text} }
func internal(text string) error  { return reply{errdefs.ErrInternal, text} }
func forbidden(text string) error { return reply{errdefs.ErrPermissionDenied, text} }
func invalid(text string) error   { return reply{errdefs.ErrInvalidArgument, text} }

//lint:ignore SA1019 the only way to an error that client.IsErrConnectionFailed knows
var errRefused = client.ErrorConnectionFailed("unix:///var/run/docker.sock")

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	dockernet "github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"foster/test/engine"
)

// memory is the in-memory engine as the whole program needs it.
type memory struct {
	*engine.Engine
	pingErr error
}

var _ Engine = memory{}

func (m memory) Ping(context.Context) (types.Ping, error) { return types.Ping{}, m.pingErr }
func (m memory) NegotiateAPIVersion(context.Context)      {}
func (m memory) Close() error                             { return nil }
func (m memory) ServiceInspectWithRaw(context.Context, string, swarm.ServiceInspectOptions) (swarm.Service, []byte, error) {
	return swarm.Service{}, nil, fmt.Errorf("inspect service: %w", errdefs.ErrUnavailable)
}

// program is the whole of foster, running against the in-memory engine inside
// a synctest bubble.
type program struct {
	t       *testing.T
	engine  *engine.Engine
	signals chan os.Signal
	out     syncBuffer
	code    chan int
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b = bytes.Buffer{}
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// start runs foster with an environment; it must be called in a bubble.
func start(t *testing.T, version string, environ ...string) *program {
	t.Helper()
	p := newProgram(t, version)
	p.launch(memory{Engine: p.engine}, environ)
	return p
}

// newProgram is one that does not run yet, and an engine with what it needs.
func newProgram(t *testing.T, version string) *program {
	t.Helper()
	p := &program{t: t, engine: engine.New(engine.Options{Version: version}), signals: make(chan os.Signal, 4), code: make(chan int, 1)}
	t.Cleanup(p.engine.Close)
	t.Cleanup(func() { understood(t, p.out.String()) })
	p.engine.AddImage("app:1", engine.Image{Config: dockerspec.DockerOCIImageConfig{
		ImageConfig: ocispec.ImageConfig{Volumes: map[string]struct{}{"/data": {}}},
	}})
	if _, err := p.engine.AddNetwork("front", dockernet.CreateOptions{Driver: "bridge"}); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *program) outside(e Engine, environ []string) outside {
	return outside{
		args: []string{}, environ: environ, stdout: &p.out, stderr: &p.out,
		signals: func() <-chan os.Signal { return p.signals }, procMountinfo: os.DevNull, engine: e,
	}
}

func (p *program) launch(e Engine, environ []string) {
	out := p.outside(e, environ)
	go func() { p.code <- exitCode(execute(context.Background(), out), &p.out) }()
}

// exit waits for the end, at most for a time of the bubble's clock.
func (p *program) exit(within time.Duration) int {
	p.t.Helper()
	select {
	case code := <-p.code:
		return code
	case <-time.After(within):
		p.t.Fatalf("foster still runs after %s\n%s", within, p.out.String())
		return -1
	}
}

// child is the one running container of the project, with both its networks.
func (p *program) child() container.InspectResponse {
	p.t.Helper()
	list := p.engine.LookList(container.ListOptions{All: true})
	if len(list) != 1 || list[0].State != container.StateRunning {
		p.t.Fatalf("want one running child, the engine has %d containers\n%s", len(list), p.out.String())
	}
	c, err := p.engine.Look(list[0].ID)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, n := range []string{"front", "p_back"} {
		if e := c.NetworkSettings.Networks[n]; e == nil || e.EndpointID == "" {
			p.t.Fatalf("the child is not attached to %s\n%s", n, p.out.String())
		}
	}
	return c
}

func (p *program) nothingLeft() {
	p.t.Helper()
	if left := p.engine.Containers(); len(left) > 0 {
		p.t.Errorf("containers left: %v", left)
	}
	if left := p.engine.Volumes(); len(left) > 0 {
		p.t.Errorf("anonymous volumes left: %v", left)
	}
	for _, n := range p.engine.Networks() {
		if n == "p_back" {
			p.t.Error("the created network is left")
		}
	}
}

var twoNetworks = []string{
	"LAUNCH_IMAGE=app:1", "LAUNCH_PROJECT_NAME=p", "LAUNCH_SERVICE_NAME=web",
	"LAUNCH_NETWORKS=back", "LAUNCH_EXT_NETWORKS=front", "FOSTER_LOG_LEVEL=debug",
}

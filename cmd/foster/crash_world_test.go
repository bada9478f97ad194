package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	dockernet "github.com/docker/docker/api/types/network"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"foster/spec"
	"foster/test/engine"
)

// cast is a project and what its children are to be.
type cast struct {
	environ []string
	runs    map[string][]string // the long runners, with the networks that they are on
	ends    []string            // those that complete
	shares  map[string]string   // who lives in whose network namespace
	hooks   map[string]int      // how many post_start hooks
	secret  map[string]string   // which file is delivered
}

func (c cast) names() []string {
	return slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(c.runs)), c.ends...)))
}

const crashFile = `
services:
  init: {image: "app:1", networks: [back]}
  cache: {image: "far:1", networks: [back]}
  db:
    image: app:1
    environment: {EDITION: "${EDITION:-1}"}
    networks: [back, front]
    volumes: ["named:/named"]
    healthcheck: {test: [CMD, "true"]}
  app:
    image: app:1
    environment: {EDITION: "${EDITION:-1}"}
    networks: [back, front]
    secrets: [key]
    depends_on:
      init: {condition: service_completed_successfully}
      db: {condition: service_healthy}
      cache: {condition: service_started, x-foster-ready: true}
    post_start: [{command: [hook, one]}, {command: [hook, two]}]
    pre_stop: [{command: [hook, last]}]
  side:
    image: app:1
    environment: {EDITION: "${EDITION:-1}"}
    network_mode: "service:app"
networks:
  back:
  front: {external: true}
volumes:
  named:
secrets:
  key: {environment: E_KEY}
`

// one is a project of one child, several of five.
func one() cast {
	return cast{
		environ: append(slices.Clone(twoNetworks), "LAUNCH_ENVIRONMENTS=EDITION=1"),
		runs:    map[string][]string{"web": {"front", "p_back"}},
	}
}

func several(t *testing.T) cast {
	t.Helper()
	file := filepath.Join(t.TempDir(), "compose.yaml")
	if err := os.WriteFile(file, []byte(crashFile), 0o644); err != nil {
		t.Fatal(err)
	}
	return cast{
		environ: []string{"FOSTER_FILE=" + file, "LAUNCH_PROJECT_NAME=p", "E_KEY=hunter2", "FOSTER_LOG_LEVEL=debug", "EDITION=1"},
		runs:    map[string][]string{"app": {"front", "p_back"}, "cache": {"p_back"}, "db": {"front", "p_back"}, "side": {}},
		ends:    []string{"init"},
		shares:  map[string]string{"side": "app"},
		hooks:   map[string]int{"app": 2},
		secret:  map[string]string{"app": "/run/secrets/key"},
	}
}

// edited is the same project with other settings of some children.
func (c cast) edited() cast {
	c.environ = slices.Clone(c.environ)
	for i, kv := range c.environ {
		c.environ[i] = strings.Replace(kv, "EDITION=1", "EDITION=2", 1)
	}
	return c
}

// stage is an engine with one project on it, and somebody who watches that
// there are never two of one child.
type stage struct {
	t *testing.T
	*engine.Engine
	cast   cast
	inside bool // foster runs in a container
	tasks  int  // how many of these there were
	lives  []*life
	canary container.InspectResponse

	mu    sync.Mutex
	runs  map[string]map[string]bool // child -> containers that run
	two   []string                   // when there were two
	nets  map[string]int             // by name, how many there are
	twins int                        // how often a network got a second one of its name
}

// newStage must be called in a bubble.
func newStage(t *testing.T, version string, c cast) *stage {
	t.Helper()
	s := &stage{t: t, Engine: engine.New(engine.Options{Version: version}), cast: c, runs: map[string]map[string]bool{}, nets: map[string]int{}}
	t.Cleanup(func() {
		s.Close()
		for _, l := range s.lives {
			l.forget()
		}
	})
	config := dockerspec.DockerOCIImageConfig{ImageConfig: ocispec.ImageConfig{Volumes: map[string]struct{}{"/data": {}}}}
	slow := engine.Process{StopTime: 20 * time.Millisecond}
	s.AddImage("foster:1", engine.Image{})
	s.AddImage("app:1", engine.Image{Config: config, Process: slow})
	s.Publish("far:1", engine.Image{Config: config, Process: slow, PullTime: 30 * time.Millisecond})
	s.Behave("p-init-1", engine.Process{Exits: true, ExitAfter: 30 * time.Millisecond})
	s.Behave("p-db-1", engine.Process{StopTime: 20 * time.Millisecond, Healthy: 40 * time.Millisecond})
	for _, hook := range []string{"hook one", "hook two", "hook last"} {
		s.BehaveExec(hook, engine.Command{Takes: 10 * time.Millisecond})
	}
	if _, err := s.AddNetwork("front", dockernet.CreateOptions{Driver: "bridge"}); err != nil {
		t.Fatal(err)
	}
	id, err := s.Run(engine.Container{
		Name: "canary", Config: &container.Config{Image: "app:1", Labels: map[string]string{"com.docker.compose.project": "q", "com.docker.compose.service": "web"}},
		Endpoints: map[string]*dockernet.EndpointSettings{"front": {}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.canary, err = s.Look(id); err != nil {
		t.Fatal(err)
	}
	s.Tamper(func(m events.Message) []events.Message {
		s.watch(m)
		return []events.Message{m}
	})
	return s
}

func (s *stage) watch(m events.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.Type == events.NetworkEventType {
		s.watchNetwork(m)
		return
	}
	child := m.Actor.Attributes[spec.LabelChild]
	if m.Type != events.ContainerEventType || child == "" {
		return
	}
	if s.runs[child] == nil {
		s.runs[child] = map[string]bool{}
	}
	switch m.Action {
	case events.ActionStart:
		s.runs[child][m.Actor.ID] = true
		if len(s.runs[child]) > 1 {
			s.two = append(s.two, child)
		}
	case events.ActionDie:
		delete(s.runs[child], m.Actor.ID)
	}
}

func (s *stage) watchNetwork(m events.Message) {
	name := m.Actor.Attributes["name"]
	switch m.Action {
	case events.ActionCreate:
		if s.nets[name]++; s.nets[name] > 1 {
			s.twins++
		}
	case events.ActionDestroy:
		s.nets[name]--
	}
}

// foster starts one, on the host or in a container that dies with it.
func (s *stage) foster(l *life, c cast) {
	s.t.Helper()
	s.lives = append(s.lives, l)
	s.t.Cleanup(func() {
		l.kill()
		<-l.ended
	})
	mounts := os.DevNull
	if s.inside {
		mounts = s.container(l)
	}
	out := outside{
		args: []string{}, environ: c.environ, logs: l, stdout: &l.out, stderr: &l.out,
		signals: func() <-chan os.Signal { return l.signals }, procMountinfo: mounts,
		engine: mortal{memory{Engine: s.Engine}, l},
	}
	go func() {
		defer close(l.ended)
		l.code = exitCode(execute(context.Background(), out), &l.out)
	}()
}

// container makes the one that a foster runs in, and the mount table there.
func (s *stage) container(l *life) (mounts string) {
	s.t.Helper()
	s.tasks++
	id, err := s.Run(engine.Container{Name: fmt.Sprintf("task-%d", s.tasks), Config: &container.Config{
		Image: "foster:1", Labels: map[string]string{spec.LabelLauncher: "true"}, Env: s.cast.environ,
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	l.withIt = func() { _ = s.Exit(id, 137) } // it runs: nothing can be refused
	mounts = filepath.Join(s.t.TempDir(), "mountinfo")
	line := fmt.Sprintf("36 35 8:1 /var/lib/docker/containers/%s/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n", id)
	if err := os.WriteFile(mounts, []byte(line), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return mounts
}

// exited waits for the end of a foster.
func (s *stage) exited(l *life, within time.Duration) int {
	s.t.Helper()
	select {
	case <-l.ended:
	case <-time.After(within):
		s.t.Fatalf("foster still runs after %s\n%s", within, l.out.String())
	}
	return l.code
}

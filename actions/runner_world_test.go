package actions

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/rs/zerolog"

	"foster/spec"
	"foster/state"
)

// project is one child "web" on networks front and back.
func project() *spec.Project {
	return &spec.Project{
		Name: "p",
		Children: []spec.Child{{
			Name: "web", ContainerName: "p-web-1", Image: "app:1",
			Config: &container.Config{Image: "app:1", Env: []string{"PASS=hunter2"}, Labels: map[string]string{"a": "b"}},
			Host:   &container.HostConfig{NetworkMode: "front"},
			Endpoints: []spec.Endpoint{
				{Network: "front", Settings: &network.EndpointSettings{Aliases: []string{"web"}, MacAddress: "02:42:ac:11:00:01", NetworkID: "old", EndpointID: "old"}},
				{Network: "back", Settings: &network.EndpointSettings{IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: "10.0.0.9"}, NetworkID: "old"}},
			},
		}},
		Networks: []spec.Network{
			{Key: "back", Name: "back", External: true},
			{Key: "front", Name: "front", Options: network.CreateOptions{Driver: "bridge", Labels: map[string]string{spec.LabelProject: "p"}}},
		},
	}
}

// running is a Runner at work.
type running struct {
	in  chan state.Effect
	out chan state.Event
	log *bytes.Buffer // read it only after the end
	end func()
}

// run starts a Runner; it ends with the test, or with end.
func run(t *testing.T, e Engine, p *spec.Project, options ...func(*Config)) *running {
	t.Helper()
	var log bytes.Buffer
	cfg := Config{Engine: e, Project: p, Log: zerolog.New(zerolog.SyncWriter(&log))}
	for _, o := range options {
		o(&cfg)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{in: make(chan state.Effect), out: make(chan state.Event), log: &log}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := New(cfg).Run(ctx, r.in, r.out); !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want canceled", err)
		}
	}()
	r.end = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(r.end)
	return r
}

// done carries out one effect.
func (r *running) done(t *testing.T, eff state.Effect) state.Done {
	t.Helper()
	r.in <- eff
	return r.await(t)
}

func (r *running) await(t *testing.T) state.Done {
	t.Helper()
	ev := <-r.out
	d, ok := ev.(state.Done)
	if !ok {
		t.Fatalf("got %#v, want a Done", ev)
	}
	return d
}

func check(t *testing.T, d state.Done, class state.Class, id, words string) {
	t.Helper()
	if d.Class != class || d.ID != id {
		t.Errorf("class %v id %q, want %v %q (%s)", d.Class, d.ID, class, id, d.Detail)
	}
	if words != "" && !strings.Contains(d.Detail, words) {
		t.Errorf("detail %q does not say %q", d.Detail, words)
	}
	if class == state.OK && d.Detail != "" {
		t.Errorf("success with detail %q", d.Detail)
	}
	if d.At.IsZero() {
		t.Error("no time")
	}
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

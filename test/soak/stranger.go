package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/test/lab"
)

// strangers are what nobody may touch: plain ones, ones that carry the Compose labels of foster's projects, and ones
// whose names begin like those of foster's objects; beside them the volume of a container that is gone, which nobody but
// its owner may remove. None has a label of foster's own.
type strangers struct {
	mu    sync.Mutex
	nodes map[string]*belongings
}

// belongings are the strangers' on one node.
type belongings struct {
	containers map[string]condition // by name
	networks   map[string]string    // name -> ID
	volumes    []string
}

// condition is what must stay as it is while the engine runs.
type condition struct {
	id, started string
	running     bool
	pid         int
	endpoints   map[string]string // network -> endpoint ID
	always      bool              // the engine starts it again
	volumes     []string          // those without a name
}

const (
	strangeNetwork = "strangers"
	strangeVolume  = "strangers-data"
)

// compose are the labels that docker compose would give a further container of a project.
func compose(project, service string) []string {
	var flags []string
	for _, kv := range []string{
		labelCompose + "=" + project, "com.docker.compose.service=" + service, "com.docker.compose.config-hash=0",
		"com.docker.compose.container-number=2", "com.docker.compose.oneoff=False",
	} {
		flags = append(flags, "--label", kv)
	}
	return flags
}

// settle puts strangers on every node.
func (s *soak) settle(ctx context.Context) error {
	s.strangers.nodes = map[string]*belongings{}
	errs := make([]error, len(s.nodes))
	s.each(func(i int, n *node) {
		s.ledger.meddle(n.Name, 1)
		defer s.ledger.meddle(n.Name, -1)
		errs[i] = s.settleOn(ctx, n)
	})
	return errors.Join(errs...)
}

func (s *soak) settleOn(ctx context.Context, n *node) error {
	b := &belongings{containers: map[string]condition{}, networks: map[string]string{}}
	for _, args := range [][]string{
		{"network", "create", strangeNetwork},
		{"network", "create", "--label", labelCompose + "=soak_pair", "--label", "com.docker.compose.network=store2", "soak_pair_store2"},
		{"network", "create", "soak_everywhere_own2"},
		{"volume", "create", strangeVolume},
		{"volume", "create", "--label", labelCompose + "=soak_pair", "--label", "com.docker.compose.volume=state2", "soak_pair_state2"},
	} {
		id, err := n.Docker(ctx, args...)
		if err != nil {
			return err
		}
		if args[0] == "network" {
			b.networks[args[len(args)-1]] = id
		} else {
			b.volumes = append(b.volumes, id)
		}
		s.ledger.protect(n.Name, id, args[len(args)-1])
	}
	for _, c := range []struct {
		name  string
		flags []string
	}{
		{"stranger", []string{"--restart", "always", "--network", strangeNetwork, "--volume", strangeVolume + ":/data"}},
		{"soak_pair-web-2", append(compose("soak_pair", "web"), "--restart", "always", "--network", "soak_pair_store2")},
		{"pinned-pinned-10", []string{"--restart", "always", "--network", "soak_everywhere_own2", "--label", "ai.ix.started-by=ix.ai/swarm-launcher"}},
		// The engine does not always bring those back that are on an attachable overlay: it has no policy.
		{"soak_everywhere-everywhere-2", append(compose("soak_everywhere", "everywhere"), "--network", sharedNetwork)},
	} {
		if _, err := n.Docker(ctx, append(append([]string{"run", "--detach", "--name", c.name}, c.flags...), childImage)...); err != nil {
			return err
		}
		b.containers[c.name] = condition{}
	}
	gone, err := s.abandon(ctx, n)
	if err != nil {
		return err
	}
	if err := lab.Pause(ctx, calm); err != nil { // until the events of their own start have been told
		return err
	}
	for _, volume := range gone {
		b.volumes = append(b.volumes, volume)
		s.ledger.protect(n.Name, volume, "the volume of a container that is gone")
	}
	for name := range b.containers {
		now, err := conditionOf(ctx, n, name)
		if err != nil {
			return err
		}
		b.containers[name] = now
		s.ledger.protect(n.Name, now.id, name)
		for _, volume := range now.volumes {
			b.volumes = append(b.volumes, volume)
			s.ledger.protect(n.Name, volume, name+"'s volume")
		}
	}
	s.strangers.mu.Lock()
	defer s.strangers.mu.Unlock()
	s.strangers.nodes[n.Name] = b
	return nil
}

// abandon leaves the volume of a container that was removed without it: it looks like those that foster collects, and had
// the same image.
func (s *soak) abandon(ctx context.Context, n *node) ([]string, error) {
	id, err := n.Docker(ctx, "run", "--detach", childImage)
	if err != nil {
		return nil, err
	}
	c, err := n.Client().ContainerInspect(ctx, id)
	if err != nil {
		return nil, err
	}
	volumes := anonymousOf(c)
	if len(volumes) == 0 {
		return nil, fmt.Errorf("a container of %s has no volume", childImage)
	}
	return volumes, n.Client().ContainerRemove(ctx, id, container.RemoveOptions{Force: true})
}

func conditionOf(ctx context.Context, n *node, name string) (condition, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	c, err := n.Client().ContainerInspect(ctx, name)
	if err != nil {
		return condition{}, fmt.Errorf("stranger %s on %s: %w", name, n.Name, err)
	}
	now := condition{
		id: c.ID, started: c.State.StartedAt, running: c.State.Running && !c.State.Paused && !c.State.Restarting, pid: c.State.Pid,
		endpoints: map[string]string{}, always: c.HostConfig.RestartPolicy.Name == container.RestartPolicyAlways,
		volumes: anonymousOf(c),
	}
	for name, e := range c.NetworkSettings.Networks {
		now.endpoints[name] = e.EndpointID
	}
	return now, nil
}

// unharmed compares the strangers of a node with what they were.
func (s *soak) unharmed(ctx context.Context, n *node) error {
	s.strangers.mu.Lock()
	b := s.strangers.nodes[n.Name]
	s.strangers.mu.Unlock()
	var errs []error
	for _, name := range sortedKeys(b.containers) {
		was := b.containers[name]
		is, err := conditionOf(ctx, n, name)
		if err == nil && (is.id != was.id || is.started != was.started || is.running != was.running || is.pid != was.pid || !maps.Equal(is.endpoints, was.endpoints) || !slices.Equal(is.volumes, was.volumes)) {
			err = fmt.Errorf("stranger %s on %s was touched: it was %+v, and is %+v", name, n.Name, was, is)
		}
		errs = append(errs, err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for _, name := range sortedKeys(b.networks) {
		is, err := n.Client().NetworkInspect(ctx, name, network.InspectOptions{})
		if err == nil && is.ID != b.networks[name] {
			err = fmt.Errorf("stranger's network %s on %s is another one", name, n.Name)
		}
		errs = append(errs, err)
	}
	for _, name := range b.volumes {
		_, err := n.Client().VolumeInspect(ctx, name)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// comeBack waits, after an engine has been started again, until it has started again those strangers that it is to. They
// are still the same containers, on the same networks; what the engine has changed is how they are from now on.
func (s *soak) comeBack(ctx context.Context, n *node) error {
	s.strangers.mu.Lock()
	b := s.strangers.nodes[n.Name]
	s.strangers.mu.Unlock()
	deadline := time.Now().Add(outageTimeout)
	for {
		var errs []error
		now := map[string]condition{}
		for name, was := range b.containers {
			is, err := conditionOf(ctx, n, name)
			switch {
			case err != nil:
			case is.id != was.id || strings.Join(sortedKeys(is.endpoints), " ") != strings.Join(sortedKeys(was.endpoints), " "):
				return fmt.Errorf("stranger %s on %s is another one after its engine's end: it was %+v, and is %+v", name, n.Name, was, is)
			case is.always && !is.running:
				err = fmt.Errorf("stranger %s on %s has not been started by its engine", name, n.Name)
			}
			errs = append(errs, err)
			now[name] = is
		}
		err := errors.Join(errs...)
		if err == nil {
			s.strangers.mu.Lock()
			b.containers = now
			s.strangers.mu.Unlock()
			return nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return err
		}
		_ = lab.Pause(ctx, 200*time.Millisecond)
	}
}

// revive starts those again that no engine starts by itself, for they have no restart policy. An engine that does not do
// it within the time of an outage, as while the manager is away that it needs for an overlay, keeps them ended: that is
// told, and they are watched as they are.
func (s *soak) revive(ctx context.Context, n *node) {
	s.strangers.mu.Lock()
	b := s.strangers.nodes[n.Name]
	s.strangers.mu.Unlock()
	s.ledger.meddle(n.Name, 1)
	defer s.ledger.meddle(n.Name, -1)
	for _, name := range sortedKeys(b.containers) {
		was := b.containers[name]
		if was.always || was.running {
			continue
		}
		try, cancel := context.WithTimeout(ctx, outageTimeout)
		err := lab.Await(try, "start of stranger "+name, func() error {
			// Its call is not cut off: an engine carries it out later.
			return n.Client().ContainerStart(ctx, was.id, container.StartOptions{})
		})
		cancel()
		now, inspected := conditionOf(ctx, n, name)
		if err := errors.Join(err, inspected); err != nil && ctx.Err() == nil {
			s.tell.note("stranger %s on %s stays ended: %v", name, n.Name, err)
		}
		if inspected != nil {
			continue
		}
		s.strangers.mu.Lock()
		b.containers[name] = now
		s.strangers.mu.Unlock()
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

const (
	crowdNetwork = "bench-crowd"
	// crowdParallel is how many calls foster has under way at once.
	crowdParallel = 16
)

// crowd is the engine's own: containers equal to foster's children, made by the same requests in the same order by a
// client that does nothing else. Their labels are not foster's.
type crowd struct {
	services []service
	equals   []equal
	network  network.CreateOptions
	slots    chan struct{}
}

// crowdLike copies what foster has made, once: was is what an earlier round has copied.
func (b *bench) crowdLike(ctx context.Context, all []service, was *crowd) (*crowd, error) {
	if was != nil {
		return was, nil
	}
	c := &crowd{services: all, slots: make(chan struct{}, crowdParallel)}
	made, err := b.api().NetworkInspect(ctx, manyProject+"_mesh", network.InspectOptions{})
	if err != nil {
		return nil, fmt.Errorf("look at the children's network: %w", err)
	}
	c.network = network.CreateOptions{Driver: made.Driver, Options: made.Options, Labels: relabelled(made.Labels)}
	for _, s := range all {
		got, err := b.api().ContainerInspect(ctx, s.fostered())
		if err != nil {
			return nil, fmt.Errorf("look at a child: %w", err)
		}
		e := equal{config: got.Config, host: got.HostConfig, networks: &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
			crowdNetwork: {Aliases: []string{s.crowded(), s.name}},
		}}}
		e.config.Labels, e.config.Hostname = relabelled(got.Config.Labels), ""
		e.host.NetworkMode = crowdNetwork
		c.equals = append(c.equals, e)
	}
	return c, nil
}

func relabelled(labels map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range labels {
		out["bench."+k] = v
	}
	return out
}

// crowded is a service's container name in the crowd.
func (s service) crowded() string { return crowdNetwork + "-" + s.name + "-1" }

// call makes one call of the engine as soon as there is a slot.
func (c *crowd) call(do func() error) error {
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	return do()
}

// create makes one container.
func (c *crowd) create(ctx context.Context, b *bench, i int) error {
	return c.call(func() error {
		e := c.equals[i]
		_, err := b.api().ContainerCreate(ctx, e.config, e.host, e.networks, nil, c.services[i].crowded())
		return err
	})
}

func (c *crowd) start(ctx context.Context, b *bench, i int) error {
	return c.call(func() error { return b.api().ContainerStart(ctx, c.services[i].crowded(), container.StartOptions{}) })
}

// launch creates the network and everybody on it. A container is started after those that it depends on; with waits it
// is created then too, as foster does.
func (c *crowd) launch(ctx context.Context, b *bench, waits bool) (times, error) {
	at := time.Now().UnixNano()
	if _, err := b.api().NetworkCreate(ctx, crowdNetwork, c.network); err != nil {
		return times{}, err
	}
	started := make([]chan struct{}, len(c.services))
	for i := range started {
		started[i] = make(chan struct{})
	}
	err := b.together(len(c.services), func(i int) error {
		defer close(started[i])
		needs := func() {
			for _, j := range c.services[i].needs {
				<-started[j]
			}
		}
		if waits {
			needs()
		}
		if err := c.create(ctx, b, i); err != nil {
			return err
		}
		needs()
		return c.start(ctx, b, i)
	})
	if err != nil {
		return times{}, err
	}
	t, err := b.timesOf(ctx, c.services, service.crowded, at)
	if err != nil {
		return times{}, err
	}
	return t, pause(ctx, settled)
}

// replace kills everybody at once and makes everybody anew, in no order.
func (c *crowd) replace(ctx context.Context, b *bench) (times, error) {
	at := time.Now().UnixNano()
	err := b.together(len(c.services), func(i int) error {
		name := c.services[i].crowded()
		if err := b.api().ContainerKill(ctx, name, "KILL"); err != nil {
			return err
		}
		if err := c.call(func() error { return b.api().ContainerRemove(ctx, name, container.RemoveOptions{}) }); err != nil {
			return err
		}
		if err := c.create(ctx, b, i); err != nil {
			return err
		}
		return c.start(ctx, b, i)
	})
	if err != nil {
		return times{}, err
	}
	t, err := b.timesOf(ctx, c.services, service.crowded, at, "die")
	if err != nil {
		return times{}, err
	}
	return t, pause(ctx, settled)
}

// remove takes everybody and the network away.
func (c *crowd) remove(ctx context.Context, b *bench) error {
	if err := b.together(len(c.services), func(i int) error {
		return c.call(func() error {
			return b.api().ContainerRemove(ctx, c.services[i].crowded(), container.RemoveOptions{Force: true})
		})
	}); err != nil {
		return fmt.Errorf("remove the baseline's containers: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, networkFree)
	defer cancel()
	for {
		err := b.api().NetworkRemove(ctx, crowdNetwork)
		if paused := pause(ctx, settled); err == nil || paused != nil {
			return errors.Join(paused, err)
		}
	}
}

// networkFree is how long the engine may take until it has forgotten the endpoints of removed containers.
const networkFree = 2 * time.Minute

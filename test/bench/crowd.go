package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/test/lab"
)

const (
	crowdNetwork = "bench-crowd"
	// As foster, the crowd has this many slots for its calls, and a call has one for this long: a slower one goes on
	// without, so that more can be under way.
	crowdParallel = 16
	slowCall      = 2 * time.Second
)

// crowd is the engine's own: containers equal to foster's children, made by the same requests in the same order by a
// client that does nothing else. Their labels are not foster's.
type crowd struct {
	services []service
	equals   []equal
	network  network.CreateOptions
	launches int
	slots    chan struct{}
}

// crowdLike copies what foster has made.
func (b *bench) crowdLike(ctx context.Context, all []service) (*crowd, error) {
	c := &crowd{services: all, slots: make(chan struct{}, crowdParallel)}
	var made network.Inspect
	if err := call(ctx, "look at the children's network", func(ctx context.Context) (err error) {
		made, err = b.api().NetworkInspect(ctx, manyProject+"_mesh", network.InspectOptions{})
		return err
	}); err != nil {
		return nil, err
	}
	c.network = network.CreateOptions{Driver: made.Driver, Options: made.Options, Labels: relabelled(made.Labels)}
	for _, s := range all {
		var got container.InspectResponse
		if err := call(ctx, "look at "+s.fostered(), func(ctx context.Context) (err error) {
			got, err = b.api().ContainerInspect(ctx, s.fostered())
			return err
		}); err != nil {
			return nil, err
		}
		e := equal{config: got.Config, host: got.HostConfig, networks: &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
			c.net(): {Aliases: []string{s.crowded(), s.name}},
		}}}
		e.config.Labels, e.config.Hostname = relabelled(got.Config.Labels), ""
		e.host.NetworkMode = container.NetworkMode(c.net())
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

// net is the name of the present launch's network: that of the one before may be there still.
func (c *crowd) net() string {
	return fmt.Sprintf("%s-%d-%d", crowdNetwork, len(c.services), c.launches)
}

// anew gives the next launch a network of its own.
func (c *crowd) anew() {
	was := c.net()
	c.launches++
	for _, e := range c.equals {
		all := e.networks.EndpointsConfig
		all[c.net()] = all[was]
		delete(all, was)
		e.host.NetworkMode = container.NetworkMode(c.net())
	}
}

// crowded is a service's container name in the crowd.
func (s service) crowded() string { return crowdNetwork + "-" + s.name + "-1" }

// call makes a call about one of them as soon as there is a slot, as foster does.
func (c *crowd) call(ctx context.Context, what string, i int, do func(ctx context.Context, name string) error) error {
	name := c.services[i].crowded()
	return call(ctx, what+" "+name, func(ctx context.Context) error {
		select {
		case c.slots <- struct{}{}:
		case <-ctx.Done():
			return errors.New("no slot")
		}
		free := sync.OnceFunc(func() { <-c.slots })
		defer free()
		late := time.AfterFunc(slowCall, free)
		defer late.Stop()
		return do(ctx, name)
	})
}

// create makes one container.
func (c *crowd) create(ctx context.Context, b *bench, i int) error {
	return c.call(ctx, "create", i, func(ctx context.Context, name string) error {
		e := c.equals[i]
		_, err := b.api().ContainerCreate(ctx, e.config, e.host, e.networks, nil, name)
		return err
	})
}

func (c *crowd) start(ctx context.Context, b *bench, i int) error {
	return c.call(ctx, "start", i, func(ctx context.Context, name string) error {
		return b.api().ContainerStart(ctx, name, container.StartOptions{})
	})
}

// measure is one round of the engine's own.
func (c *crowd) measure(ctx context.Context, b *bench, m *measured) error {
	if err := b.phase("the engine's launch, creates in order", func() error {
		at := time.Now().UnixNano()
		t, err := c.launch(ctx, b, true)
		m.bases.add(t.created, t.started)
		m.baseWholes.add(at, t.started)
		return err
	}); err != nil {
		return err
	}
	if err := b.phase("the engine's kill and replacement of all", func() error {
		t, err := c.replace(ctx, b)
		m.killed.add(t.died, t.started)
		return err
	}); err != nil {
		return err
	}
	remove := func() error { return c.remove(ctx, b) }
	if err := b.phase("the engine's removal of all", remove); err != nil {
		return err
	}
	if err := b.phase("the engine's launch, all creates at once", func() error {
		t, err := c.launch(ctx, b, false)
		m.eager.add(t.created, t.started)
		return err
	}); err != nil {
		return err
	}
	return b.phase("the engine's second removal of all", remove)
}

// launch creates the network and everybody on it. A container is started after those that it depends on; with waits it
// is created then too, as foster does.
func (c *crowd) launch(ctx context.Context, b *bench, waits bool) (times, error) {
	c.anew()
	at := time.Now().UnixNano()
	if err := call(ctx, "create the network", func(ctx context.Context) error {
		_, err := b.api().NetworkCreate(ctx, c.net(), c.network)
		return err
	}); err != nil {
		return times{}, err
	}
	started := make([]chan struct{}, len(c.services))
	for i := range started {
		started[i] = make(chan struct{})
	}
	needs := func(ctx context.Context, i int) error {
		for _, j := range c.services[i].needs {
			select {
			case <-started[j]:
			case <-ctx.Done():
				return fmt.Errorf("%s waits for %s: %w", c.services[i].crowded(), c.services[j].crowded(), context.Cause(ctx))
			}
		}
		return nil
	}
	if err := together(ctx, len(c.services), func(ctx context.Context, i int) error {
		if waits {
			if err := needs(ctx, i); err != nil {
				return err
			}
		}
		if err := c.create(ctx, b, i); err != nil {
			return err
		}
		if err := needs(ctx, i); err != nil {
			return err
		}
		if err := c.start(ctx, b, i); err != nil {
			return err
		}
		close(started[i])
		return nil
	}); err != nil {
		return times{}, err
	}
	t, err := b.timesOf(ctx, c.services, service.crowded, at)
	if err != nil {
		return times{}, err
	}
	return t, lab.Pause(ctx, settled)
}

// replace kills everybody at once and makes everybody anew, in no order.
func (c *crowd) replace(ctx context.Context, b *bench) (times, error) {
	at := time.Now().UnixNano()
	if err := together(ctx, len(c.services), func(ctx context.Context, i int) error {
		if err := b.killOne(ctx, c.services[i].crowded(), at); err != nil {
			return err
		}
		if err := c.call(ctx, "remove", i, func(ctx context.Context, name string) error {
			return b.api().ContainerRemove(ctx, name, container.RemoveOptions{})
		}); err != nil {
			return err
		}
		if err := c.create(ctx, b, i); err != nil {
			return err
		}
		return c.start(ctx, b, i)
	}); err != nil {
		return times{}, err
	}
	t, err := b.timesOf(ctx, c.services, service.crowded, at, "die")
	if err != nil {
		return times{}, err
	}
	return t, lab.Pause(ctx, settled)
}

// remove takes everybody and the network away.
func (c *crowd) remove(ctx context.Context, b *bench) error {
	if err := together(ctx, len(c.services), func(ctx context.Context, i int) error {
		return c.call(ctx, "remove", i, func(ctx context.Context, name string) error {
			return b.api().ContainerRemove(ctx, name, container.RemoveOptions{Force: true})
		})
	}); err != nil {
		return err
	}
	for until := time.Now().Add(networkFree); ; {
		err := call(ctx, "remove the network", func(ctx context.Context) error { return b.api().NetworkRemove(ctx, c.net()) })
		if paused := lab.Pause(ctx, settled); err == nil || paused != nil {
			return errors.Join(paused, err)
		}
		if time.Now().After(until) {
			// Under load an engine now and then counts an endpoint of a container that it has removed for ever: foster's
			// log would name the network. Nothing here needs it any more, and it ends with the engine.
			b.say("  the engine does not let go of network %s: %v", c.net(), err)
			return nil
		}
		// It may also just have forgotten to remove the endpoint: force takes that away.
		for _, s := range c.services {
			_ = b.api().NetworkDisconnect(ctx, c.net(), s.crowded(), true) // most have none
		}
	}
}

// networkFree is how long the engine may take until it has forgotten the endpoints of removed containers.
const networkFree = 20 * time.Second

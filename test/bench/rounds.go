package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/test/lab"
)

const baseName = "bench-base"

// faults measures kill → running and cut → attached on one network. Each round is one of the engine's and one of
// foster's, so that whatever else the machine does meets both.
func (b *bench) faults(ctx context.Context, r *report, n networkKind) error {
	b.say("%s: %d rounds of kill and cut", n.driver, b.rounds)
	id, err := b.launch(ctx, n)
	if err != nil {
		return err
	}
	equal, err := b.equal(ctx)
	if err != nil {
		return err
	}
	var kills, cuts, creates, replaces, connects samples
	points := []string{"die", "destroy", "create", "start"}
	kill, create, replace := newStages(points...), newStages("call", "create", "start"), newStages(points...)
	for range b.rounds {
		stamps, err := b.create(ctx, equal)
		if err != nil {
			return fmt.Errorf("baseline of kill: %w", err)
		}
		creates.add(stamps[0], stamps[2])
		create.add(stamps)
		if stamps, err = b.replace(ctx, equal); err != nil {
			return fmt.Errorf("baseline of kill: %w", err)
		}
		replaces.add(stamps[0], stamps[3])
		replace.add(stamps)
		if err := b.discard(ctx); err != nil {
			return fmt.Errorf("baseline of kill: %w", err)
		}
		if stamps, err = b.kill(ctx); err != nil {
			return fmt.Errorf("kill: %w", err)
		}
		kills.add(stamps[0], stamps[3])
		kill.add(stamps)
	}
	if err := equal.make(ctx, b); err != nil {
		return err
	}
	for range b.rounds {
		called, connected, err := b.connect(ctx, equal, n)
		if err != nil {
			return fmt.Errorf("baseline of cut: %w", err)
		}
		connects.add(called, connected)
		cut, back, err := b.cut(ctx, n)
		if err != nil {
			return fmt.Errorf("cut: %w", err)
		}
		cuts.add(cut, back)
	}
	if err := b.discard(ctx); err != nil {
		return fmt.Errorf("baseline of cut: %w", err)
	}
	r.add(versus("kill → running, "+n.driver, kills, creates, 1.3))
	r.add(versus("  beside the engine's own rm, create, start", kills, replaces, 0))
	r.add(versus("cut → attached, "+n.driver, cuts, connects, 1.3))
	r.Paths = append(r.Paths, kill.path("foster, "+n.driver), replace.path("engine, "+n.driver), create.path("engine, "+n.driver))
	return b.end(ctx, id)
}

// equal is a container like the child under another name, and without the labels by which foster knows its own.
type equal struct {
	config   *container.Config
	host     *container.HostConfig
	networks *network.NetworkingConfig
}

// equal copies what foster made of the child.
func (b *bench) equal(ctx context.Context) (equal, error) {
	c, err := b.api().ContainerInspect(ctx, childName)
	if err != nil {
		return equal{}, fmt.Errorf("look at the child: %w", err)
	}
	e := equal{config: c.Config, host: c.HostConfig, networks: &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{}}}
	labels := map[string]string{}
	for k, v := range c.Config.Labels {
		labels["bench."+k] = v
	}
	e.config.Labels, e.config.Hostname = labels, ""
	for name := range c.NetworkSettings.Networks {
		e.networks.EndpointsConfig[name] = &network.EndpointSettings{Aliases: []string{"base"}}
	}
	return e, nil
}

// make creates and starts the container.
func (e equal) make(ctx context.Context, b *bench) error {
	c, err := b.api().ContainerCreate(ctx, e.config, e.host, e.networks, nil, baseName)
	if err != nil {
		return fmt.Errorf("create a container: %w", err)
	}
	if err := b.api().ContainerStart(ctx, c.ID, container.StartOptions{}); err != nil {
		return fmt.Errorf("start a container: %w", err)
	}
	return nil
}

// create makes and starts the container: the stamps of the call, of create and of start.
func (b *bench) create(ctx context.Context, e equal) ([]int64, error) {
	called := time.Now().UnixNano()
	if err := e.make(ctx, b); err != nil {
		return nil, err
	}
	stamps, err := b.follow(ctx, baseName, called, "create", "start")
	if err != nil {
		return nil, err
	}
	return append([]int64{called}, stamps...), lab.Pause(ctx, settled)
}

// replace does by hand what foster does, with nothing to find out and nobody to ask: the least that the engine needs
// for it right after a death, when it still cleans up behind the dead container. The stamps of die, destroy, create
// and start.
func (b *bench) replace(ctx context.Context, e equal) ([]int64, error) {
	at := time.Now().UnixNano()
	if err := b.api().ContainerKill(ctx, baseName, "KILL"); err != nil { // which answers when the engine has cleaned up
		return nil, fmt.Errorf("kill a container: %w", err)
	}
	if err := b.api().ContainerRemove(ctx, baseName, container.RemoveOptions{}); err != nil {
		return nil, fmt.Errorf("remove a container: %w", err)
	}
	if err := e.make(ctx, b); err != nil {
		return nil, err
	}
	stamps, err := b.follow(ctx, baseName, at, "die", "destroy", "create", "start")
	if err != nil {
		return nil, err
	}
	return stamps, lab.Pause(ctx, settled)
}

// discard removes the container.
func (b *bench) discard(ctx context.Context) error {
	if err := b.api().ContainerRemove(ctx, baseName, container.RemoveOptions{Force: true}); err != nil {
		return fmt.Errorf("remove a container: %w", err)
	}
	return lab.Pause(ctx, settled)
}

// kill kills the child: the stamps of die and destroy, and of create and start of the next.
func (b *bench) kill(ctx context.Context) ([]int64, error) {
	at := time.Now().UnixNano()
	if err := b.api().ContainerKill(ctx, childName, "KILL"); err != nil {
		return nil, err
	}
	stamps, err := b.follow(ctx, childName, at, "die", "destroy", "create", "start")
	if err != nil {
		return nil, err
	}
	return stamps, lab.Pause(ctx, settled)
}

// follow waits for actions on a container, each after the one before, and returns their stamps.
func (b *bench) follow(ctx context.Context, name string, after int64, actions ...string) ([]int64, error) {
	var stamps []int64
	for _, action := range actions {
		at, err := b.stamp(ctx, lab.Type("container"), lab.Action(action), lab.Container(name), lab.After(after))
		if err != nil {
			return nil, err
		}
		stamps = append(stamps, at)
		after = at
	}
	return stamps, nil
}

// connect is the engine's own: the stamps of its call and its event.
func (b *bench) connect(ctx context.Context, e equal, n networkKind) (called, connected int64, err error) {
	c, err := b.api().ContainerInspect(ctx, baseName)
	if err != nil {
		return 0, 0, err
	}
	if err := b.api().NetworkDisconnect(ctx, n.name, c.ID, false); err != nil {
		return 0, 0, err
	}
	if err := lab.Pause(ctx, settled/4); err != nil {
		return 0, 0, err
	}
	// The call keeps what it is given.
	raw, err := json.Marshal(e.networks.EndpointsConfig[n.name])
	if err != nil {
		return 0, 0, err
	}
	var ep network.EndpointSettings
	if err := json.Unmarshal(raw, &ep); err != nil {
		return 0, 0, err
	}
	called = time.Now().UnixNano()
	if err := b.api().NetworkConnect(ctx, n.name, c.ID, &ep); err != nil {
		return 0, 0, err
	}
	connected, err = b.stamp(ctx, lab.Type("network"), lab.Action("connect"), lab.Container(c.ID), lab.After(called))
	return called, connected, err
}

// cut takes the child off its network: the stamps of disconnect and connect.
func (b *bench) cut(ctx context.Context, n networkKind) (cut, back int64, err error) {
	c, err := b.api().ContainerInspect(ctx, childName)
	if err != nil {
		return 0, 0, err
	}
	at := time.Now().UnixNano()
	if err := b.api().NetworkDisconnect(ctx, n.name, c.ID, false); err != nil {
		return 0, 0, err
	}
	if cut, err = b.stamp(ctx, lab.Type("network"), lab.Action("disconnect"), lab.Container(c.ID), lab.After(at)); err != nil {
		return 0, 0, err
	}
	if back, err = b.stamp(ctx, lab.Type("network"), lab.Action("connect"), lab.Container(c.ID), lab.After(cut)); err != nil {
		return 0, 0, err
	}
	return cut, back, lab.Pause(ctx, settled)
}

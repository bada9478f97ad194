package lab

import (
	"context"
	"fmt"

	"github.com/docker/docker/api/types/swarm"
)

// swarmPort is where managers listen.
const swarmPort = ":2377"

// startSwarm makes node 1 the manager and the other nodes workers. It returns when the manager sees all of them ready.
func (l *Lab) startSwarm(ctx context.Context) error {
	manager := l.nodes[0]
	if _, err := manager.Client().SwarmInit(ctx, swarm.InitRequest{
		ListenAddr:    manager.Address() + swarmPort,
		AdvertiseAddr: manager.Address(),
	}); err != nil {
		return fmt.Errorf("init the swarm: %w", err)
	}
	for _, n := range l.nodes[1:] {
		if err := n.Join(ctx, manager); err != nil {
			return err
		}
	}
	return Await(ctx, "the swarm's nodes", func() error {
		nodes, err := manager.Client().NodeList(ctx, swarm.NodeListOptions{})
		if err != nil {
			return err
		}
		ready := 0
		for _, n := range nodes {
			if n.Status.State == swarm.NodeStateReady {
				ready++
			}
		}
		if ready != len(l.nodes) {
			return fmt.Errorf("%d of %d are ready", ready, len(l.nodes))
		}
		return nil
	})
}

// Join makes the node a worker of the manager's swarm; after a leave, it gets a new node ID.
func (n *Node) Join(ctx context.Context, manager *Node) error {
	s, err := manager.Client().SwarmInspect(ctx)
	if err != nil {
		return fmt.Errorf("ask %s for the swarm's token: %w", manager.Name, err)
	}
	if err := n.Client().SwarmJoin(ctx, swarm.JoinRequest{
		ListenAddr:    n.Address() + swarmPort,
		AdvertiseAddr: n.Address(),
		RemoteAddrs:   []string{manager.Address() + swarmPort},
		JoinToken:     s.JoinTokens.Worker,
	}); err != nil {
		return fmt.Errorf("join %s to the swarm: %w", n.Name, err)
	}
	return nil
}

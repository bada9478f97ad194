package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/volume"

	"foster/test/lab"
)

// errLab: the soak itself, or its lab, does not work. That ends the soak without a verdict on foster.
var errLab = errors.New("the lab is broken")

// outage ends, stops or isolates a node, and brings it back.
func (s *soak) outage(ctx context.Context, f fault) error {
	n, run := s.nodes[f.node-1], ctx
	// Whatever happens, the node comes back: a soak that is broken off ends with its lab.
	ctx, cancel := context.WithTimeout(ctx, 2*outageTimeout)
	defer cancel()
	var err error
	switch f.kind {
	case "engine-freeze":
		if err = n.Pause(ctx); err == nil {
			_ = lab.Pause(ctx, f.length)
			err = n.Resume(ctx)
		}
	case "wire-cut":
		if err = n.Cut(ctx); err == nil {
			_ = lab.Pause(ctx, f.length)
			err = n.Heal(ctx)
		}
	default:
		if err = s.blackout(ctx, f, n); err == nil {
			s.revivals.Go(func() { s.revive(run, n) }) // it is no part of the fault: foster is to recover meanwhile
		}
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", f, err), errLab)
	}
	return nil
}

// blackout is an outage that the engine does not survive. Its containers are stopped, killed or dead; when it is back it
// starts again what has a restart policy, and nothing else.
func (s *soak) blackout(ctx context.Context, f fault, n *node) error {
	s.ledger.meddle(n.Name, 1)
	defer s.ledger.meddle(n.Name, -1)
	var err error
	switch f.kind {
	case "engine-term":
		// An engine that hangs in its shutdown gets what an init system would give it.
		stop, cancel := context.WithTimeout(ctx, outageTimeout)
		if err = n.StopEngine(stop); err != nil && stop.Err() != nil {
			s.tell.note("the engine on %s did not stop within %s: killed", n.Name, outageTimeout)
			err = n.KillEngine(ctx)
		}
		cancel()
	case "engine-kill":
		err = n.KillEngine(ctx)
	case "power-cut":
		err = n.Crash(ctx)
	}
	if err != nil {
		return err
	}
	s.ledger.engineEnded(n.Name)
	_ = lab.Pause(ctx, f.length) // it is started again whatever happens
	if f.kind == "power-cut" {
		err = n.Boot(ctx)
	} else {
		err = n.StartEngine(ctx)
	}
	if err != nil {
		return err
	}
	dangling, err := n.Client().VolumeList(ctx, volume.ListOptions{Filters: filters.NewArgs(filters.Arg("dangling", "true"))})
	if err != nil {
		return err
	}
	for _, v := range dangling.Volumes {
		s.ledger.unborn(n.Name, v.Name)
	}
	if err := s.comeBack(ctx, n); err != nil {
		s.ledger.breach(place{node: n.Name, project: "strangers"}, "%v", err)
	}
	return nil
}

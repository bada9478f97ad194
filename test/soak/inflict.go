package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"foster/test/lab"
)

// errAbsent: the victim is not there at this moment.
var errAbsent = errors.New("not there at this moment")

// inflict does one fault, and returns when it has ceased. An error says that it could not be done, mostly because
// another fault of the round was there first: that is told, and no failure.
func (s *soak) inflict(ctx context.Context, f fault) error {
	switch k := kindOf(f.kind); k.aim {
	case atNode:
		return s.outage(ctx, f)
	case atHost:
		return s.harmHost(ctx, f)
	case atService:
		return s.harmService(ctx, f)
	case atProject:
		return s.harmProject(ctx, f)
	default:
		n, id, err := s.victim(ctx, f)
		if err != nil {
			return err
		}
		return s.harm(ctx, f, n, id)
	}
}

func kindOf(name string) kind {
	return kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })]
}

// victim finds the container that a fault is meant for.
func (s *soak) victim(ctx context.Context, f fault) (*node, string, error) {
	for _, n := range s.nodes {
		if f.node > 0 && f.node != n.index {
			continue
		}
		labels := filters.NewArgs(filters.Arg("label", labelProject+"="+f.project()), filters.Arg("label", labelChild+"="+f.child))
		if f.child == "" {
			labels = filters.NewArgs(filters.Arg("label", labelService+"="+f.who.service))
		}
		ask, cancel := context.WithTimeout(ctx, callTimeout)
		list, err := n.Client().ContainerList(ask, container.ListOptions{Filters: labels, All: f.kind == "rm"})
		cancel()
		if err != nil {
			return nil, "", err
		}
		for _, c := range list {
			if f.child != "" || f.slot == 0 || f.slot == slotOf(f.who.service, c.Labels[labelTaskName]) {
				return n, c.ID, nil
			}
		}
	}
	return nil, "", errAbsent
}

// harm does something to one container, of a child or of foster.
func (s *soak) harm(ctx context.Context, f fault, n *node, id string) error {
	ctx, cancel := context.WithTimeout(ctx, faultTimeout)
	defer cancel()
	api := n.Client()
	grace := 5
	switch strings.TrimPrefix(f.kind, "foster-") {
	case "kill":
		sig := "KILL"
		if f.twist && f.child != "" {
			sig = "TERM"
		}
		return api.ContainerKill(ctx, id, sig)
	case "stop":
		return api.ContainerStop(ctx, id, container.StopOptions{Timeout: &grace})
	case "restart":
		return api.ContainerRestart(ctx, id, container.StopOptions{Timeout: &grace})
	case "rm":
		if f.twist && f.blind(n.index) {
			c, err := api.ContainerInspect(ctx, id)
			if err != nil {
				return err
			}
			// Before the removal: an engine that is killed may have carried it out whatever it answers.
			s.ledger.spare(n.Name, anonymousOf(c)...)
		}
		return api.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: !f.twist})
	case "crash":
		return n.KillContainerProcess(ctx, id, syscall.SIGKILL)
	case "pause":
		if err := api.ContainerPause(ctx, id); err != nil {
			return err
		}
		_ = lab.Pause(ctx, f.length)
		return api.ContainerUnpause(ctx, id)
	case "cut":
		return cut(ctx, n, id, f.twist)
	case "sick":
		_, err := n.Docker(ctx, "exec", id, "touch", "/tmp/sick")
		return err
	}
	return fmt.Errorf("no such fault: %s", f.kind)
}

// cut takes a container off its networks, off all of them by force or off the first in order.
func cut(ctx context.Context, n *node, id string, all bool) error {
	c, err := n.Client().ContainerInspect(ctx, id)
	if err != nil {
		return err
	}
	names := sortedKeys(c.NetworkSettings.Networks)
	if len(names) == 0 {
		return errAbsent
	}
	if !all {
		names = names[:1]
	}
	var errs []error
	for _, name := range names {
		errs = append(errs, n.Client().NetworkDisconnect(ctx, name, id, all))
	}
	return errors.Join(errs...)
}

// harmProject does something to all of a project on one node at once.
func (s *soak) harmProject(ctx context.Context, f fault) error {
	ctx, cancel := context.WithTimeout(ctx, faultTimeout)
	defer cancel()
	for _, n := range s.nodes {
		if f.node > 0 && f.node != n.index {
			continue
		}
		label := filters.NewArgs(filters.Arg("label", labelProject+"="+f.project()))
		list, err := n.Client().ContainerList(ctx, container.ListOptions{Filters: label})
		if err != nil {
			return err
		}
		if len(list) == 0 {
			continue
		}
		if f.kind == "network-rm" {
			return s.removeNetwork(ctx, n, label, f.twist)
		}
		errs := make(chan error, len(list))
		for _, c := range list {
			go func() {
				if f.twist {
					errs <- n.Client().ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
				} else {
					errs <- n.Client().ContainerKill(ctx, c.ID, "KILL")
				}
			}()
		}
		var all []error
		for range list {
			all = append(all, <-errs)
		}
		return errors.Join(all...)
	}
	return errAbsent
}

// removeNetwork takes a network that foster has created from under its children, the first or the last in order.
func (s *soak) removeNetwork(ctx context.Context, n *node, label filters.Args, last bool) error {
	list, err := n.Client().NetworkList(ctx, network.ListOptions{Filters: label})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return errAbsent
	}
	slices.SortFunc(list, func(a, b network.Summary) int { return strings.Compare(a.Name, b.Name) })
	id := list[0].ID
	if last {
		id = list[len(list)-1].ID
	}
	full, err := n.Client().NetworkInspect(ctx, id, network.InspectOptions{})
	if err != nil {
		return err
	}
	var errs []error
	for member := range full.Containers {
		errs = append(errs, n.Client().NetworkDisconnect(ctx, id, member, true))
	}
	return errors.Join(append(errs, n.Client().NetworkRemove(ctx, id))...)
}

// harmService does something that an operator of the swarm does. It may not be left half done: while the manager is
// away, it is tried again.
func (s *soak) harmService(ctx context.Context, f fault) error {
	ctx, cancel := context.WithTimeout(ctx, outageTimeout)
	defer cancel()
	service := f.who.service
	switch f.kind {
	case "update":
		return s.insist(ctx, "service", "update", "--detach", "--force", "--update-order", "stop-first", service)
	case "start-first":
		return s.insist(ctx, "service", "update", "--detach", "--force", "--update-order", "start-first", service)
	}
	scale := 1
	if f.twist || f.who.replicas == 1 {
		scale = f.who.replicas + 1
	}
	if err := s.insist(ctx, "service", "scale", "--detach", fmt.Sprintf("%s=%d", service, scale)); err != nil {
		return err
	}
	_ = lab.Pause(ctx, f.length)
	return s.insist(ctx, "service", "scale", "--detach", fmt.Sprintf("%s=%d", service, f.who.replicas))
}

// insist runs the docker CLI on the manager until it succeeds.
func (s *soak) insist(ctx context.Context, args ...string) error {
	for {
		ask, cancel := context.WithTimeout(ctx, callTimeout)
		_, err := s.manager().Docker(ask, args...)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
		_ = lab.Pause(ctx, 500*time.Millisecond)
	}
}

// harmHost does something to the foster on a host.
func (s *soak) harmHost(ctx context.Context, f fault) error {
	switch f.kind {
	case "host-kill":
		return s.host.signal(syscall.SIGKILL)
	case "host-term":
		return s.host.signal(syscall.SIGTERM)
	}
	if err := s.host.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	_ = lab.Pause(ctx, f.length)
	return s.host.signal(syscall.SIGCONT)
}

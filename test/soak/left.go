package main

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
)

// leaveTimeout is how long the stop of everything may take: ten seconds of grace, after two that Swarm needs for the
// endpoints of a service, and the engines' own time for three nodes at once on a small machine.
const leaveTimeout = 60 * time.Second

// leave stops everything and waits until nothing is left of it, on any node.
func (s *soak) leave(ctx context.Context) error {
	begun := time.Now()
	s.stopHost()
	if err := s.insist(ctx, "stack", "rm", stackName); err != nil {
		return fmt.Errorf("remove the stack: %w", err)
	}
	if err := <-s.hostEnded; err != nil {
		return s.ledger.breach(place{s.host.node.Name, "hosted", ""}, "the foster on a host ended with an error: %v", err)
	}
	for {
		lacks := s.left(ctx)
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if len(lacks) == 0 {
			s.report.Leaving = time.Since(begun)
			return nil
		}
		if time.Since(begun) > leaveTimeout {
			return s.ledger.breach(lacks[0].at, "left %s after the stacks were removed: %s", leaveTimeout, told(lacks))
		}
		pause(ctx, 300*time.Millisecond)
	}
}

// anonymous is the name that an engine gives to a volume without one.
var anonymous = regexp.MustCompile(`^[0-9a-f]{64}$`)

// left says what of foster's is on the engines: containers, networks, and volumes without a name that its children had.
func (s *soak) left(ctx context.Context) []lack {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var lacks []lack
	for _, n := range s.nodes {
		api := n.Client()
		add := func(project, format string, args ...any) {
			if s.excused(project) {
				return
			}
			lacks = append(lacks, lack{place{n.Name, project, ""}, fmt.Sprintf(format, args...)})
		}
		containers, err := api.ContainerList(ctx, container.ListOptions{All: true})
		if err != nil {
			add("", "its containers cannot be listed: %v", err)
		}
		for _, c := range containers {
			if project := c.Labels[labelProject]; project != "" {
				add(project, "container %s %s", strings.Join(c.Names, " "), c.Status)
			} else if strings.HasPrefix(c.Labels[labelService], stackName+"_") && c.State == container.StateRunning {
				// One that has ended is Swarm's alone: it keeps some for its history, and forgets them when their engine restarts.
				add(c.Labels[labelService], "the task's container %.12s %s", c.ID, c.Status)
			}
		}
		networks, err := api.NetworkList(ctx, network.ListOptions{})
		if err != nil {
			add("", "its networks cannot be listed: %v", err)
		}
		for _, net := range networks {
			if project := net.Labels[labelProject]; project != "" {
				add(project, "network %s", net.Name)
			}
		}
		volumes, err := api.VolumeList(ctx, volume.ListOptions{})
		if err != nil {
			add("", "its volumes cannot be listed: %v", err)
		}
		for _, v := range volumes.Volumes {
			if at, id, ok := s.ledger.volumeOf(n.Name, v.Name); ok && anonymous.MatchString(v.Name) {
				add(at.project, "the anonymous volume %.12s of %s, which was in %.12s", v.Name, at.child, id)
			}
		}
	}
	return lacks
}

// spare forgets the volumes of a container that was removed without them while its foster may have been dead: nothing
// tells them from anybody's then. A foster that lives removes them.
func (l *ledger) spare(node, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.volumes[node], func(_, owner string) bool { return owner == id })
}

// volumeOf is the child whose volume it was.
func (l *ledger) volumeOf(node, name string) (place, string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id, ok := l.volumes[node][name]
	return l.owner[id], id, ok
}

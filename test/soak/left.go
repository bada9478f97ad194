package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"foster/test/lab"
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
		if err := lab.Pause(ctx, 300*time.Millisecond); err != nil {
			return context.Cause(ctx)
		}
	}
}

// anonymous is the name that an engine gives to a volume without one.
var anonymous = regexp.MustCompile(`^[0-9a-f]{64}$`)

// anonymousOf are the volumes without a name that a container has.
func anonymousOf(c container.InspectResponse) []string {
	var names []string
	for _, m := range c.Mounts {
		if m.Type == mount.TypeVolume && anonymous.MatchString(m.Name) {
			names = append(names, m.Name)
		}
	}
	slices.Sort(names)
	return names
}

// ownNetworks are the engine's, Swarm's and the soak's.
var ownNetworks = []string{"bridge", "host", "none", "ingress", "docker_gwbridge", sharedNetwork}

// ended are the states of a task's container that is Swarm's alone: it keeps some for its history, and forgets them when
// their engine restarts.
var ended = []container.ContainerState{container.StateExited, container.StateCreated, container.StateDead}

// left says what is on the engines that is neither theirs nor a stranger's: containers, networks, and volumes without a
// name. It goes by what may be there, and not by what foster's labels say.
func (s *soak) left(ctx context.Context) []lack {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var lacks []lack
	for _, n := range s.nodes {
		api := n.Client()
		add := func(project, format string, args ...any) {
			if project != "" && s.excused(project) {
				return
			}
			lacks = append(lacks, lack{place{n.Name, project, ""}, fmt.Sprintf(format, args...)})
		}
		containers, err := api.ContainerList(ctx, container.ListOptions{All: true})
		if err != nil {
			add("", "its containers cannot be listed: %v", err)
		}
		for _, c := range containers {
			service := c.Labels[labelService]
			switch project := c.Labels[labelProject]; {
			case s.ledger.strange(n.Name, c.ID):
			case project != "":
				add(project, "container %s %s", strings.Join(c.Names, " "), c.Status)
			case !strings.HasPrefix(service, stackName+"_"):
				add("", "container %s %s", strings.Join(c.Names, " "), c.Status)
			case !slices.Contains(ended, c.State):
				add(service, "the task's container %.12s %s", c.ID, c.Status)
			}
		}
		networks, err := api.NetworkList(ctx, network.ListOptions{})
		if err != nil {
			add("", "its networks cannot be listed: %v", err)
		}
		for _, net := range networks {
			project := net.Labels[labelProject]
			if project != "" || !s.ledger.strange(n.Name, net.ID) && !slices.Contains(ownNetworks, net.Name) {
				add(project, "network %s", net.Name)
			}
		}
		volumes, err := api.VolumeList(ctx, volume.ListOptions{})
		if err != nil {
			add("", "its volumes cannot be listed: %v", err)
		}
		for _, v := range volumes.Volumes {
			if at, where, excess := s.ledger.excess(n.Name, v.Name); excess && anonymous.MatchString(v.Name) {
				add(at.project, "the anonymous volume %.12s %s", v.Name, where)
			}
		}
	}
	return lacks
}

// spare forgets volumes that nobody can tell from anybody's: those of a container that is removed without them while its
// foster may be dead. A foster that lives removes them.
func (l *ledger) spare(node string, names ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names {
		l.spared[node+" "+name] = true
	}
}

// unborn spares those that have never been in a container, among the volumes that are in none when an engine is back
// from its end: it was making their containers, and nobody was told of them.
func (l *ledger) unborn(node string, names ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names {
		if _, heard := l.volumes[node+" "+name]; !heard {
			l.spared[node+" "+name] = true
		}
	}
}

// excess says whether a volume without a name has no reason to be there, and which child's it was, if that was told.
func (l *ledger) excess(node, name string) (at place, where string, excess bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := node + " " + name
	if _, strange := l.strangers[key]; strange || l.spared[key] {
		return place{}, "", false
	}
	id, heard := l.volumes[key]
	if !heard {
		return place{}, "of nobody's that was told", true
	}
	at = l.owner[id]
	return at, fmt.Sprintf("of %s, which was in %.12s", at.child, id), true
}

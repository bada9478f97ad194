package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
)

// lack is something that keeps the soak from being whole.
type lack struct {
	at   place
	what string
}

func (l lack) String() string { return l.at.String() + ": " + l.what }

// look asks all engines once, and says what is not as it has to be: nothing, when all is whole. That is,
//
//   - each service has the tasks that it is to have, and no update of it is on its way;
//   - where a task runs, its project is there: one container of each child, running, healthy where it has a healthcheck,
//     attached to its networks as container and network agree, in the namespace of the present run of whom it shares;
//   - nothing of foster's is anywhere else.
func (s *soak) look(ctx context.Context) []lack {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var (
		mu    sync.Mutex
		lacks []lack
		tasks = map[string]int{}            // running, of each service
		on    = map[string]map[string]int{} // the same, by node
	)
	add := func(l ...lack) {
		mu.Lock()
		defer mu.Unlock()
		lacks = append(lacks, l...)
	}
	s.each(func(_ int, n *node) {
		all, err := n.Client().ContainerList(ctx, container.ListOptions{All: true})
		if err != nil {
			add(lack{place{node: n.Name}, "its engine does not answer: " + err.Error()})
			return
		}
		wanted := map[string]*launcher{} // projects
		mine := map[string]int{}
		for _, l := range s.launchers {
			if l.service == "" && l.nodes[0] == n.index {
				wanted[l.project] = l
			}
			for _, c := range all {
				if l.service != "" && c.Labels[labelService] == l.service && c.State == container.StateRunning {
					wanted[l.projectOf(slotOf(l.service, c.Labels[labelTaskName]))] = l
					mine[l.service]++
				}
			}
		}
		add(s.lookAt(ctx, n, all, wanted)...)
		mu.Lock()
		defer mu.Unlock()
		on[n.Name] = mine
		for service, count := range mine {
			tasks[service] += count
		}
	})
	for _, l := range s.launchers {
		switch {
		case l.service == "":
		case l.replicas > 0 && tasks[l.service] != l.replicas:
			add(lack{place{"the swarm", l.service, ""}, fmt.Sprintf("%d of %d tasks run", tasks[l.service], l.replicas)})
		case l.replicas == 0:
			for _, index := range l.nodes {
				if name := s.nodes[index-1].Name; on[name][l.service] != 1 {
					add(lack{place{name, l.service, ""}, fmt.Sprintf("%d tasks run, it is to be one", on[name][l.service])})
				}
			}
		}
	}
	add(s.updates(ctx)...)
	slices.SortFunc(lacks, func(a, b lack) int { return strings.Compare(a.String(), b.String()) })
	return lacks
}

// updates asks the manager for updates that are not at their end.
func (s *soak) updates(ctx context.Context) []lack {
	services, err := s.manager().Client().ServiceList(ctx, swarm.ServiceListOptions{})
	if err != nil {
		return []lack{{place{node: "the swarm"}, "the manager does not answer: " + err.Error()}}
	}
	var lacks []lack
	for _, sv := range services {
		if u := sv.UpdateStatus; u != nil && u.State != swarm.UpdateStateCompleted {
			lacks = append(lacks, lack{place{"the swarm", sv.Spec.Name, ""}, fmt.Sprintf("its update is %s: %s", u.State, u.Message)})
		}
	}
	return lacks
}

// lookAt compares one node with the projects that it is to have.
func (s *soak) lookAt(ctx context.Context, n *node, all []container.Summary, wanted map[string]*launcher) []lack {
	var lacks []lack
	found := map[place][]container.Summary{}
	for _, c := range all {
		if project := c.Labels[labelProject]; project != "" {
			at := place{n.Name, project, c.Labels[labelChild]}
			found[at] = append(found[at], c)
			if wanted[project] == nil && !s.excused(project) {
				lacks = append(lacks, lack{at, fmt.Sprintf("left over: container %.12s, %s", c.ID, c.Status)})
			}
		}
	}
	networks, err := n.Client().NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return append(lacks, lack{place{node: n.Name}, "its networks cannot be listed: " + err.Error()})
	}
	for _, net := range networks {
		if project := net.Labels[labelProject]; project != "" && wanted[project] == nil && !s.excused(project) {
			lacks = append(lacks, lack{place{n.Name, project, ""}, "left over: network " + net.Name})
		}
	}
	for project, l := range wanted {
		owners := map[string]container.InspectResponse{}
		for _, c := range l.children {
			at := place{n.Name, project, c.name}
			if what := s.lookAtChild(ctx, n, at, c, found[at], owners); what != "" {
				lacks = append(lacks, lack{at, what})
			}
		}
	}
	return lacks
}

// excused says that a foster that was killed may leave this project where it was: Swarm has moved the service, and
// there is no foster reap that would collect it.
func (s *soak) excused(project string) bool {
	l := s.launcherOf(project)
	return !s.reaps && l != nil && l.replicas > 0 && l.nodes == nil
}

// lookAtChild says what one child lacks, "" for nothing. Those that others share are looked at first, and remembered.
func (s *soak) lookAtChild(ctx context.Context, n *node, at place, want child, found []container.Summary, owners map[string]container.InspectResponse) string {
	if want.once && len(found) == 0 {
		return "" // removed after its work, which is not done again: those who wait for it are there
	}
	if len(found) != 1 {
		return fmt.Sprintf("there are %d containers of it", len(found))
	}
	c, err := n.Client().ContainerInspect(ctx, found[0].ID)
	if err != nil {
		return err.Error()
	}
	owners[want.name] = c
	switch {
	case want.once:
		if c.State.Status != container.StateExited || c.State.ExitCode != 0 {
			return fmt.Sprintf("it is to have ended well, and is %s with %d", c.State.Status, c.State.ExitCode)
		}
		return ""
	case !c.State.Running || c.State.Paused || c.State.Restarting:
		return fmt.Sprintf("it is %s", c.State.Status)
	case want.checked && (c.State.Health == nil || c.State.Health.Status != container.Healthy):
		return "it is not healthy"
	}
	if want.shares != "" {
		owner := owners[want.shares]
		if owner.ContainerJSONBase == nil || string(c.HostConfig.NetworkMode) != "container:"+owner.ID {
			return fmt.Sprintf("it is in the namespace of %s, which is not that of %s", c.HostConfig.NetworkMode, want.shares)
		}
		if stamp(owner.State.StartedAt).After(stamp(c.State.StartedAt)) {
			return "it is in the namespace of a former run of " + want.shares
		}
	}
	for _, name := range want.networks {
		name = networkName(at.project, name)
		e := c.NetworkSettings.Networks[name]
		if e == nil || e.EndpointID == "" {
			return "it is not attached to " + name
		}
		for _, alias := range append([]string{want.name}, want.aliases...) {
			if !slices.Contains(e.Aliases, alias) && !slices.Contains(e.DNSNames, alias) {
				return fmt.Sprintf("its aliases on %s are %q, without %s", name, e.Aliases, alias)
			}
		}
		net, err := n.Client().NetworkInspect(ctx, name, network.InspectOptions{})
		if err != nil {
			return err.Error()
		}
		if got, ok := net.Containers[c.ID]; !ok || got.EndpointID != e.EndpointID {
			return "network " + name + " does not know of it"
		}
	}
	return ""
}

func stamp(text string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, text) // what an engine says; else the zero time
	return t
}

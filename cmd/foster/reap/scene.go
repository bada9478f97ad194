package reap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
)

const labelSwarmService = "com.docker.swarm.service.name"

// scene is what one look has brought. It is not changed afterwards.
type scene struct {
	self        string
	hostFosters func(project string) (alive, known bool)

	containers []container.Summary // by name
	byID       map[string]container.Summary
	notMade    map[string]string // why one with foster's label is no child, by ID
	networks   []network.Summary
	launchers  []launcher // those that run, by name
	// made are the projects of the children that a container is the parent of,
	// and ofService those of the children that a service's tasks have made.
	made, ofService map[string][]string
	past            map[string]past // by project
}

// scene looks once. Half of a look would be read as the death of the other
// half, so whatever goes wrong, other than that something is gone, ends it.
func (r *Reaper) scene(ctx context.Context, withNetworks bool) (*scene, error) {
	s := &scene{
		self: r.cfg.Self, hostFosters: r.cfg.HostFosters,
		byID: map[string]container.Summary{}, notMade: map[string]string{}, made: map[string][]string{}, ofService: map[string][]string{},
	}
	listed, err := ask(ctx, listTimeout, func(ctx context.Context) ([]container.Summary, error) {
		return r.cfg.Engine.ContainerList(ctx, container.ListOptions{All: true})
	})
	if err != nil {
		return nil, &LookError{fmt.Errorf("list containers: %w", err)}
	}
	slices.SortFunc(listed, func(a, b container.Summary) int { return strings.Compare(nameOf(a), nameOf(b)) })
	for _, c := range listed {
		if err := r.add(ctx, s, c); err != nil && !errdefs.IsNotFound(err) { // gone since the list: left out
			return nil, &LookError{err}
		}
	}
	s.past = r.remembered()
	if withNetworks {
		s.networks, err = ask(ctx, listTimeout, func(ctx context.Context) ([]network.Summary, error) {
			return r.cfg.Engine.NetworkList(ctx, network.ListOptions{})
		})
		if err != nil {
			return nil, &LookError{fmt.Errorf("list networks: %w", err)}
		}
		slices.SortFunc(s.networks, func(a, b network.Summary) int { return strings.Compare(a.Name, b.Name) })
	}
	return s, nil
}

// add takes a listed container into the scene, with what the list is late or
// vague about.
func (r *Reaper) add(ctx context.Context, s *scene, c container.Summary) error {
	if runs(c) {
		state, err := r.stateNow(ctx, c)
		if err != nil {
			return err
		}
		c.State = state
	}
	project := c.Labels[spec.LabelProject]
	_, launches := c.Labels[spec.LabelLauncher]
	launches = launches && runs(c)
	var known facts
	if project != "" || launches {
		var err error
		if known, err = r.about(ctx, c.ID); err != nil {
			return err
		}
	}
	if project != "" {
		if why := notMade(nameOf(c), known.image, c.Labels); why != "" {
			s.notMade[c.ID] = why
		} else {
			note(s.made, c.Labels[spec.LabelParent], project)
			note(s.ofService, c.Labels[spec.LabelService], project)
			r.remember(c.Labels)
		}
	}
	if launches && known.launcher.launches {
		s.launchers = append(s.launchers, known.launcher)
	}
	s.containers, s.byID[c.ID] = append(s.containers, c), c
	return nil
}

func note(of map[string][]string, key, project string) {
	if key != "" && !slices.Contains(of[key], project) {
		of[key] = append(of[key], project)
	}
}

// runs: it has a process, which may be paused or about to come again.
func runs(c container.Summary) bool {
	return c.State == container.StateRunning || c.State == container.StatePaused || c.State == container.StateRestarting
}

func nameOf(c container.Summary) string {
	for _, name := range c.Names {
		// A link's name has a second slash.
		if name = strings.TrimPrefix(name, "/"); !strings.Contains(name, "/") {
			return name
		}
	}
	return short(c.ID)
}

package reap

import (
	"context"
	"fmt"
	"maps"
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

// past is what the children of a project have told in this look and those
// before it: they go before their networks.
type past struct {
	contained bool     // their foster ran in a container
	services  []string // of Swarm, whose tasks made them
}

// scene looks once. Half of a look would be read as the death of the other
// half, so whatever goes wrong, other than that something is gone, ends it.
func (r *Reaper) scene(ctx context.Context, withNetworks bool) (*scene, error) {
	s := &scene{
		self: r.cfg.Self, hostFosters: r.cfg.HostFosters,
		byID: map[string]container.Summary{}, notMade: map[string]string{}, made: map[string][]string{}, ofService: map[string][]string{},
	}
	var err error
	s.containers, err = ask(ctx, listTimeout, func(ctx context.Context) ([]container.Summary, error) {
		return r.cfg.Engine.ContainerList(ctx, container.ListOptions{All: true})
	})
	if err != nil {
		return nil, &LookError{fmt.Errorf("list containers: %w", err)}
	}
	slices.SortFunc(s.containers, func(a, b container.Summary) int { return strings.Compare(nameOf(a), nameOf(b)) })
	if err := r.dead(ctx, s); err != nil {
		return nil, err
	}
	for _, c := range s.containers {
		s.byID[c.ID] = c
	}
	if err := r.tellForeign(ctx, s); err != nil {
		return nil, err
	}
	for _, c := range s.containers {
		if c.Labels[spec.LabelProject] == "" || s.notMade[c.ID] != "" {
			continue
		}
		project, service := c.Labels[spec.LabelProject], c.Labels[spec.LabelService]
		note(s.made, c.Labels[spec.LabelParent], project)
		note(s.ofService, service, project)
		r.remember(c.Labels)
	}
	s.past = r.remembered()
	for _, c := range s.containers {
		if _, ok := c.Labels[spec.LabelLauncher]; !ok || !runs(c) {
			continue
		}
		l, err := r.launcher(ctx, c.ID)
		switch {
		case errdefs.IsNotFound(err):
		case err != nil:
			return nil, &LookError{err}
		case l.launches:
			s.launchers = append(s.launchers, l)
		}
	}
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

// dead asks after those whose death was told and that the list has as running
// all the same: engines tell of a death while they still take the container off
// its networks, and write it into what they list after that. Nothing more would
// come of the death then.
func (r *Reaper) dead(ctx context.Context, s *scene) error {
	var gone []string
	for i, c := range s.containers {
		r.mu.Lock()
		died := r.died[c.ID]
		r.mu.Unlock()
		if !died || !runs(c) {
			continue
		}
		now, err := r.inspect(ctx, c.ID)
		switch {
		case errdefs.IsNotFound(err):
			gone = append(gone, c.ID)
		case err != nil:
			return &LookError{err}
		default:
			s.containers[i].State = now.State.Status
		}
	}
	s.containers = slices.DeleteFunc(s.containers, func(c container.Summary) bool { return slices.Contains(gone, c.ID) })
	return nil
}

// tellForeign finds out which of the containers with foster's label no foster
// has made. The list does not say for sure which image one was made from.
func (r *Reaper) tellForeign(ctx context.Context, s *scene) error {
	var gone []string // since the list
	for _, c := range s.containers {
		if c.Labels[spec.LabelProject] == "" {
			continue
		}
		image, err := r.image(ctx, c.ID)
		switch {
		case errdefs.IsNotFound(err):
			gone = append(gone, c.ID)
		case err != nil:
			return &LookError{err}
		default:
			if why := notMade(nameOf(c), image, c.Labels); why != "" {
				s.notMade[c.ID] = why
			}
		}
	}
	s.containers = slices.DeleteFunc(s.containers, func(c container.Summary) bool { return slices.Contains(gone, c.ID) })
	for _, id := range gone {
		delete(s.byID, id)
	}
	return nil
}

// image is the reference that a container was made from. It never changes, so
// it is asked for once.
func (r *Reaper) image(ctx context.Context, id string) (string, error) {
	r.mu.Lock()
	image, ok := r.images[id]
	r.mu.Unlock()
	if ok {
		return image, nil
	}
	c, err := r.inspect(ctx, id)
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	r.images[id] = c.Config.Image
	r.mu.Unlock()
	return c.Config.Image, nil
}

// launcher is what is known of a foster's container. Nothing of it changes in
// the container's life, so it is asked for once.
func (r *Reaper) launcher(ctx context.Context, id string) (launcher, error) {
	r.mu.Lock()
	l, ok := r.launchers[id]
	r.mu.Unlock()
	if ok {
		return l, nil
	}
	c, err := r.inspect(ctx, id)
	if err != nil {
		return l, err
	}
	l = launcherOf(c, r.cfg.OtherCommands)
	r.mu.Lock()
	r.launchers[id] = l
	r.mu.Unlock()
	return l, nil
}

// forget drops what is known of containers that are gone.
func (r *Reaper) forget(s *scene) {
	r.mu.Lock()
	defer r.mu.Unlock()
	gone := func(id string) bool { _, ok := s.byID[id]; return !ok }
	maps.DeleteFunc(r.died, func(id string, _ bool) bool { return gone(id) })
	maps.DeleteFunc(r.launchers, func(id string, _ launcher) bool { return gone(id) })
	maps.DeleteFunc(r.images, func(id, _ string) bool { return gone(id) })
}

func (r *Reaper) remember(labels map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.past[labels[spec.LabelProject]]
	p.contained = p.contained || labels[spec.LabelParent] != ""
	if service := labels[spec.LabelService]; service != "" && !slices.Contains(p.services, service) {
		p.services = append(slices.Clone(p.services), service)
	}
	r.past[labels[spec.LabelProject]] = p
}

func (r *Reaper) remembered() map[string]past {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.past)
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

package reap

import (
	"context"
	"maps"
	"slices"

	"github.com/docker/docker/api/types/container"

	"foster/spec"
)

// What a Reaper keeps from one look to the next.

// facts are what an inspect tells of a container and the list does not say for
// sure. None of it changes in the container's life.
type facts struct {
	image    string   // the reference that it was made from
	launcher launcher // as which it counts where it has the label of one
}

// past is what the children of a project have told in this look and those
// before it: they go before their networks.
type past struct {
	contained bool     // their foster ran in a container
	services  []string // of Swarm, whose tasks made them
}

// about asks for a container's facts once in its life.
func (r *Reaper) about(ctx context.Context, id string) (facts, error) {
	r.mu.Lock()
	known, ok := r.facts[id]
	r.mu.Unlock()
	if ok {
		return known, nil
	}
	c, err := r.inspect(ctx, id)
	if err != nil {
		return known, err
	}
	known = facts{image: c.Config.Image, launcher: launcherOf(c, r.cfg.OtherCommands)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.facts[id] = known
	return known, nil
}

// stateNow is the state of a container that the list has as running. Engines
// tell of a death while they still take the container off its networks, and
// write it into what they list after that; no further event would ask for
// another look. So those whose death was told are inspected, until one of them
// runs again.
func (r *Reaper) stateNow(ctx context.Context, c container.Summary) (string, error) {
	r.mu.Lock()
	deaths := r.deaths[c.ID]
	r.mu.Unlock()
	if deaths == 0 {
		return c.State, nil
	}
	now, err := r.inspect(ctx, c.ID)
	if err != nil {
		return "", err
	}
	c.State = now.State.Status
	r.mu.Lock()
	defer r.mu.Unlock()
	if runs(c) && r.deaths[c.ID] == deaths { // not told of another one since
		delete(r.deaths, c.ID)
	}
	return c.State, nil
}

// forget drops what is known of containers that are gone.
func (r *Reaper) forget(s *scene) {
	r.mu.Lock()
	defer r.mu.Unlock()
	gone := func(id string) bool { _, ok := s.byID[id]; return !ok }
	maps.DeleteFunc(r.deaths, func(id string, _ int) bool { return gone(id) })
	maps.DeleteFunc(r.facts, func(id string, _ facts) bool { return gone(id) })
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

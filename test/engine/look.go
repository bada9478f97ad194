package engine

import (
	"maps"
	"slices"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

// What a test itself sees: not counted, and without faults.

// Containers lists the names of all containers, sorted.
func (e *Engine) Containers() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := []string{}
	for _, c := range e.byName() {
		out = append(out, c.name)
	}
	return out
}

// Networks lists the names of all networks but the predefined ones, sorted.
func (e *Engine) Networks() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := []string{}
	for _, n := range e.networks {
		if container.NetworkMode(n.name).IsUserDefined() {
			out = append(out, n.name)
		}
	}
	slices.Sort(out)
	return out
}

// Volumes lists the names of all volumes, sorted.
func (e *Engine) Volumes() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.volumes))
}

// Look is ContainerInspect for the test itself: not counted, no faults.
func (e *Engine) Look(ref string) (container.InspectResponse, error) {
	return locked(e, func() (container.InspectResponse, error) {
		c, err := e.findContainer(ref)
		if err != nil {
			return container.InspectResponse{}, err
		}
		return c.inspect(), nil
	})()
}

// LookList is ContainerList for the test itself.
func (e *Engine) LookList(options container.ListOptions) []container.Summary {
	out, _ := locked(e, func() ([]container.Summary, error) { return e.list(options), nil })()
	return out
}

// LookNetwork is NetworkInspect for the test itself.
func (e *Engine) LookNetwork(ref string) (network.Inspect, error) {
	return locked(e, func() (network.Inspect, error) { return e.inspectNetwork(ref) })()
}

// NameOf is the name of the container or network that ref names, "" for neither.
func (e *Engine) NameOf(ref string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c, err := e.findContainer(ref); err == nil {
		return c.name
	}
	if n, err := e.findNetwork(ref, e.opts.Node == Manager); n != nil && err == nil {
		return n.name
	}
	return ""
}

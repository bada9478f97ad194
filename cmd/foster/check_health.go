package main

import (
	"context"

	"github.com/docker/docker/api/types/image"

	"foster/spec"
)

// checkHealth finds children that are waited for until they are healthy, and
// have nothing that could say so.
func checkHealth(ctx context.Context, s *survey) []finding {
	var found []finding
	for _, c := range s.project.Children {
		for _, d := range c.After {
			if d.Condition != spec.ConditionHealthy || d.Optional {
				continue
			}
			for _, other := range s.project.Children {
				if other.Name == d.Name && !s.tellsHealth(ctx, other) {
					found = append(found, problem("child "+c.Name, "waits until child %s is healthy, but neither that service nor its image has a healthcheck", other.Name).
						mend("give it a healthcheck, or wait with condition: service_started"))
				}
			}
		}
	}
	return found
}

// tellsHealth: the child has a healthcheck, or may have one for all that is
// known here.
func (s *survey) tellsHealth(ctx context.Context, c spec.Child) bool {
	if h := c.Config.Healthcheck; h != nil && len(h.Test) > 0 {
		return h.Test[0] != "NONE"
	}
	got, err := ask(ctx, func(ctx context.Context) (image.InspectResponse, error) { return s.engine.ImageInspect(ctx, c.Image) })
	if err != nil || got.Config == nil || !sameImage(c.Platform, got) {
		return true
	}
	h := got.Config.Healthcheck
	return h != nil && len(h.Test) > 0 && h.Test[0] != "NONE"
}

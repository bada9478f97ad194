package main

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
)

// preflight finds, before anything is created, what can never work: external
// networks that containers may not attach to. A network that is not there is
// not such a case: on a Swarm worker an overlay shows only while it is used,
// and others may be about to be created.
func preflight(ctx context.Context, engine Engine, p *spec.Project) error {
	var problems spec.Problems
	for _, n := range p.Networks {
		if !n.External {
			continue
		}
		got, err := inspectNetwork(ctx, engine, n.Name)
		if errdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("inspect network %q: %w", n.Name, err)
		}
		if what := cannotAttach(got); what != "" {
			problems = append(problems, spec.Problem{Variable: "network", Value: n.Name, What: what, Mend: "create it with --attachable (attachable: true in a stack file)"})
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

func inspectNetwork(ctx context.Context, engine Engine, name string) (network.Inspect, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return engine.NetworkInspect(ctx, name, network.InspectOptions{})
}

// cannotAttach says why a stand-alone container may not use a network.
func cannotAttach(n network.Inspect) string {
	switch {
	case n.Ingress:
		return "is Swarm's ingress network, which takes no stand-alone containers"
	case n.Scope == "swarm" && !n.Attachable:
		return "is not attachable, so only services may use it"
	}
	return ""
}

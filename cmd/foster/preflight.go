package main

import (
	"context"
	"slices"

	"github.com/docker/docker/api/types/network"

	"foster/spec"
)

// preflight finds, before anything is created, what can never work: external
// networks that containers may not attach to, what contradicts itself in the
// project, and what this engine is too old for. A network that is not there is not such a case: on a Swarm
// worker an overlay shows only while it is used, and others may be about to be
// created. What may mend itself is for the check to tell.
func preflight(ctx context.Context, engine Engine, p *spec.Project) error {
	found := slices.Concat(portClashes(p), subnetClashes(p), modeClashes(p), tooOld(engine.ClientVersion(), p))
	for _, n := range p.Networks {
		if !n.External {
			continue
		}
		got, err := inspectNetwork(ctx, engine, n.Name)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			continue // not there yet, or a busy engine: whoever attaches will see
		}
		if what := cannotAttach(got); what != "" {
			found = append(found, problem("network "+n.Name, "%s", what).mend(hintAttachable))
		}
	}
	if problems := problemsOf(found); len(problems) > 0 {
		return problems
	}
	return nil
}

const hintAttachable = "create it with --attachable (attachable: true in a stack file)"

func inspectNetwork(ctx context.Context, engine Engine, name string) (network.Inspect, error) {
	return ask(ctx, func(ctx context.Context) (network.Inspect, error) {
		return engine.NetworkInspect(ctx, name, network.InspectOptions{})
	})
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

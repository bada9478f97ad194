package main

import (
	"slices"
	"time"

	"github.com/docker/docker/api/types/network"
	"github.com/moby/sys/signal"
	"github.com/rs/zerolog"

	"foster/spec"
	"foster/state"
)

const (
	// engineGrace is what an engine and Swarm give a container unless told otherwise.
	engineGrace = 10 * time.Second
	// graceReserve is what foster keeps of its own grace for removing what the
	// children leave: containers, networks, and a last look.
	graceReserve = 3 * time.Second
)

// stopBudget is how long the children have, together with foster, from SIGTERM
// to SIGKILL: what was configured or found out; else what the children need, for
// who sets LAUNCH_STOP_GRACE_PERIOD sets the stack's stop_grace_period too.
// inside: in a container, whoever stops it kills it after a time of their own,
// so that a longer guess is worth a warning.
func stopBudget(configured, found time.Duration, inside bool, p *spec.Project, log zerolog.Logger) time.Duration {
	own := configured
	if own == 0 {
		own = found
	}
	_, need := stopChains(p, func(c spec.Child) time.Duration {
		if c.GraceSet {
			return c.Grace
		}
		return 0
	})
	switch {
	case own == 0 && need > 0:
		own = max(need+graceReserve, engineGrace)
		if own > engineGrace && inside {
			log.Warn().Dur("child_grace", need).Dur("own_grace", own).Msgf("foster's own stop grace cannot be seen from here: it is taken to be %s, what the children need; if the stack's stop_grace_period (or docker stop's --time) is shorter, foster is killed in the middle of a stop: set it to that, and say so with FOSTER_STOP_GRACE", own)
		}
	case own == 0:
		own = engineGrace
	case need > own-graceReserve:
		log.Warn().Dur("child_grace", need).Dur("own_grace", own).Msgf("the stop grace of the children is %s (of those together that stop one after another), and does not fit into foster's own %s, of which %s are for cleaning up: they are killed after %s unless the stack's stop_grace_period, and FOSTER_STOP_GRACE with it, is raised to %s, or theirs is lowered",
			need, own, graceReserve, own-graceReserve, need+graceReserve)
	}
	return own
}

// coreConfig is the project as the core knows it. budget is foster's own grace.
func coreConfig(p *spec.Project, s settings, budget time.Duration) state.Config {
	cfg := state.Config{Policy: s.Policy, FollowParent: s.Parent != "", ExitWithParent: s.ParentExit}
	for _, n := range p.Networks {
		cfg.Networks = append(cfg.Networks, state.NetworkConfig{Name: n.Name, External: n.External})
	}
	slices.SortFunc(cfg.Networks, func(a, b state.NetworkConfig) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	chains, _ := stopChains(p, func(c spec.Child) time.Duration { return c.Grace })
	for _, c := range p.Children {
		cc := state.ChildConfig{
			Name: c.Name, Hash: c.Hash, After: dependencies(c), BoundTo: bonds(c),
			OneShot: c.OneShot, Probed: c.Probed, Hooks: len(c.PostStart) > 0, Restart: restarts[c.Restart], MaxAttempts: c.MaxAttempts,
			StopSignal:   signalNumber(c.StopSignal),
			SharesParent: c.SharesParent,
			Grace:        c.Grace,
			FinalGrace:   finalGrace(c.Grace, chains[c.Name], budget-graceReserve),
		}
		for _, e := range c.Endpoints {
			cc.Networks = append(cc.Networks, e.Network)
		}
		slices.Sort(cc.Networks)
		cfg.Children = append(cfg.Children, cc)
	}
	return cfg
}

var restarts = map[spec.RestartPolicy]state.Restart{
	spec.RestartInherit: state.Inherit, spec.RestartAlways: state.RestartAny,
	spec.RestartOnFailure: state.RestartOnFailure, spec.RestartNever: state.RestartNever,
}

var conditions = map[spec.Condition]state.Condition{
	spec.ConditionStarted: state.IsRunning, spec.ConditionHealthy: state.IsHealthy,
	spec.ConditionCompleted: state.IsCompleted, spec.ConditionReady: state.IsReady,
}

func dependencies(c spec.Child) []state.Dependency {
	var out []state.Dependency
	for _, d := range c.After {
		out = append(out, state.Dependency{Name: d.Name, Condition: conditions[d.Condition], Optional: d.Optional})
	}
	return out
}

func bonds(c spec.Child) []state.Bond {
	var out []state.Bond
	for _, b := range c.BoundTo {
		out = append(out, state.Bond(b))
	}
	return out
}

// signalNumber is 0 for a signal that only the image knows.
func signalNumber(name string) int {
	if name == "" {
		return 0
	}
	s, err := signal.ParseSignal(name)
	if err != nil {
		return 0
	}
	return int(s)
}

// wholeness says for the watcher whether a live endpoint is as it should be.
func wholeness(p *spec.Project) func(child, networkName string, got *network.EndpointSettings) bool {
	type key struct{ child, network string }
	want := map[key]spec.Endpoint{}
	for _, c := range p.Children {
		for _, e := range c.Endpoints {
			want[key{c.Name, e.Network}] = e
		}
	}
	return func(child, networkName string, got *network.EndpointSettings) bool {
		e, ok := want[key{child, networkName}]
		return !ok || e.Matches(got)
	}
}

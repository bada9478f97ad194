package report

import (
	"fmt"
	"strings"

	"foster/state"
)

// Verdict is what the health command, /healthz and /readyz answer.
type Verdict struct {
	// Healthy: Swarm shall leave the task alone. That holds for a project that
	// is whole, and where only somebody else can do something about it: another
	// foster has the project, the followed container is down, a child was paused.
	Healthy bool `json:"healthy"`
	// Ready: every child is whole, or has completed.
	Ready bool `json:"ready"`
	// State is the worst that holds for any child: whole, completed, paused,
	// held, away, standby, starting, recovering, degraded, backoff, unhealthy or
	// stopping.
	State string `json:"state"`
	// Reason says it in one line, with names.
	Reason string `json:"reason"`
}

// conditions are the states of a Verdict from best to worst.
var conditions = []struct {
	name    string
	healthy bool
	ready   bool
}{
	{"whole", true, true},
	{"completed", true, true},
	{"ignored", true, true},
	{"paused", true, false},
	{"held", true, false},
	{"away", true, false},
	{"standby", true, false},
	{"starting", false, false},
	{"recovering", false, false},
	{"degraded", false, false},
	{"backoff", false, false},
	{"unhealthy", false, false},
	{"stopping", false, false},
}

// Judge says how a project is.
func Judge(s state.State) Verdict {
	worst, reasons := 0, []string(nil)
	take := func(name, reason string) {
		for i, c := range conditions {
			if c.name != name {
				continue
			}
			if i > worst {
				worst, reasons = i, nil
			}
			if i == worst && reason != "" {
				reasons = append(reasons, reason)
			}
		}
	}
	switch s.Stage {
	case state.Opening:
		take("starting", "nothing is known of the engine yet")
	case state.Standby:
		take("standby", "another foster has this project: waiting for its end")
	case state.Away:
		take("away", "the followed container does not run")
	case state.Closing, state.Closed:
		take("stopping", strings.TrimSpace("everything is taken down: "+s.Reason))
	case state.Up:
		for i := range s.Children {
			take(condition(&s, &s.Children[i]))
		}
		for _, n := range s.Networks {
			if n.State != state.NetPresent && n.Attempt > 0 {
				take("degraded", fmt.Sprintf("network %s cannot be made", n.Name))
			}
		}
	}
	c := conditions[worst]
	v := Verdict{Healthy: c.healthy, Ready: c.ready, State: c.name, Reason: strings.Join(reasons, "; ")}
	if v.Reason == "" {
		v.Reason = plural(len(s.Children), "child is", "children are") + " " + c.name
	}
	return v
}

// condition is how one child of a project that is up is.
func condition(s *state.State, ch *state.Child) (name, reason string) {
	switch {
	case ch.Phase == state.Completed:
		return "completed", ""
	case ch.Phase == state.HeldBack:
		return "held", fmt.Sprintf("%s: its place is held by %s", ch.Name, ch.Holder)
	case ch.Phase == state.Alive && ch.Paused:
		return "paused", ch.Name + ": somebody paused it"
	case ch.Phase == state.Alive && ch.Health == state.Unhealthy && s.Config.Policy.OnUnhealthy == state.UnhealthyIgnore:
		return "ignored", ch.Name + ": unhealthy, which is ignored as configured"
	case ch.Phase == state.Alive && ch.Health == state.Unhealthy:
		return "unhealthy", ch.Name + ": its healthcheck gave up"
	case ch.Phase == state.Alive && ch.Whole:
		return "whole", ""
	case ch.Phase == state.Alive && ch.Health == state.HealthStarting:
		return "starting", ch.Name + ": its healthcheck has not succeeded yet"
	case ch.Phase == state.Alive && ch.Seen && ch.Drop == "":
		var missing []string
		for _, a := range ch.Nets {
			if a.State != state.Attached {
				missing = append(missing, a.Network)
			}
		}
		return "degraded", fmt.Sprintf("%s: not attached to %s", ch.Name, strings.Join(missing, ", "))
	case ch.Awaits != "":
		return "starting", fmt.Sprintf("%s: waiting for %s", ch.Name, ch.Awaits)
	case ch.Phase == state.Waiting:
		return "backoff", fmt.Sprintf("%s: in back-off after %s", ch.Name, plural(ch.Attempt, "start", "starts"))
	case ch.Launched:
		return "recovering", fmt.Sprintf("%s: being recovered (%s)", ch.Name, ch.Phase)
	}
	return "starting", fmt.Sprintf("%s: being launched (%s)", ch.Name, ch.Phase)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

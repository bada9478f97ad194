package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"foster/state"
)

// Verdict is what the health command, /healthz and /readyz answer.
type Verdict struct {
	// Healthy: Swarm shall leave the task alone. That holds for a project that
	// is whole, where foster's own recovery may still be waited for, and where
	// only somebody else can do something about it: another foster has the
	// project, the followed container is down, a child was paused.
	Healthy bool `json:"healthy"`
	// Ready: every child is whole, or has completed.
	Ready bool `json:"ready"`
	// State is the worst that holds for any child: the name of one of conditions.
	State string `json:"state"`
	// Reason says it in one line, with names.
	Reason string `json:"reason"`
}

type condition struct {
	name           string
	healthy, ready bool
}

// conditions are the states of a Verdict from best to worst. docs/health.md
// describes each.
var conditions = []condition{
	{"whole", true, true},
	{"completed", true, true},
	{"ignored", true, true},
	{"paused", true, false},
	{"checking", true, false},
	{"tolerated", true, false},
	{"ending", true, false},
	{"launching", true, false},
	{"awaiting", true, false},
	{"held", true, false},
	{"blind", true, false},
	{"away", true, false},
	{"standby", true, false},
	{"stopping", true, false}, // its end is what Swarm shall see: a signal more would cut the children's grace
	{"starting", false, false},
	{"recovering", false, false},
	{"unstable", false, false},
	{"degraded", false, false},
	{"backoff", false, false},
	{"unhealthy", false, false},
	{"aborting", false, false},
}

// launchGrace is how long a launch after a hand-over may take: the start period
// of the image's HEALTHCHECK, which the success of a foster that stands by has
// ended already.
const launchGrace = 10 * time.Minute

// unstableAfter is how many starts in a row, none of which lasts, are no crash
// loop yet.
const unstableAfter = 2

// Judge says how a project is now. handed is when foster was last done with
// waiting, as a standby or for its parent; zero: it never waited.
func Judge(s state.State, now, handed time.Time) Verdict {
	worst, reasons := 0, []string(nil)
	take := func(name, reason string) {
		i := slices.IndexFunc(conditions, func(c condition) bool { return c.name == name })
		if i > worst {
			worst, reasons = i, nil
		}
		if i == worst && reason != "" {
			reasons = append(reasons, reason)
		}
	}
	switch s.Stage {
	case state.Opening:
		take("starting", "waiting for the engine")
	case state.Standby:
		take("standby", "another foster has this project: waiting for its end")
	case state.Away:
		take("away", "the followed container does not run")
	case state.Closing, state.Closed:
		was := !slices.ContainsFunc(s.Children, func(ch state.Child) bool { return !ch.Launched && !ch.Finished })
		if was {
			take("stopping", ended(s.Reason))
		} else {
			take("aborting", ended(s.Reason)) // no update may take that for a success
		}
	case state.Up:
		for i := range s.Children {
			ch := &s.Children[i]
			name, reason := judge(&s, ch)
			if name == "starting" && launching(ch, now, handed) {
				name = "launching"
			}
			take(name, reason)
		}
		if !s.StreamUp {
			take("blind", "the engine's events do not arrive: what happens meanwhile is not seen")
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
		v.Reason = Plural(len(s.Children), "child is", "children are") + " " + c.name
	}
	return v
}

func ended(why string) string {
	if why == "" {
		return "everything is taken down"
	}
	return "everything is taken down: " + why
}

// launching: the child is at its first try since the hand-over, nothing has
// failed yet, and there is time left.
func launching(ch *state.Child, now, handed time.Time) bool {
	fine := !ch.Launched && ch.Attempt <= 1 && len(ch.Failing) == 0 && !ch.Fault.At.After(handed)
	return fine && !handed.IsZero() && now.Sub(handed) < launchGrace
}

// judge is how one child of a project that is up is. What is bad outranks what
// may still become good.
//
// A recovery is foster's own business, so the first one of a fault does not
// make the task unhealthy by what it must wait for: the child's grace, and its
// healthcheck. When that recovery has failed, or the child was never whole in
// this run, Swarm is to know.
func judge(s *state.State, ch *state.Child) (name, reason string) {
	first := ch.Launched && ch.Fault.Attempts <= 1 && ch.Attempt <= unstableAfter
	switch {
	case ch.Phase == state.Completed:
		return "completed", ""
	case ch.Phase == state.HeldBack:
		return "held", fmt.Sprintf("%s: its place is held by %s", ch.Name, ch.Holder)
	case ch.Phase == state.Alive:
		return alive(s, ch, first)
	case ch.Phase == state.Stopping && ch.Launched && ch.Fault.Attempts == 0 && ch.Tries == 0:
		return "ending", fmt.Sprintf("%s: gets its stop grace (%s)", ch.Name, ch.Drop)
	case ch.Awaits != "" && ch.Launched && ownerless(s, ch):
		return "awaiting", fmt.Sprintf("%s: waiting for %s", ch.Name, ch.Awaits)
	case ch.Awaits != "" && ch.Launched:
		return waiting(s, ch, first), fmt.Sprintf("%s: waiting for %s", ch.Name, ch.Awaits)
	case ch.Awaits != "":
		return "starting", fmt.Sprintf("%s: waiting for %s", ch.Name, ch.Awaits)
	case ch.Phase == state.Waiting && ch.Holder != "":
		return "backoff", fmt.Sprintf("%s: what it needs is held by %s", ch.Name, ch.Holder)
	case ch.Phase == state.Waiting:
		return "backoff", fmt.Sprintf("%s: in back-off after %s", ch.Name, Plural(ch.Attempt, "try", "tries"))
	case ch.Launched:
		return "recovering", fmt.Sprintf("%s: being recovered (%s)", ch.Name, ch.Phase)
	}
	return "starting", fmt.Sprintf("%s: being launched (%s)", ch.Name, ch.Phase)
}

// waiting is how a child that was whole is while it waits. As long as the task
// is not failed for the child that is waited for, it is not for this one.
func waiting(s *state.State, ch *state.Child, first bool) string {
	name, _, _ := strings.Cut(ch.Awaits, " ")
	if other, ok := s.Child(name); ok && other != ch && first {
		switch is, _ := judge(s, other); is {
		case "checking", "ending", "tolerated":
			return "checking"
		case "awaiting", "held", "paused":
			return "awaiting"
		}
	}
	return "recovering"
}

// alive is how a child that runs is. first: only its first recovery, if any, is
// under way.
func alive(s *state.State, ch *state.Child, first bool) (name, reason string) {
	policy := s.Config.Policy
	if ch.Drop != "" || !ch.Seen {
		if ch.Launched {
			return "recovering", fmt.Sprintf("%s: being recovered (%s)", ch.Name, ch.Phase)
		}
		return "starting", fmt.Sprintf("%s: being launched (%s)", ch.Name, ch.Phase)
	}
	if ch.Whole && ch.Attempt > unstableAfter {
		return "unstable", fmt.Sprintf("%s: runs, after %s of which none has lasted %s", ch.Name, Plural(ch.Attempt, "start", "starts"), policy.StableAfter)
	}
	if ch.Whole {
		return "whole", ""
	}
	if missing := missing(ch); missing != "" {
		return "degraded", fmt.Sprintf("%s: not attached to %s", ch.Name, missing)
	}
	switch {
	case ch.Paused:
		return "paused", ch.Name + ": somebody paused it"
	case ch.Health == state.Unhealthy && policy.OnUnhealthy == state.UnhealthyIgnore:
		return "ignored", ch.Name + ": unhealthy, which is ignored as configured"
	case ch.Health == state.Unhealthy && ch.Launched && ch.Fault.Attempts == 0 && policy.UnhealthyAfter > 0:
		return "tolerated", fmt.Sprintf("%s: unhealthy, which is tolerated for %s as configured", ch.Name, policy.UnhealthyAfter)
	case ch.Health == state.Unhealthy:
		return "unhealthy", ch.Name + ": its healthcheck gave up"
	case ch.Health == state.HealthStarting && first:
		return "checking", ch.Name + ": recovered, and its healthcheck has not succeeded yet"
	case ch.Health == state.HealthStarting:
		return "starting", ch.Name + ": its healthcheck has not succeeded yet"
	case ch.Launched:
		return "checking", ch.Name + ": recovered, and looked at once more"
	}
	return "starting", fmt.Sprintf("%s: being launched (%s)", ch.Name, ch.Phase)
}

// missing lists the networks that a child should be on and is not, with who is
// in the way.
func missing(ch *state.Child) string {
	var names []string
	for _, a := range ch.Nets {
		switch {
		case a.State == state.Attached:
		case a.Holder != "":
			names = append(names, fmt.Sprintf("%s (its address is held by %s)", a.Network, a.Holder))
		default:
			names = append(names, a.Network)
		}
	}
	return strings.Join(names, ", ")
}

// ownerless: a container outside of the project that the child is bound to is
// not there, or does not run. Only somebody else can bring it back.
func ownerless(s *state.State, ch *state.Child) bool {
	for _, cc := range s.Config.Children {
		if cc.Name != ch.Name {
			continue
		}
		for _, b := range cc.BoundTo {
			i := slices.IndexFunc(s.Owners, func(o state.Owner) bool { return o.Name == b.Name })
			if b.Outside && i >= 0 && (!s.Owners[i].Present || b.Namespace && !s.Owners[i].Running) {
				return true
			}
		}
	}
	return false
}

// Plural is a number with the noun that goes with it.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

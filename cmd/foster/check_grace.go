package main

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"
)

// checkGrace compares the time that the children may take to stop, one after
// another along their dependencies, with the time that foster itself is given.
func checkGrace(ctx context.Context, s *survey) []finding {
	own, from := s.settings.StopGrace, "FOSTER_STOP_GRACE"
	if own == 0 {
		own, from = ownGrace(ctx, s.engine, s.self), "the service's stop_grace_period"
		if s.self.ServiceName == "" {
			from = "its container's --stop-timeout"
		}
	}
	chain := longestStop(s.project)
	if len(chain) == 0 {
		return nil
	}
	var total time.Duration
	var steps, shares []string
	stated := false // somebody has thought of a grace
	for _, c := range chain {
		total += c.Grace
		stated = stated || c.GraceSet
		steps = append(steps, fmt.Sprintf("%s %s", c.Name, c.Grace))
	}
	for _, c := range chain {
		shares = append(shares, finalGrace(c.Grace, total, own-graceReserve).String())
	}
	need := total + graceReserve
	const subject = "stop grace"
	takes := fmt.Sprintf("the children may take %s (%s)", total, strings.Join(steps, ", then "))
	mend := fmt.Sprintf("set the stack's stop_grace_period to %s or more", need)
	if s.self.ServiceName == "" && s.self.ContainerID != "" {
		mend = fmt.Sprintf("run foster with --stop-timeout %d or more", int(math.Ceil(need.Seconds())))
	}
	switch {
	case own == 0 && s.self.ContainerID == "":
		return []finding{ok(subject, "%s: whoever ends foster has to wait %s", takes, need)}
	case own == 0 && !stated && len(chain) == 1:
		return []finding{ok(subject, "of foster is taken for %s, and the child has %s of it", engineGrace, engineGrace-graceReserve)}
	case own == 0:
		return []finding{note(subject, "of foster is not known here, and %s", takes).mend("%s, and tell it with FOSTER_STOP_GRACE", mend)}
	case own >= need:
		return []finding{ok(subject, "of foster is %s (%s), and %s", own, from, takes)}
	case len(chain) == 1 && !stated:
		return []finding{ok(subject, "of foster is %s (%s), and the child has %s of it", own, from, shares[0])}
	}
	say := note
	if stated {
		say = problem
	}
	return []finding{say(subject, "of foster is %s (%s), less %s for itself, but %s: before SIGKILL they get %s", own, from, graceReserve, takes, strings.Join(shares, ", then ")).mend("%s", mend)}
}

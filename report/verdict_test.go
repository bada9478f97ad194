package report

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"foster/state"
)

// TestJudge has every rule: what holds for one child of a project that is up,
// and what the project as a whole is then.
func TestJudge(t *testing.T) {
	whole := state.Child{Name: "web", Phase: state.Alive, Seen: true, Whole: true, Launched: true, Attempt: 1}
	with := func(change func(*state.Child)) func(*state.State) {
		return func(s *state.State) { change(&s.Children[0]) }
	}
	launching := func(change func(*state.Child)) func(*state.State) {
		return with(func(ch *state.Child) { ch.Whole, ch.Launched = false, false; change(ch) })
	}
	faulty := func(change func(*state.Child)) func(*state.State) {
		return with(func(ch *state.Child) { ch.Whole, ch.Fault.Cause = false, "died"; change(ch) })
	}
	tolerant := func(next func(*state.State)) func(*state.State) {
		return func(s *state.State) { s.Config.Policy.UnhealthyAfter = time.Minute; next(s) }
	}
	for _, x := range []struct {
		name           string
		change         func(*state.State)
		state          string
		healthy, ready bool
		says           string
	}{
		{"whole", func(*state.State) {}, "whole", true, true, "1 child is whole"},
		{"healthy", with(func(ch *state.Child) { ch.Health = state.Healthy }), "whole", true, true, "1 child is whole"},
		{"completed", with(func(ch *state.Child) { ch.Phase = state.Completed }), "completed", true, true, "1 child is completed"},

		{"opening", func(s *state.State) { s.Stage = state.Opening }, "starting", false, false, "waiting for the engine"},
		{"another foster has the project", func(s *state.State) { s.Stage = state.Standby }, "standby", true, false, "another foster has this project"},
		{"another foster has the child", with(func(ch *state.Child) { ch.Phase, ch.Holder = state.HeldBack, "abc" }), "held", true, false, "web: its place is held by abc"},
		{"the followed container is down", func(s *state.State) { s.Stage = state.Away }, "away", true, false, "followed container"},
		{"paused", with(func(ch *state.Child) { ch.Whole, ch.Paused = false, true }), "paused", true, false, "web: somebody paused it"},
		{"the engine is silent", func(s *state.State) { s.StreamUp = false }, "blind", true, false, "events do not arrive"},
		{"silent, and it was bad before", func(s *state.State) {
			s.StreamUp = false
			faulty(func(ch *state.Child) { ch.Health = state.Unhealthy })(s)
		}, "unhealthy", false, false, "gave up"},
		{"silent, and waited", func(s *state.State) { s.Stage, s.StreamUp = state.Standby, false }, "standby", true, false, "another foster"},
		{"closing", func(s *state.State) { s.Stage, s.Reason = state.Closing, "the attempts are spent" }, "stopping", true, false, "everything is taken down: the attempts are spent"},
		{"closing with its work done", func(s *state.State) {
			s.Stage = state.Closing
			with(func(ch *state.Child) { ch.Launched, ch.Finished = false, true })(s)
		}, "stopping", true, false, "everything is taken down"},
		{"closing before it was whole", func(s *state.State) {
			s.Stage, s.Reason = state.Closing, "the attempts are spent"
			launching(func(*state.Child) {})(s)
		}, "aborting", false, false, "everything is taken down: the attempts are spent"},
		{"closed", func(s *state.State) { s.Stage = state.Closed }, "stopping", true, false, "everything is taken down"},

		{"pulled for the launch", launching(func(ch *state.Child) { ch.Phase = state.Preparing }), "starting", false, false, "web: being launched (preparing)"},
		{"launched, not looked at yet", launching(func(ch *state.Child) { ch.Seen = false }), "starting", false, false, "web: being launched (running)"},
		{"launched, being looked at", launching(func(*state.Child) {}), "starting", false, false, "web: being launched (running)"},
		{"launched, its healthcheck begins", launching(func(ch *state.Child) { ch.Health = state.HealthStarting }), "starting", false, false, "web: its healthcheck has not succeeded yet"},
		{"launched, never healthy", launching(func(ch *state.Child) { ch.Health = state.Unhealthy }), "unhealthy", false, false, "web: its healthcheck gave up"},
		{"launched, never healthy, a threshold", tolerant(launching(func(ch *state.Child) { ch.Health = state.Unhealthy })), "unhealthy", false, false, "gave up"},
		{"launched, stopped as unhealthy", launching(func(ch *state.Child) { ch.Phase, ch.Drop = state.Stopping, "unhealthy" }), "starting", false, false, "web: being launched (stopping)"},
		{"launched, waits for another child", launching(func(ch *state.Child) { ch.Phase, ch.Awaits = state.Absent, "db to be healthy" }), "starting", false, false, "web: waiting for db to be healthy"},
		{"launched, waits for a stranger", func(s *state.State) {
			launching(func(ch *state.Child) { ch.Phase, ch.Awaits = state.Absent, "container vpn, which is not there" })(s)
			bound(s, state.Owner{Name: "vpn"})
		}, "starting", false, false, "web: waiting for container vpn"},

		{"whole after a second start", with(func(ch *state.Child) { ch.Attempt = 2 }), "whole", true, true, "1 child is whole"},
		{"whole in the midst of a crash loop", with(func(ch *state.Child) { ch.Attempt = 3 }), "unstable", false, false, "web: runs, after 3 starts of which none has lasted 10s"},
		{"being removed", faulty(func(ch *state.Child) { ch.Phase = state.Removing }), "recovering", false, false, "web: being recovered (removing)"},
		{"started, not looked at yet", faulty(func(ch *state.Child) { ch.Seen, ch.Fault.Attempts = false, 1 }), "recovering", false, false, "web: being recovered (running)"},
		{"recovered, being looked at", faulty(func(ch *state.Child) { ch.Fault.Attempts = 1 }), "checking", true, false, "looked at once more"},
		{"recovered, its healthcheck begins", faulty(func(ch *state.Child) { ch.Health, ch.Fault.Attempts = state.HealthStarting, 1 }), "checking", true, false, "web: recovered, and its healthcheck"},
		{"the second try, its healthcheck begins", faulty(func(ch *state.Child) { ch.Health, ch.Fault.Attempts = state.HealthStarting, 2 }), "starting", false, false, "its healthcheck has not succeeded yet"},
		{"in the midst of a crash loop, its healthcheck begins", faulty(func(ch *state.Child) { ch.Health, ch.Fault.Attempts, ch.Attempt = state.HealthStarting, 1, 3 }), "starting", false, false, "its healthcheck has not succeeded yet"},
		{"adopted, its healthcheck begins", launching(func(ch *state.Child) { ch.Health = state.HealthStarting }), "starting", false, false, "its healthcheck"},
		{"unhealthy", faulty(func(ch *state.Child) { ch.Health = state.Unhealthy }), "unhealthy", false, false, "web: its healthcheck gave up"},
		{"unhealthy below the threshold", tolerant(faulty(func(ch *state.Child) { ch.Health = state.Unhealthy })), "tolerated", true, false, "tolerated for 1m0s"},
		{"unhealthy again after a recovery", tolerant(faulty(func(ch *state.Child) { ch.Health, ch.Fault.Attempts = state.Unhealthy, 1 })), "unhealthy", false, false, "gave up"},
		{"unhealthy, about to go", tolerant(faulty(func(ch *state.Child) { ch.Health, ch.Drop = state.Unhealthy, "unhealthy" })), "recovering", false, false, "being recovered"},
		{"unhealthy, ignored", func(s *state.State) {
			s.Config.Policy.OnUnhealthy = state.UnhealthyIgnore
			launching(func(ch *state.Child) { ch.Health = state.Unhealthy })(s)
		}, "ignored", true, true, "ignored as configured"},
		{"unhealthy, its grace", faulty(func(ch *state.Child) { ch.Phase, ch.Drop = state.Stopping, "unhealthy" }), "ending", true, false, "web: gets its stop grace (unhealthy)"},
		{"its grace, which the engine does not end", faulty(func(ch *state.Child) { ch.Phase, ch.Tries = state.Stopping, 1 }), "recovering", false, false, "being recovered (stopping)"},
		{"its grace, the second time", faulty(func(ch *state.Child) { ch.Phase, ch.Fault.Attempts = state.Stopping, 1 }), "recovering", false, false, "being recovered (stopping)"},

		{"a network is missing", faulty(nets(state.Unavailable, "")), "degraded", false, false, "web: not attached to back"},
		{"an address is held", faulty(nets(state.Missing, "other")), "degraded", false, false, "back (its address is held by other)"},
		{"a network is missing, paused", faulty(func(ch *state.Child) { nets(state.Missing, "")(ch); ch.Paused = true }), "degraded", false, false, "not attached to back"},
		{"a network is missing, its healthcheck begins", faulty(func(ch *state.Child) {
			nets(state.Missing, "")(ch)
			ch.Health, ch.Fault.Attempts = state.HealthStarting, 1
		}), "degraded", false, false, "not attached to back"},
		{"a network cannot be made", func(s *state.State) {
			s.Networks = []state.Network{{Name: "p_back", State: state.NetAbsent, Attempt: 1}}
		}, "degraded", false, false, "network p_back cannot be made"},
		{"a network is made", func(s *state.State) {
			s.Networks = []state.Network{{Name: "p_back", State: state.NetEnsuring}}
		}, "whole", true, true, "1 child is whole"},

		{"in back-off", faulty(func(ch *state.Child) { ch.Phase, ch.Attempt = state.Waiting, 3 }), "backoff", false, false, "web: in back-off after 3 tries"},
		{"in back-off for a holder", faulty(func(ch *state.Child) { ch.Phase, ch.Holder = state.Waiting, "container other" }), "backoff", false, false, "held by container other"},
		{"waits for a child that is recovered", awaits(1, state.Child{Phase: state.Removing}), "recovering", false, false, "web: waiting for db to be healthy"},
		{"waits for a child that gets its grace", awaits(0, state.Child{Phase: state.Stopping}), "ending", true, false, "db: gets its stop grace"},
		{"waits for a child whose healthcheck begins", awaits(0, state.Child{Phase: state.Alive, Seen: true, Health: state.HealthStarting, Fault: state.Fault{Cause: "died", Attempts: 1}}), "checking", true, false, "web: waiting for db to be healthy"},
		{"the same, at its own second try", awaits(2, state.Child{Phase: state.Alive, Seen: true, Health: state.HealthStarting, Fault: state.Fault{Cause: "died", Attempts: 1}}), "recovering", false, false, "web: waiting for db to be healthy"},
		{"waits for a child at its second try", awaits(1, state.Child{Phase: state.Alive, Seen: true, Health: state.HealthStarting, Fault: state.Fault{Cause: "died", Attempts: 2}}), "recovering", false, false, "web: waiting for db to be healthy"},
		{"waits for a child that is tolerated", tolerant(awaits(1, state.Child{Phase: state.Alive, Seen: true, Health: state.Unhealthy})), "tolerated", true, false, "db: unhealthy, which is tolerated"},
		{"waits for a child that is paused", awaits(1, state.Child{Phase: state.Alive, Seen: true, Paused: true}), "awaiting", true, false, "web: waiting for db to be healthy"},
		{"waits for a child that is held", awaits(1, state.Child{Phase: state.HeldBack, Holder: "abc"}), "held", true, false, "db: its place is held by abc"},
		{"its owner is gone", func(s *state.State) {
			faulty(func(ch *state.Child) { ch.Phase, ch.Awaits = state.Absent, "container vpn, which is not there" })(s)
			bound(s, state.Owner{Name: "vpn"})
		}, "awaiting", true, false, "web: waiting for container vpn"},
		{"its owner does not run", func(s *state.State) {
			faulty(func(ch *state.Child) { ch.Phase, ch.Awaits = state.Absent, "container vpn, which does not run" })(s)
			bound(s, state.Owner{Name: "vpn", Present: true})
		}, "awaiting", true, false, "which does not run"},
		{"its owner runs, another child does not", func(s *state.State) {
			faulty(func(ch *state.Child) { ch.Phase, ch.Awaits = state.Absent, "db to run" })(s)
			bound(s, state.Owner{Name: "vpn", Present: true, Running: true})
		}, "recovering", false, false, "waiting for db to run"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := state.State{Stage: state.Up, StreamUp: true, Children: []state.Child{whole}}
			s.Config.Policy.StableAfter = 10 * time.Second
			x.change(&s)
			got := Judge(s, noon, time.Time{})
			if got.State != x.state || got.Healthy != x.healthy || got.Ready != x.ready || !strings.Contains(got.Reason, x.says) {
				t.Errorf("%+v, want %s (healthy %t, ready %t) since %q", got, x.state, x.healthy, x.ready, x.says)
			}
		})
	}
}

func nets(back state.AttachState, holder string) func(*state.Child) {
	return func(ch *state.Child) {
		ch.Nets = []state.Attachment{{Network: "front", State: state.Attached}, {Network: "back", State: back, Holder: holder}}
	}
}

// awaits makes the child, after some tries, wait for another one that was whole.
func awaits(tries int, db state.Child) func(*state.State) {
	return func(s *state.State) {
		web := &s.Children[0]
		web.Whole, web.Phase, web.Awaits, web.Fault = false, state.Absent, "db to be healthy", state.Fault{Cause: "owner-recreated", Attempts: tries}
		db.Name, db.Launched = "db", true
		s.Children = append(s.Children, db)
	}
}

// bound binds the child to a container of somebody else's.
func bound(s *state.State, o state.Owner) {
	s.Config.Children = []state.ChildConfig{{Name: "web", BoundTo: []state.Bond{{Name: o.Name, Outside: true, Run: true, Namespace: true}}}}
	s.Owners = []state.Owner{o}
}

// TestJudgeTakesTheWorst: and names every child that is as bad.
func TestJudgeTakesTheWorst(t *testing.T) {
	waiting := func(name string) state.Child {
		return state.Child{Name: name, Phase: state.Waiting, Launched: true, Attempt: 1}
	}
	s := state.State{Stage: state.Up, Children: []state.Child{
		{Name: "a", Phase: state.Alive, Seen: true, Whole: true, Launched: true},
		waiting("b"),
		{Name: "c", Phase: state.Completed},
		waiting("d"),
		{Name: "e", Phase: state.Alive, Seen: true, Paused: true, Launched: true},
	}}
	if got := Judge(s, noon, time.Time{}); got.State != "backoff" || got.Reason != "b: in back-off after 1 try; d: in back-off after 1 try" {
		t.Errorf("%+v", got)
	}
	names := map[string]bool{}
	for _, c := range conditions {
		if names[c.name] || c.ready && !c.healthy {
			t.Errorf("condition %+v is there twice, or ready and not healthy", c)
		}
		names[c.name] = true
	}
	if slices.IndexFunc(conditions, func(c condition) bool { return c.name == "unhealthy" }) < slices.IndexFunc(conditions, func(c condition) bool { return c.name == "backoff" }) {
		t.Error("unhealthy is worse than back-off")
	}
}

// TestStatesAreDescribed: the documentation has each state with its exit code,
// the page has words for it.
func TestStatesAreDescribed(t *testing.T) {
	docs, err := os.ReadFile("../docs/health.md")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("web/page/static/words.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range conditions {
		code := 1
		if c.healthy {
			code = 0
		}
		if row := fmt.Sprintf("\n| `%s` | %d |", c.name, code); !strings.Contains(string(docs), row) {
			t.Errorf("docs/health.md has no row %q", row)
		}
		if !strings.Contains(string(page), c.name+": [") {
			t.Errorf("the page has no words for %s", c.name)
		}
	}
	if n := strings.Count(string(docs), "` | 0 |") + strings.Count(string(docs), "` | 1 |"); n != len(conditions) {
		t.Errorf("docs/health.md has %d states, there are %d", n, len(conditions))
	}
}

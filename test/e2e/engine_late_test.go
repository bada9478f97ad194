package e2e

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
	"foster/test/relay"
)

// lateCall is a call that the engine does not answer before its deadline.
type lateCall struct {
	name string
	verb string
	at   relay.Point   // Before: the engine carries it out only after the deadline
	late time.Duration // how long after it

	fault   func(w *world, c container.InspectResponse) // what makes foster call, nil for the launch
	creates int                                         // how many containers there may be at most, one after the other

	w      *world
	f      *foster
	r      *relay.Relay
	before container.InspectResponse
	hit    int // the call
}

// deadlinePatience is above the longest deadline here.
const deadlinePatience = 3 * time.Minute

// intercept is late with the first call of the verb.
func (l *lateCall) intercept(x relay.Exchange) relay.Action {
	if verb(x.Request) != l.verb {
		return relay.Pass()
	}
	if l.hit < 0 {
		l.hit = x.Index
	}
	if x.Index != l.hit || x.Point != l.at {
		return relay.Pass()
	}
	return relay.Late(l.late)
}

func (l *lateCall) want() want {
	if l.fault == nil {
		return wanted() // no network: its deadline would be longer
	}
	return wanted(l.w.net("front"))
}

// TestLateAnswers: the engine takes longer for a call than foster waits, and
// carries it out all the same, before or after foster has given up. Whatever
// comes of it, there is one child, and nothing is left in the end. All of them
// wait for their deadlines at the same time.
func TestLateAnswers(t *testing.T) {
	t.Parallel()
	death := func(w *world, c container.InspectResponse) { w.signalChild(c, syscall.SIGKILL) }
	cut := func(w *world, c container.InspectResponse) { w.cut(c.ID, w.net("front")) }
	const (
		create = "POST /containers/create"
		start  = "POST /containers/*/start"
	)
	calls := []*lateCall{
		{name: "create, the answer comes late", verb: create, at: relay.After, creates: 2},
		{name: "create, carried out at the deadline", verb: create, at: relay.Before, creates: 2},
		{name: "create, carried out before the next", verb: create, at: relay.Before, late: 500 * time.Millisecond, creates: 2},
		{name: "create, carried out after the next", verb: create, at: relay.Before, late: 5 * time.Second, creates: 2},
		{name: "start, the answer comes late", verb: start, at: relay.After, creates: 1},
		{name: "start, carried out at the deadline", verb: start, at: relay.Before, creates: 2},
		{name: "start, carried out soon after", verb: start, at: relay.Before, late: 50 * time.Millisecond, creates: 2},
		{name: "start, carried out long after", verb: start, at: relay.Before, late: 5 * time.Second, creates: 2},
		{name: "remove, the answer comes late", verb: "DELETE /containers/*", at: relay.After, fault: death, creates: 2},
		{name: "remove, carried out late", verb: "DELETE /containers/*", at: relay.Before, fault: death, creates: 2},
		{name: "inspect", verb: "GET /containers/*/json", at: relay.After, fault: cut, creates: 1},
		{name: "connect, the answer comes late", verb: "POST /networks/*/connect", at: relay.After, fault: cut, creates: 1},
		{name: "connect, carried out late", verb: "POST /networks/*/connect", at: relay.Before, late: time.Second, fault: cut, creates: 1},
	}
	e := plainEngine(t)
	begin := time.Now()
	for _, l := range calls {
		l.hit = -1
		l.w = newWorld(t, e)
		var address string
		l.r, address = l.w.relay()
		if l.fault == nil {
			l.r.Intercept(l.intercept)
			l.f = l.w.foster(address, "LAUNCH_NETWORK_MODE=none")
			continue
		}
		l.f = l.w.foster(address, "LAUNCH_NETWORKS=front")
		l.f.awaitSaid("launched")
		l.before = l.w.awaitWhole(l.want())
		l.r.Intercept(l.intercept)
		l.fault(l.w, l.before)
	}
	for _, l := range calls {
		lab.Eventually(t, deadlinePatience, l.name+": the late answer", func() error {
			for _, q := range l.r.Requests(func(q relay.Request) bool { return verb(q) == l.verb }) {
				if q.Engine != 0 && q.Status == 0 {
					return nil
				}
			}
			return fmt.Errorf("%d calls", len(l.r.Requests()))
		})
	}
	for _, l := range calls {
		var checks []check
		if l.fault != nil && l.creates > 1 {
			checks = append(checks, newer(l.before))
		}
		l.w.awaitWholeWithin(deadlinePatience, l.want(), checks...)
		lab.Eventually(t, patience, l.name+": word of it", func() error {
			if len(l.f.said("launched")) == 0 && len(l.f.said("recovered")) == 0 || l.fault != nil && len(l.f.said("recovered")) == 0 {
				return fmt.Errorf("not whole for foster")
			}
			return nil
		})
		t.Logf("%-40s whole within %s of the beginning", l.name, time.Since(begin).Round(time.Second))
		l.f.stop()
		l.w.nothingLeft()
		l.w.neverTwo(0)
		if n := len(l.w.events("create")); n < 1 || n > l.creates {
			t.Errorf("%s: %d containers were created, want %d at most", l.name, n, l.creates)
		}
	}
}

package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/events"
)

// place is where a child belongs: there, one container of it may run.
type place struct{ node, project, child string }

func (p place) String() string {
	if p.child == "" {
		return p.project + " on " + p.node
	}
	return p.project + "/" + p.child + " on " + p.node
}

// containerRun is one run of a container, by its engine's stamps; to is 0 while it goes on.
type containerRun struct {
	id       string
	from, to int64
}

// moment is something that an engine has told of one of foster's objects.
type moment struct {
	at   int64
	what string
}

// breach is a promise that was not kept.
type breach struct {
	at    place
	stamp int64
	what  string
}

func (b *breach) Error() string { return fmt.Sprintf("%s: %s", b.at, b.what) }

// Limits of what one child may cost in a minute. A child that fails all the time is tried 14 times with the pauses of
// settings (1, 2, 4, 5, 5 … s); a round makes at most five faults, each good for one try, and rounds take about ten
// seconds. A try has ten events, with two networks and a volume some more.
const (
	maxCreations = 40
	maxEvents    = 600
)

// settled is how much later than the next start the end of a run may be told: the engine stamps both, but tells them
// from different goroutines.
const settled = int64(2 * time.Second)

// ledger is what the engines have told. It judges what was told alone; what is to be there is for look and left.
type ledger struct {
	mu      sync.Mutex
	runs    map[place][]*containerRun
	owner   map[string]place  // of each container of foster's, by ID
	volumes map[string]string // the child's container that each volume was in, by node and name
	spared  map[string]bool   // volumes that nobody can know any more, the same
	story   map[place][]moment
	faults  []moment
	recent  map[place][]int64 // stamps of the last minute
	created map[place][]int64

	ended     map[string]int64  // when each node's engine has ended last
	lenient   map[string]int    // nodes whose engine is meddled with: strangers are stopped there
	excused   map[string]int64  // until when what happened to the strangers of a node was its engine's doing
	strangers map[string]string // names of what nobody may touch, by node and ID
	changed   time.Time         // when something of foster's has changed last
	breaches  []*breach
	broken    func(*breach) // called for the first
	hottest   int           // the most events of one child in a minute
	hot       place
}

func newLedger(broken func(*breach)) *ledger {
	return &ledger{
		runs: map[place][]*containerRun{}, owner: map[string]place{}, volumes: map[string]string{}, spared: map[string]bool{},
		story: map[place][]moment{}, recent: map[place][]int64{}, created: map[place][]int64{},
		ended: map[string]int64{}, lenient: map[string]int{}, excused: map[string]int64{}, strangers: map[string]string{}, broken: broken,
	}
}

// quietActions change nothing: healthchecks, and what the soak asks itself.
var quietActions = []string{"exec_create", "exec_start", "exec_die", "exec_detach", "top", "resize", "attach", "detach", "archive-path", "extract-to-dir", "export", "copy", "health_status"}

// record takes one event of a node.
func (l *ledger) record(node string, m events.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	action, _, _ := strings.Cut(string(m.Action), ":")
	id := m.Actor.ID
	if m.Type != events.ContainerEventType {
		id = m.Actor.Attributes["container"] // of a network's connect, of a volume's mount
	}
	l.guard(node, m, id)
	if project, name := m.Actor.Attributes[labelProject], m.Actor.Attributes[labelChild]; m.Type == events.ContainerEventType && name != "" {
		l.owner[id] = place{node, project, name}
	} else if service := m.Actor.Attributes[labelService]; m.Type == events.ContainerEventType && m.Actor.Attributes[labelLauncher] != "" {
		l.owner[id] = place{node, service, ""}
	}
	at, ours := l.owner[id]
	if !ours {
		return
	}
	what := string(m.Action)
	if m.Type != events.ContainerEventType {
		what = fmt.Sprintf("%s %s %s", m.Type, m.Action, m.Actor.Attributes["name"])
	}
	if code := m.Actor.Attributes["exitCode"]; code != "" {
		what += " code=" + code
	}
	if signal := m.Actor.Attributes["signal"]; signal != "" {
		what += " signal=" + signal
	}
	if !strings.HasPrefix(action, "exec_") {
		l.story[at] = append(l.story[at], moment{m.TimeNano, fmt.Sprintf("%-34s %.12s", what, id)})
	}
	if slices.Contains(quietActions, action) {
		return
	}
	l.changed = time.Now()
	if at.child == "" {
		return
	}
	if m.Type == events.VolumeEventType && action == "mount" {
		l.volumes[node+" "+m.Actor.ID] = id
	}
	l.rate(at, m, action)
	if m.Type != events.ContainerEventType {
		return
	}
	switch action {
	case "start":
		r := &containerRun{id: id, from: m.TimeNano}
		if end := l.ended[node]; m.TimeNano < end {
			r.to = end // told late
		}
		l.runs[at] = append(l.runs[at], r)
	case "die":
		l.end(m.TimeNano, func(p place, r *containerRun) bool { return p == at && r.id == id && r.from <= m.TimeNano })
	}
}

// end closes the runs that are meant.
func (l *ledger) end(stamp int64, meant func(place, *containerRun) bool) {
	for p, runs := range l.runs {
		for _, r := range runs {
			if r.to == 0 && meant(p, r) {
				r.to = stamp
			}
		}
	}
}

// rate counts, and tells what is hot.
func (l *ledger) rate(at place, m events.Message, action string) {
	count := func(in map[place][]int64) int {
		kept := slices.DeleteFunc(in[at], func(t int64) bool { return t < m.TimeNano-int64(time.Minute) })
		in[at] = append(kept, m.TimeNano)
		return len(in[at])
	}
	if n := count(l.recent); n > l.hottest {
		l.hottest, l.hot = n, at
	}
	if n := len(l.recent[at]); n > maxEvents {
		l.tell(at, m.TimeNano, "hot: %d events within a minute, the limit is %d", n, maxEvents)
	}
	if m.Type == events.ContainerEventType && action == "create" {
		if n := count(l.created); n > maxCreations {
			l.tell(at, m.TimeNano, "hot: created %d times within a minute, the limit is %d", n, maxCreations)
		}
	}
}

// judge looks for two runs of one child that overlap. Of runs that go on, the later must have begun a while ago: the end
// of the earlier one may still be on its way.
func (l *ledger) judge(now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for at, runs := range l.runs {
		slices.SortFunc(runs, func(a, b *containerRun) int { return int(a.from - b.from) })
		for i := 1; i < len(runs); i++ {
			before, after := runs[i-1], runs[i]
			switch {
			case before.to != 0 && before.to <= after.from, before.to == 0 && now-after.from < settled:
			case before.to == 0:
				l.tell(at, after.from, "two run at once: %.12s has not died when %.12s starts", before.id, after.id)
			default:
				l.tell(at, after.from, "two run at once for %s: %.12s, and %.12s from its start on",
					time.Duration(before.to-after.from), before.id, after.id)
			}
		}
		// What has been judged needs no second look; the last run meets the next.
		if done := len(runs) - 2; done > 0 && runs[done].to != 0 && now-runs[done+1].from > settled {
			l.runs[at] = runs[done:]
		}
	}
}

// engineEnded says that from now on, until it is started again, no container of the node runs or will be heard of. An
// engine that starts kills what has survived it before it takes calls: nothing that ran before runs beside what comes.
func (l *ledger) engineEnded(node string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended[node] = time.Now().UnixNano()
	l.end(l.ended[node], func(p place, _ *containerRun) bool { return p.node == node })
}

// meddle says that a node's engine is about to be ended (+1), or is back with all that it starts by itself (-1).
func (l *ledger) meddle(node string, by int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lenient[node] += by
	if l.lenient[node] == 0 {
		l.excused[node] = time.Now().UnixNano() // what was before may be told later
	}
}

// protect adds something of a stranger's, by ID or by a volume's name.
func (l *ledger) protect(node, id, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.strangers[node+" "+id] = name
}

// strange says whether something is a stranger's.
func (l *ledger) strange(node, id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.strangers[node+" "+id]
	return ok
}

// guard sees to it that nothing happens to strangers, whatever it be: the soak itself only inspects them. While an engine
// is meddled with it ends and starts them itself; they are compared before and after then, see strangers.
func (l *ledger) guard(node string, m events.Message, container string) {
	if l.lenient[node] > 0 || m.TimeNano <= l.excused[node] {
		return
	}
	for _, id := range []string{m.Actor.ID, container} {
		if name, ok := l.strangers[node+" "+id]; ok {
			l.tell(place{node: node, project: name}, m.TimeNano, "a stranger was touched: %s %s %v", m.Type, m.Action, m.Actor.Attributes)
			return
		}
	}
}

// breach records one that was found elsewhere.
func (l *ledger) breach(at place, format string, args ...any) *breach {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tell(at, time.Now().UnixNano(), format, args...)
}

func (l *ledger) tell(at place, stamp int64, format string, args ...any) *breach {
	b := &breach{at: at, stamp: stamp, what: fmt.Sprintf(format, args...)}
	l.breaches = append(l.breaches, b)
	if len(l.breaches) == 1 && l.broken != nil {
		l.broken(b)
	}
	return b
}

// first is the first breach, nil when all is well.
func (l *ledger) first() *breach {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.breaches) == 0 {
		return nil
	}
	return l.breaches[0]
}

// peak is the most events of one child in a minute, and whose they were; "" without any.
func (l *ledger) peak() (int, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hottest == 0 {
		return 0, ""
	}
	return l.hottest, l.hot.String()
}

// still says for how long nothing of foster's has changed.
func (l *ledger) still() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.changed)
}

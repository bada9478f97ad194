package status

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/report"
)

// Asker asks fosters in containers as Inside does, and keeps what they said
// until the engine shows that something has moved, or askedEvery is over: each
// question starts a process in a container. The zero value has asked nobody.
type Asker struct {
	seen, told string // what the engine showed at the last look, and at the last question
	at         time.Time
	answers    []report.Status
}

// Ask is Inside, with answers that may be as old as the last look that moved.
func (a *Asker) Ask(ctx context.Context, engine Engine, found *Found, launchers []container.InspectResponse) []report.Status {
	now, seen := time.Now(), found.moving()
	// Once more when it rests again: a foster is done later than its engine.
	rests := seen == a.seen
	a.seen = seen
	if a.at.IsZero() || !rests || a.told != seen || now.Sub(a.at) >= askedEvery {
		if rests {
			a.told = seen
		}
		a.at, a.answers = now, Inside(ctx, engine, launchers)
	}
	answers := slices.Clone(a.answers)
	for i := range answers {
		answers[i].Now = answers[i].Now.Add(now.Sub(a.at))
	}
	return answers
}

// moving is what changes when something happens to a container that was found.
func (f *Found) moving() string {
	type facts struct {
		ID, Status, Started, Health string
		Networks                    int
	}
	of := func(c container.InspectResponse) facts {
		is := facts{ID: c.ID, Status: c.State.Status, Started: c.State.StartedAt}
		if c.State.Health != nil {
			is.Health = c.State.Health.Status
		}
		if c.NetworkSettings != nil {
			is.Networks = len(c.NetworkSettings.Networks)
		}
		return is
	}
	var all []facts
	for _, project := range f.Projects() {
		for _, c := range f.children[project] {
			all = append(all, of(c))
		}
	}
	for _, c := range f.Launchers {
		all = append(all, of(c))
	}
	slices.SortFunc(all, func(a, b facts) int { return strings.Compare(a.ID, b.ID) })
	text, _ := json.Marshal(all) // strings and numbers
	return string(text)
}

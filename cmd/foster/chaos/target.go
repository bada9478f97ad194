package chaos

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
)

// Target is a child of a foster that lives.
type Target struct {
	Project, Child string
	Stable         time.Duration // its foster's FOSTER_STABLE_AFTER, as far as the engine tells

	faults []fault // that it can suffer, of those that were chosen
	shape  shape
}

// Name is how a target is written.
func (t *Target) Name() string { return t.Project + "/" + t.Child }

// fault is one thing that can be done to a child.
type fault struct {
	kind    Kind
	network string // of a cut
}

func (f fault) String() string {
	if f.kind == Cut {
		return string(f.kind) + " " + f.network
	}
	return string(f.kind)
}

// Found is what Survey made of the options.
type Found struct {
	Targets []*Target // sorted by name
	Notes   []string  // why some child of a chosen project is left out
}

// Projects are those of the targets.
func (f Found) Projects() []string {
	seen := map[string]bool{}
	for _, t := range f.Targets {
		seen[t.Project] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// Survey finds the children that the options mean. One that was named and is
// not to be broken is a problem; one that only belongs to a chosen project is
// left out with a note. Nothing is changed.
func Survey(ctx context.Context, engine Engine, o Options) (Found, error) {
	all, err := children(ctx, engine)
	if err != nil {
		return Found{}, err
	}
	s := &surveyor{engine: engine, options: o, all: all, scopes: scopes{engine: engine}}
	chosen, err := s.choose(ctx)
	if err != nil {
		return Found{}, err
	}
	var found Found
	for _, c := range chosen {
		t, why, err := s.target(ctx, c)
		switch {
		case err != nil:
			return Found{}, err
		case why == "":
			found.Targets = append(found.Targets, t)
		case c.named != "":
			s.refuse("--child", c.named, why, "")
		default:
			found.Notes = append(found.Notes, fmt.Sprintf("%s/%s is left out: %s", c.project, c.child, why))
		}
	}
	if len(s.problems) > 0 {
		return Found{}, s.problems
	}
	if len(found.Targets) == 0 {
		return Found{}, spec.Problems{{Variable: "--project", Value: chosen[0].project, What: "has no child that can be broken: " + strings.Join(found.Notes, "; ")}}
	}
	slices.SortFunc(found.Targets, func(a, b *Target) int { return strings.Compare(a.Name(), b.Name()) })
	return found, nil
}

// candidate is a child that the options may mean.
type candidate struct {
	project, child string
	named          string // as --child named it, "" when it was not
}

type surveyor struct {
	engine   Engine
	options  Options
	all      census
	problems spec.Problems
	scopes   scopes
}

func (s *surveyor) refuse(flag, value, what, mend string) {
	s.problems = append(s.problems, spec.Problem{Variable: flag, Value: value, What: what, Mend: mend})
}

// target looks at one child: what it is now, or why it is not to be broken.
func (s *surveyor) target(ctx context.Context, c candidate) (*Target, string, error) {
	now, err := find(ctx, s.engine, c.project, c.child)
	if err != nil {
		return nil, why(err), unless(err)
	}
	if !now.State.Running {
		return nil, "its container is " + now.State.Status, nil
	}
	swarm, err := s.scopes.of(ctx, now)
	if err != nil {
		return nil, "", err
	}
	t := &Target{Project: c.project, Child: c.child, Stable: DefaultStable, shape: shapeOf(now, swarm)}
	refusal, err := s.parent(ctx, t, now)
	if err != nil || refusal != "" {
		return nil, refusal, err
	}
	for _, k := range s.options.Kinds {
		t.faults = append(t.faults, fault{kind: k})
	}
	for _, name := range s.options.Cuts {
		n, err := s.network(ctx, t, name)
		if err != nil {
			return nil, "", err
		}
		if n != "" {
			t.faults = append(t.faults, fault{kind: Cut, network: n})
		}
	}
	if len(t.faults) == 0 {
		return nil, fmt.Sprintf("it is attached to no network %s", strings.Join(s.options.Cuts, ", ")), nil
	}
	return t, "", nil
}

// why is the reason of errNotWhole, "" for other errors; unless is the other way round.
func why(err error) string {
	if unless(err) == nil {
		return reason(err)
	}
	return ""
}

// network is the engine's name of a network that a child is attached to: given
// as such, or as the project calls it. "" when it is attached to no such one.
func (s *surveyor) network(ctx context.Context, t *Target, name string) (string, error) {
	for _, n := range []string{name, t.Project + "_" + name} {
		if t.shape.attachments[n] != nil {
			return n, nil
		}
	}
	for _, n := range slices.Sorted(maps.Keys(t.shape.attachments)) {
		got, err := ask(ctx, lookTimeout, func(ctx context.Context) (network.Inspect, error) {
			return s.engine.NetworkInspect(ctx, n, network.InspectOptions{})
		})
		if errdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("inspect network %s: %w", n, err)
		}
		if got.Labels["com.docker.compose.project"] == t.Project && got.Labels["com.docker.compose.network"] == name {
			return n, nil
		}
	}
	return "", nil
}

package status

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"foster/report"
	"foster/spec"
)

// Found is what one look at an engine has brought.
type Found struct {
	api      string
	now      time.Time
	children map[string][]container.InspectResponse // genuine ones, by project
	parents  map[string]container.InspectResponse   // by ID; those that are there
	// Launchers are the containers that run and have foster's image.
	Launchers []container.InspectResponse
}

// Survey looks at the engine: one list, and one inspect for each child and
// each foster. Of one whose inspect hangs or fails it has what the list says.
func Survey(ctx context.Context, engine Engine) (*Found, error) {
	list, err := ask(ctx, lookTimeout, func(ctx context.Context) ([]container.Summary, error) {
		return engine.ContainerList(ctx, container.ListOptions{All: true})
	})
	if err != nil {
		return nil, fmt.Errorf("list the containers: %w", err)
	}
	f := &Found{api: engine.ClientVersion(), now: time.Now(), children: map[string][]container.InspectResponse{}, parents: map[string]container.InspectResponse{}}
	parents := map[string]bool{}
	for _, l := range list {
		parents[l.Labels[spec.LabelParent]] = true
	}
	hung := 0
	for _, l := range list {
		project := l.Labels[spec.LabelProject]
		_, launches := l.Labels[spec.LabelLauncher]
		launches = launches && l.State == container.StateRunning
		if project == "" && !launches && !parents[l.ID] {
			continue
		}
		c := listed(l)
		if hung < hungMost {
			inspected, err := ask(ctx, inspectTimeout, func(ctx context.Context) (container.InspectResponse, error) {
				return engine.ContainerInspect(ctx, l.ID)
			})
			switch {
			case errdefs.IsNotFound(err):
				continue // gone since the list
			case ctx.Err() != nil:
				return nil, fmt.Errorf("inspect container %.12s: %w", l.ID, err)
			case err != nil:
				hung++
			default:
				c = inspected
			}
		}
		if c.ContainerJSONBase == nil || c.Config == nil || c.State == nil {
			continue
		}
		if parents[c.ID] {
			f.parents[c.ID] = c
		}
		switch {
		case project != "" && spec.Genuine(strings.TrimPrefix(c.Name, "/"), c.Config.Image, c.Config.Labels) == "":
			f.children[project] = append(f.children[project], c)
		case launches:
			f.Launchers = append(f.Launchers, c)
		}
	}
	return f, nil
}

// Projects are those with a child, sorted.
func (f *Found) Projects() []string { return slices.Sorted(maps.Keys(f.children)) }

// Launcher is the container of the foster that has made a project's children,
// false where that is not to be seen.
func (f *Found) Launcher(project string) (container.InspectResponse, bool) {
	for _, c := range f.children[project] {
		i := slices.IndexFunc(f.Launchers, func(l container.InspectResponse) bool { return l.ID == c.Config.Labels[spec.LabelParent] })
		if i >= 0 {
			return f.Launchers[i], true
		}
	}
	return container.InspectResponse{}, false
}

// Status is a project as far as the engine knows it.
func (f *Found) Status(project string) report.Status {
	s := report.Status{
		Schema: report.Schema, Source: report.SourceLabels, Now: f.now, Project: project, Stage: "unknown",
		Engine: report.Engine{API: f.api}, Children: []report.Child{}, Networks: []report.Network{},
		Recoveries: report.Recoveries{ByCause: map[string]int{}, Newest: []float64{}},
	}
	children := slices.SortedFunc(slices.Values(f.children[project]), func(a, b container.InspectResponse) int {
		return cmp.Or(strings.Compare(a.Config.Labels[spec.LabelChild], b.Config.Labels[spec.LabelChild]), strings.Compare(a.ID, b.ID))
	})
	worst, reasons := 0, []string(nil)
	for _, c := range children {
		child := childOf(c)
		s.Children = append(s.Children, child)
		i, reason := f.condition(c, child)
		if i > worst {
			worst, reasons = i, nil
		}
		if i == worst && reason != "" {
			reasons = append(reasons, reason)
		}
		labels := c.Config.Labels
		s.Foster.Version = cmp.Or(s.Foster.Version, labels[spec.LabelVersion])
		parent := labels[spec.LabelParent]
		if f.follows(labels) {
			s.Foster.Parent = cmp.Or(s.Foster.Parent, strings.TrimPrefix(f.parents[parent].Name, "/"))
		} else {
			s.Foster.Container = cmp.Or(s.Foster.Container, parent)
			s.Foster.Task = cmp.Or(s.Foster.Task, spec.IdentityOf(f.parents[parent]).TaskName)
		}
		s.Foster.Service = cmp.Or(s.Foster.Service, labels[spec.LabelService])
		s.Foster.Node = cmp.Or(s.Foster.Node, labels[spec.LabelNode])
		s.Foster.Task = cmp.Or(s.Foster.Task, labels[spec.LabelTask])
	}
	s.Health = report.Verdict{
		Healthy: conditions[worst].healthy, Ready: worst == 0, State: conditions[worst].name,
		Reason: cmp.Or(strings.Join(reasons, "; "), report.Plural(len(children), "child runs", "children run")),
	}
	return s
}

// follows: the parent in a child's labels is there, and neither has foster's
// image nor is the task that made the child. So foster only follows it.
func (f *Found) follows(labels map[string]string) bool {
	p, there := f.parents[labels[spec.LabelParent]]
	if !there {
		return false
	}
	_, launches := p.Config.Labels[spec.LabelLauncher]
	task := labels[spec.LabelTask]
	return !launches && (task == "" || task != spec.IdentityOf(p).TaskID)
}

// conditions are what the engine alone can tell of a child, from best to worst.
var conditions = []struct {
	name    string
	healthy bool
}{{"whole", true}, {"paused", true}, {"starting", false}, {"degraded", false}, {"unhealthy", false}, {"down", false}, {"orphaned", false}}

// condition is how a child is, as an index of conditions, and why.
func (f *Found) condition(c container.InspectResponse, child report.Child) (int, string) {
	name, reason := "whole", ""
	missing := slices.ContainsFunc(child.Attachments, func(a report.Attachment) bool { return a.State != "attached" })
	parent := c.Config.Labels[spec.LabelParent]
	switch p, there := f.parents[parent]; {
	case parent != "" && (!there || !p.State.Running):
		name, reason = "orphaned", fmt.Sprintf("%s: its parent, container %.12s, does not run", child.Name, parent)
	case !c.State.Running:
		name, reason = "down", fmt.Sprintf("%s: its container is %s", child.Name, c.State.Status)
	case child.Health == container.Unhealthy:
		name, reason = "unhealthy", child.Name+": its healthcheck gave up"
	case missing:
		name, reason = "degraded", child.Name+": a network is missing"
	case child.Health == container.Starting:
		name, reason = "starting", child.Name+": its healthcheck has not succeeded yet"
	case child.Paused:
		name, reason = "paused", child.Name+": somebody paused it"
	}
	for i, known := range conditions {
		if known.name == name {
			return i, reason
		}
	}
	return 0, reason
}

// childOf is a child as inspect shows it.
func childOf(c container.InspectResponse) report.Child {
	child := report.Child{
		Name: c.Config.Labels[spec.LabelChild], ContainerName: strings.TrimPrefix(c.Name, "/"), Container: c.ID, Image: c.Config.Image,
		Phase: string(c.State.Status), Health: "none", Paused: c.State.Paused, ExitCode: c.State.ExitCode,
		Created: stamp(c.Created), Attachments: []report.Attachment{},
	}
	if c.State.Health != nil && c.State.Health.Status != "" {
		child.Health = string(c.State.Health.Status)
	}
	child.Since = child.Created
	switch {
	case c.State.Running:
		child.Phase, child.Started = "running", stamp(c.State.StartedAt)
		child.Since = child.Started
	case c.State.Status == container.StateExited, c.State.Status == container.StateDead:
		child.Phase, child.Since = "dead", stamp(c.State.FinishedAt)
	}
	if c.NetworkSettings == nil {
		return child
	}
	for _, name := range slices.Sorted(maps.Keys(c.NetworkSettings.Networks)) {
		a := report.Attachment{Network: name, State: "missing"}
		if e := c.NetworkSettings.Networks[name]; e != nil && e.EndpointID != "" {
			a.State = "attached"
		}
		child.Attachments = append(child.Attachments, a)
	}
	child.Whole = c.State.Running && !child.Paused && (child.Health == "none" || child.Health == container.Healthy) &&
		!slices.ContainsFunc(child.Attachments, func(a report.Attachment) bool { return a.State != "attached" })
	return child
}

// stamp is one of the engine's times, zero for what has not happened.
func stamp(text string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || at.Year() < 1970 {
		return time.Time{}
	}
	return at
}

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"

	"foster/cmd/foster/status"
	"foster/report"
	"foster/spec"
)

// one is the project that is meant, of those on the engine: of those with a
// child, and of those whose foster has none at the moment.
func (f *statusFlags) one(ctx context.Context, engine Engine, found *status.Found) ([]report.Status, error) {
	launchers := found.Launchers
	if l, ok := found.Launcher(f.project); ok {
		launchers = []container.InspectResponse{l}
	}
	inside := f.asker.Ask(ctx, engine, found, launchers)
	project, labelled := f.project, found.Projects()
	if project == "" {
		projects := slices.Clone(labelled)
		for _, s := range inside {
			if s.Project != "" {
				projects = append(projects, s.Project)
			}
		}
		slices.Sort(projects)
		switch projects = slices.Compact(projects); {
		case len(projects) > 1:
			return nil, spec.Problems{{Variable: "--project", What: "there are several: " + strings.Join(projects, ", "), Mend: "name one, or say --all"}}
		case len(projects) == 1:
			project = projects[0]
		case len(inside) == 1: // it does not know its project yet
			return inside, nil
		case len(inside) > 1:
			return nil, fmt.Errorf("%d fosters run, and none knows its project yet: see foster status --all", len(inside))
		}
	}
	if s, ok := teller(found, project, inside); ok && project != "" {
		return []report.Status{s}, nil
	}
	switch {
	case slices.Contains(labelled, project):
		return []report.Status{found.Status(project)}, nil
	case project != "":
		return nil, fmt.Errorf("there is no project %q here: see foster status --all", project)
	}
	return nil, errNothing
}

// everything is every project: as its foster says where that can be asked, else
// as the engine has it. Before them come the fosters that do not know their
// project yet.
func (f *statusFlags) everything(ctx context.Context, engine Engine, found *status.Found, asked []report.Status) []report.Status {
	launchers := slices.DeleteFunc(slices.Clone(found.Launchers), func(c container.InspectResponse) bool {
		return slices.ContainsFunc(asked, func(s report.Status) bool { return s.Foster.Container == c.ID })
	})
	answers := slices.Concat(asked, f.asker.Ask(ctx, engine, found, launchers))
	projects, all := found.Projects(), []report.Status{}
	for _, s := range answers {
		if s.Project == "" {
			all = append(all, s)
		} else {
			projects = append(projects, s.Project)
		}
	}
	slices.Sort(projects)
	for _, project := range slices.Compact(projects) {
		s, ok := teller(found, project, answers)
		if !ok {
			s = found.Status(project)
		}
		all = append(all, s)
	}
	return all
}

// teller is what the foster says that has a project, of several that answer for
// it: the parent of its children, else one that is not waiting for it.
func teller(found *status.Found, project string, answers []report.Status) (report.Status, bool) {
	has, known := found.Launcher(project)
	best, rank := report.Status{}, 0
	for _, s := range answers {
		r := 1
		switch {
		case s.Project != project:
			continue
		case known && s.Foster.Container == has.ID:
			r = 3
		case s.Stage != "standby" && s.Stage != "opening":
			r = 2
		}
		if r > rank {
			best, rank = s, r
		}
	}
	return best, rank > 0
}

package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"foster/spec"
)

// unless keeps errors other than errNotWhole.
func unless(err error) error {
	if errors.Is(err, errNotWhole) {
		return nil
	}
	return err
}

// choose says which children are meant: those named, else those of the named
// projects, else those of the only project.
func (s *surveyor) choose(ctx context.Context) ([]candidate, error) {
	projects := s.all.projects()
	for _, p := range s.options.Projects {
		if s.all.children[p] == nil {
			s.refuse("--project", p, "no child of it is on this engine", there(projects))
		}
	}
	if len(s.problems) > 0 {
		return nil, s.problems
	}
	switch {
	case len(s.options.Projects) > 0:
		projects = slices.Compact(slices.Sorted(slices.Values(s.options.Projects)))
	case len(s.options.Children) > 0:
		projects = slices.Sorted(maps.Keys(s.all.children))
	case len(projects) == 0:
		s.refuse("--project", "", "there is no child of a foster on this engine", "is DOCKER_HOST the right one?")
	case len(projects) > 1:
		s.refuse("--project", "", fmt.Sprintf("there are %d projects on this engine, and none is named", len(projects)), "name one or more: "+strings.Join(projects, ", "))
	}
	var out []candidate
	if len(s.options.Children) == 0 {
		for _, p := range projects {
			for _, c := range s.all.children[p] {
				out = append(out, candidate{project: p, child: c})
			}
		}
	}
	for _, name := range s.options.Children {
		c, err := s.named(ctx, name, projects)
		if err != nil {
			return nil, err
		}
		if c.child != "" && !slices.ContainsFunc(out, func(o candidate) bool { return o.project == c.project && o.child == c.child }) {
			out = append(out, c)
		}
	}
	if len(s.problems) > 0 {
		return nil, s.problems
	}
	return out, nil
}

// named finds the child that a --child means, in these projects: by its name,
// with its project's, or by its container's name or ID.
func (s *surveyor) named(ctx context.Context, name string, projects []string) (candidate, error) {
	var found []candidate
	for _, p := range projects {
		for _, c := range s.all.children[p] {
			if name == c || name == p+"/"+c {
				found = append(found, candidate{project: p, child: c, named: name})
			}
		}
	}
	if made := slices.DeleteFunc(slices.Clone(found), func(f candidate) bool { return !s.all.genuine[f.project+"/"+f.child] }); len(made) > 0 {
		found = made
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var names []string
		for _, f := range found {
			names = append(names, f.project+"/"+f.child)
		}
		s.refuse("--child", name, "there is one in several projects", "name one of "+strings.Join(names, ", "))
		return candidate{}, nil
	}
	c, err := ask(ctx, lookTimeout, func(ctx context.Context) (container.InspectResponse, error) {
		return s.engine.ContainerInspect(ctx, name)
	})
	switch {
	case errdefs.IsNotFound(err), errdefs.IsInvalidArgument(err):
		var names []string
		for _, p := range projects {
			for _, c := range s.all.children[p] {
				if s.all.genuine[p+"/"+c] {
					names = append(names, p+"/"+c)
				}
			}
		}
		s.refuse("--child", name, "there is neither a child nor a container of this name", there(names))
		return candidate{}, nil
	case err != nil:
		return candidate{}, fmt.Errorf("inspect container %s: %w", name, err)
	}
	if !told(c) {
		return candidate{}, fmt.Errorf("inspect container %s: the engine says nothing of it", name)
	}
	labels := c.Config.Labels
	project, child := labels[spec.LabelProject], labels[spec.LabelChild]
	switch {
	case project == "" || child == "":
		s.refuse("--child", name, fmt.Sprintf("is not foster's: it lacks the labels %s and %s", spec.LabelProject, spec.LabelChild), "foster chaos breaks only what foster brings back")
	case notMade(c) != "":
		s.refuse("--child", name, notMade(c), "foster chaos breaks only what foster brings back")
	case !slices.Contains(projects, project):
		s.refuse("--child", name, "belongs to project "+project+", which --project does not name", "")
	default:
		return candidate{project: project, child: child, named: name}, nil
	}
	return candidate{}, nil
}

func there(names []string) string {
	if len(names) == 0 {
		return "there is none at all: is DOCKER_HOST the right one?"
	}
	return "there are " + strings.Join(names, ", ")
}

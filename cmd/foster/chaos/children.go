package chaos

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"foster/spec"
)

// census is who says of itself that it is a foster's child.
type census struct {
	children map[string][]string // by project, sorted
	genuine  map[string]bool     // project/child, if a foster has made some container of it
}

// projects are those with a child that a foster has made; where there is none,
// all, so that what stands in the way of theirs is told.
func (c census) projects() []string {
	all := slices.Sorted(maps.Keys(c.children))
	foster := slices.DeleteFunc(slices.Clone(all), func(p string) bool {
		return !slices.ContainsFunc(c.children[p], func(child string) bool { return c.genuine[p+"/"+child] })
	})
	if len(foster) == 0 {
		return all
	}
	return foster
}

// children takes the census. What vanishes meanwhile counts by its labels: it
// may be a child that is being brought back.
func children(ctx context.Context, engine Engine) (census, error) {
	all := census{children: map[string][]string{}, genuine: map[string]bool{}}
	list, err := labelled(ctx, engine)
	if err != nil {
		return all, err
	}
	for _, l := range list {
		project, child := l.Labels[spec.LabelProject], l.Labels[spec.LabelChild]
		if project == "" || child == "" || all.genuine[project+"/"+child] {
			continue
		}
		if !slices.Contains(all.children[project], child) {
			all.children[project] = append(all.children[project], child)
		}
		c, err := ask(ctx, lookTimeout, func(ctx context.Context) (container.InspectResponse, error) {
			return engine.ContainerInspect(ctx, l.ID)
		})
		switch {
		case errdefs.IsNotFound(err), err == nil && told(c) && notMade(c) == "":
			all.genuine[project+"/"+child] = true
		case err != nil:
			return all, fmt.Errorf("inspect container %.12s of %s/%s: %w", l.ID, project, child, err)
		}
	}
	for _, names := range all.children {
		slices.Sort(names)
	}
	return all, nil
}

func labelled(ctx context.Context, engine Engine) ([]container.Summary, error) {
	list, err := ask(ctx, lookTimeout, func(ctx context.Context) ([]container.Summary, error) {
		return engine.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", spec.LabelChild))})
	})
	if err != nil {
		return nil, fmt.Errorf("list the children: %w", err)
	}
	return list, nil
}

// Names lists projects, children as project/child, and the networks that they
// are on, for completion: by one question, so that a copy of a child may be
// among them that has the child's very name.
func Names(ctx context.Context, engine Engine) (projects, names, networks []string, err error) {
	list, err := labelled(ctx, engine)
	for _, c := range list {
		project, child := c.Labels[spec.LabelProject], c.Labels[spec.LabelChild]
		if !slices.ContainsFunc(c.Names, func(n string) bool {
			return spec.Genuine(strings.TrimPrefix(n, "/"), c.Labels[spec.LabelImage], c.Labels) == ""
		}) {
			continue
		}
		projects, names = append(projects, project), append(names, project+"/"+child)
		if c.NetworkSettings != nil {
			networks = slices.AppendSeq(networks, maps.Keys(c.NetworkSettings.Networks))
		}
	}
	for _, l := range []*[]string{&projects, &names, &networks} {
		slices.Sort(*l)
		*l = slices.Compact(*l)
	}
	return projects, names, networks, err
}

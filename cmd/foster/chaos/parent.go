package chaos

import (
	"context"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"foster/spec"
)

// Who would bring a child back: the container that its label foster.parent
// names, when the foster that made it runs there. It may be one that the foster
// only follows (FOSTER_PARENT), whose life says nothing of the foster's.

// parent says why a child has no living foster, and asks that foster's container
// for its stable time.
func (s *surveyor) parent(ctx context.Context, t *Target, c container.InspectResponse) (string, error) {
	id, task := c.Config.Labels[spec.LabelParent], c.Config.Labels[spec.LabelTask]
	if id == "" {
		if s.vouched(t) {
			return "", nil
		}
		return "it has no label " + spec.LabelParent + ": no container on this engine keeps it alive, and no foster outside of containers is seen that does (one on another machine, or one that calls this engine by another DOCKER_HOST, is not seen; --on-host: there is one all the same)", nil
	}
	p, err := ask(ctx, lookTimeout, func(ctx context.Context) (container.InspectResponse, error) {
		return s.engine.ContainerInspect(ctx, id)
	})
	switch {
	case errdefs.IsNotFound(err):
		return fmt.Sprintf("its parent, container %.12s, is gone: nobody would bring it back", id), nil
	case err != nil:
		return "", fmt.Errorf("inspect container %.12s, the parent of %s: %w", id, t.Name(), err)
	case !alive(p):
		status := "unknown"
		if p.ContainerJSONBase != nil && p.State != nil {
			status = p.State.Status
		}
		return fmt.Sprintf("its parent, container %.12s, is %s: nobody would bring it back", id, status), nil
	case made(p, task):
		t.Stable = stableOf(p)
		return "", nil
	}
	foster, err := s.launcher(ctx, t.Project, task)
	if err != nil {
		return "", err
	}
	if foster != nil {
		t.Stable = stableOf(*foster)
		return "", nil
	}
	if s.vouched(t) {
		return "", nil
	}
	return fmt.Sprintf("its parent, container %s, runs but is no foster (FOSTER_PARENT names it, or its image lacks the label %s), and no foster is seen that has project %s: nobody would bring it back (start that foster again; one whose project is named in a file is seen when its LAUNCH_PROJECT_NAME is set; --on-host: there is one all the same)",
		strings.TrimPrefix(p.Name, "/"), spec.LabelLauncher, t.Project), nil
}

// vouched says whether a foster outside of containers has a target's project, or
// the operator says that one has.
func (s *surveyor) vouched(t *Target) bool {
	return s.options.OnHost || s.options.Hosted != nil && s.options.Hosted(t.Project)
}

func alive(c container.InspectResponse) bool {
	return c.ContainerJSONBase != nil && c.State != nil && c.State.Running && !c.State.Paused
}

// made says whether a child's parent is its foster: in Swarm the child's label
// names foster's own task, whatever image that is of.
func made(p container.InspectResponse, task string) bool {
	if task != "" {
		return spec.IdentityOf(p).TaskID == task
	}
	return spec.Launches(p)
}

// launcher finds a living foster in some container of this engine: the one of
// the task that made the child, or another that has the project. Nil: there is none.
func (s *surveyor) launcher(ctx context.Context, project, task string) (*container.InspectResponse, error) {
	list, err := ask(ctx, lookTimeout, func(ctx context.Context) ([]container.Summary, error) {
		return s.engine.ContainerList(ctx, container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", spec.LabelLauncher))})
	})
	if err != nil {
		return nil, fmt.Errorf("list the fosters of this engine: %w", err)
	}
	for _, l := range list {
		c, err := ask(ctx, lookTimeout, func(ctx context.Context) (container.InspectResponse, error) {
			return s.engine.ContainerInspect(ctx, l.ID)
		})
		switch {
		case errdefs.IsNotFound(err):
			continue
		case err != nil:
			return nil, fmt.Errorf("inspect container %.12s, a foster: %w", l.ID, err)
		case !alive(c) || !spec.Launches(c):
			continue
		}
		id := spec.IdentityOf(c)
		if task != "" && id.TaskID == task || spec.ClaimedProject(id, c.Config.Env) == project {
			return &c, nil
		}
	}
	return nil, nil
}

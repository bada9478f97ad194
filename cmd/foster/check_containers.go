package main

import (
	"context"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"foster/spec"
)

// checkNames looks for the containers that hold the children's names.
func checkNames(_ context.Context, s *survey) []finding {
	if s.containers == nil {
		return nil
	}
	var found []finding
	free := 0
	for _, c := range s.project.Children {
		subject := "container name " + c.ContainerName
		got := s.named(c.ContainerName)
		switch {
		case got == nil:
			free++
		case got.Labels[spec.LabelProject] != s.project.Name || got.Labels[spec.LabelChild] != c.Name:
			found = append(found, problem(subject, "is held by container %s, which %s: child %s waits for it", short(got.ID), s.whose(got.Labels), c.Name).
				mend("remove or rename it, or give the child another name"))
		default:
			found = append(found, s.predecessor(c, got))
		}
	}
	if free > 0 {
		found = append(found, ok("container names", "%s free", counted(free, "is", "are")))
	}
	return found
}

// predecessor is a container that this child has already.
func (s *survey) predecessor(c spec.Child, got *container.Summary) finding {
	subject := "child " + c.Name
	parent := s.byID(got.Labels[spec.LabelParent])
	switch {
	case parent != nil && parent.State == container.StateRunning && parent.ID != s.self.ContainerID:
		return note(subject, "is looked after by another foster, in container %s: a second one waits for its end", holder(parent))
	case got.State != container.StateRunning:
		return ok(subject, "has a container that does not run: it will be replaced")
	case got.Labels[spec.LabelSpecHash] == c.Hash:
		return ok(subject, "runs already, made from the same settings: it will be taken over")
	}
	return ok(subject, "runs already, made from other settings: it will be replaced")
}

// checkOwners looks for the containers from outside that children share
// something of, and for the one that foster follows.
func checkOwners(ctx context.Context, s *survey) []finding {
	var found []finding
	var asked []string
	look := func(name, forWhom string) {
		if slices.Contains(asked, name) {
			return
		}
		asked = append(asked, name)
		subject := "container " + name
		got, err := ask(ctx, func(ctx context.Context) (container.InspectResponse, error) {
			return s.engine.ContainerInspect(ctx, name)
		})
		switch {
		case errdefs.IsNotFound(err):
			found = append(found, note(subject, "is not there: %s waits for it", forWhom))
		case err != nil:
			found = append(found, note(subject, "could not be looked at: %v", err))
		case got.ContainerJSONBase == nil || got.State == nil || !got.State.Running:
			found = append(found, note(subject, "does not run: %s waits for it", forWhom))
		default:
			found = append(found, ok(subject, "runs, for %s", forWhom))
		}
	}
	for _, c := range s.project.Children {
		for _, b := range c.BoundTo {
			if b.Outside {
				look(b.Name, "child "+c.Name)
			}
		}
	}
	if s.settings.Parent != "" {
		look(s.settings.Parent, "foster, which follows it (FOSTER_PARENT),")
	}
	return found
}

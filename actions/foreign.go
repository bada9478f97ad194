package actions

import (
	"context"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"

	"foster/spec"
	"foster/state"
)

// What a child needs may be somebody else's. Then the answer is Foreign: it says
// who has it, so that the operator can choose, and nobody is touched.

// labelSwarmService names the service of a task.
const labelSwarmService = "com.docker.swarm.service.name"

// holder finds the container that holds the child's name. Nil: nobody does.
func (r *Runner) holder(ctx context.Context, c *spec.Child) (string, error) {
	got, err := r.inspect(ctx, c.ContainerName)
	if errdefs.IsNotFound(err) || err == nil && (got.ContainerJSONBase == nil || got.Name != "/"+c.ContainerName) {
		return "", nil
	}
	if err != nil {
		return "", fail(VerbInspect, fmt.Sprintf("find who holds container name %q", c.ContainerName), err)
	}
	var labels map[string]string
	image := ""
	if got.Config != nil {
		labels, image = got.Config.Labels, got.Config.Image
	}
	who := "container " + short(got.ID)
	switch why := spec.Genuine(c.ContainerName, image, labels); {
	case !r.isThisProjects(labels):
		who += r.whose(labels)
	case labels[spec.LabelChild] != c.Name:
		who += " of this project, which is not this child's"
	case why != "":
		who += ", which carries this child's labels, but no foster has made it (" + why + ")"
	default:
		return got.ID, classified(state.Exists, "", "container name %q is held by container %s of this child", c.ContainerName, short(got.ID))
	}
	return "", &opError{class: state.Foreign, doing: fmt.Sprintf("container name %q is held by %s: remove it or set LAUNCH_CONTAINER_NAME", c.ContainerName, who)}
}

func (r *Runner) isThisProjects(labels map[string]string) bool {
	return labels[spec.LabelProject] == r.cfg.Project.Name
}

// whose continues "container x" with the project or service that it is part of.
func (r *Runner) whose(labels map[string]string) string {
	project := labels[spec.LabelProject]
	if project == "" {
		project = labels[labelCompose]
	}
	switch service := labels[labelSwarmService]; {
	case service != "":
		return " of service " + service
	case project == "":
		return " of no project"
	case r.isThisProjects(labels):
		return " of this project"
	case project == r.cfg.Project.Name:
		return " of Compose project " + project + ", which is not foster's"
	default:
		return " of project " + strings.TrimSpace(project) + ", which is not this project's"
	}
}

// maxTries is how often a refused call is made when what it was refused is free
// as soon as somebody asks who has it.
const maxTries = 3

// unlessTaken makes a call that gives a child ports and addresses. When one of
// them is taken, the error is Foreign and says by whom; Await is told of each
// such container before the last look at it, so that no end of it is missed.
func (r *Runner) unlessTaken(ctx context.Context, v Verb, c *spec.Child, endpoints []spec.Endpoint, do func() error) error {
	for try := 1; ; try++ {
		err := do()
		wanted := places{}
		switch _, hint, _ := judge(v, err); {
		case err == nil:
			return nil
		case hint == hintPort:
			wanted.ports = portsOf(c)
		case hint == hintAddress:
			wanted.addresses = addressesOf(endpoints)
		default:
			return err
		}
		found, lookErr := r.taken(ctx, wanted)
		if len(found) > 0 && r.cfg.Await != nil {
			for _, t := range found {
				r.cfg.Await(t.id)
			}
			found, lookErr = r.taken(ctx, wanted)
			if len(found) == 0 && lookErr == nil && try < maxTries {
				continue
			}
		}
		log := r.cfg.Log.Debug().Str(state.KeyChild, c.Name).Str("error", detail(err))
		if lookErr != nil {
			log.Str(state.KeyDetail, detail(lookErr)).Msg("a port or an address is taken, and by whom cannot be found out")
			return err
		}
		log.Msg("a port or an address is taken")
		return &opError{class: state.Foreign, doing: wanted.tell(found)}
	}
}

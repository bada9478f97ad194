package reap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"

	"foster/spec"
)

// launcher is a container with a foster in it, and what it says of its project.
type launcher struct {
	id, name string
	service  string // of Swarm, "" outside
	launches bool   // it is no other of foster's commands, such as a reap
	claims   []string
	// opaque: its project's name may be in a file, or in a variable of one.
	opaque bool
}

// launcherOf takes a command that is not known for a launch: whoever wraps
// foster in a command of his own is to be safe.
func launcherOf(c container.InspectResponse, others []string) launcher {
	id := spec.IdentityOf(c)
	l := launcher{
		id: id.ContainerID, name: id.ContainerName, service: id.ServiceName,
		launches: spec.Launches(c) || len(c.Args) == 0 || !slices.Contains(others, c.Args[0]),
		claims:   []string{spec.ClaimedProject(id, c.Config.Env)},
		opaque:   opaque(c.Config.Env, c.Args),
	}
	if stable := id.ProjectName(); stable != l.claims[0] {
		// COMPOSE_PROJECT_NAME counts for compose files only.
		l.claims = append(l.claims, stable)
	}
	return l
}

// opaque says whether a foster's project may have a name that its environment
// does not tell.
func opaque(environ, args []string) bool {
	env := map[string]string{}
	for _, kv := range environ {
		k, v, _ := strings.Cut(kv, "=")
		env[k] = v
	}
	set := func(name string) bool { return env[name] != "" || env[name+"_FILE"] != "" }
	file := slices.ContainsFunc(args, func(a string) bool {
		return a == "-f" || a == "--file" || strings.HasPrefix(a, "--file=") || strings.HasPrefix(a, "-f=")
	})
	switch {
	case strings.Contains(env["LAUNCH_PROJECT_NAME"], "$"), env["LAUNCH_PROJECT_NAME_FILE"] != "":
		return true
	case env["LAUNCH_PROJECT_NAME"] != "", env["COMPOSE_PROJECT_NAME"] != "":
		return false
	}
	return !set("LAUNCH_IMAGE") || set("FOSTER_FILE") || set("COMPOSE_FILE") || file
}

// claim is why a project is somebody's.
type claim struct {
	reason string
	doubt  bool // it may be another's
}

// claimed says which foster that runs here has a project, or may have it; nil
// for none. services are those whose tasks have made its objects.
func (s *scene) claimed(project string, services []string) *claim {
	var maybe *claim
	for _, l := range s.launchers {
		made := s.made[l.id]
		switch {
		case slices.Contains(l.claims, project):
			return &claim{reason: fmt.Sprintf("foster %s runs and has this project", l.name)}
		case slices.Contains(made, project):
			return &claim{reason: fmt.Sprintf("foster %s runs and has made other children of this project", l.name)}
		case len(made) > 0:
			// A foster has one project: this one has another.
		case l.service != "" && slices.Contains(services, l.service):
			maybe = &claim{reason: fmt.Sprintf("foster %s runs, a task of the same service", l.name)}
		case l.opaque && len(s.ofService[l.service]) == 0 && maybe == nil:
			maybe = &claim{
				reason: fmt.Sprintf("foster %s runs, and its project is named in a file that cannot be seen from here: set its LAUNCH_PROJECT_NAME", l.name),
				doubt:  true,
			}
		}
	}
	if maybe != nil {
		return maybe
	}
	// An image that somebody has put foster into may lack the label.
	for _, c := range s.containers {
		_, labelled := c.Labels[spec.LabelLauncher]
		if service := c.Labels[labelSwarmService]; !labelled && service != "" && runs(c) && slices.Contains(services, service) {
			return &claim{reason: fmt.Sprintf("%s runs, a task of the service that has made it", nameOf(c))}
		}
	}
	return nil
}

package spec

import (
	"strings"

	"github.com/docker/docker/api/types/container"
)

// LabelLauncher is on foster's own image, and so on every container that runs it.
const LabelLauncher = "foster.launcher"

// IdentityOf is the place of the foster that runs in a container, as the engine
// describes it.
func IdentityOf(c container.InspectResponse) Identity {
	id := Identity{}
	if c.ContainerJSONBase != nil {
		id.ContainerID, id.ContainerName = c.ID, strings.TrimPrefix(c.Name, "/")
	}
	if c.Config == nil {
		return id
	}
	l := c.Config.Labels
	id.TaskID = l["com.docker.swarm.task.id"]
	id.TaskName = l["com.docker.swarm.task.name"]
	id.ServiceName = l["com.docker.swarm.service.name"]
	id.NodeID = l["com.docker.swarm.node.id"]
	id.Namespace = l["com.docker.stack.namespace"]
	return id
}

// Launches says whether a container runs a foster that launches children, by
// the label of its image and by its command: `foster reap` and the others are
// of the same image.
func Launches(c container.InspectResponse) bool {
	if c.ContainerJSONBase == nil || c.Config == nil {
		return false
	}
	if _, ok := c.Config.Labels[LabelLauncher]; !ok {
		return false
	}
	return len(c.Args) == 0 || c.Args[0] == "run" || strings.HasPrefix(c.Args[0], "-")
}

// ClaimedProject is the project of the foster that runs at a place with an
// environment (NAME=value), as far as it can be told from outside: what
// LAUNCH_PROJECT_NAME or COMPOSE_PROJECT_NAME says, else the stable name of the
// place. A name in its compose file is not seen.
func ClaimedProject(id Identity, environ []string) string {
	named := map[string]string{}
	for _, kv := range environ {
		k, v, _ := strings.Cut(kv, "=")
		named[k] = v
	}
	for _, variable := range []string{"LAUNCH_PROJECT_NAME", composeProjectName} {
		if v := named[variable]; v != "" {
			return v
		}
	}
	return id.ProjectName()
}

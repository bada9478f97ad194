package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// The labels of Compose that `docker compose ls`, ps, logs and down go by.
const (
	labelComposeProject     = "com.docker.compose.project"
	labelComposeService     = "com.docker.compose.service"
	labelComposeVersion     = "com.docker.compose.version"
	labelComposeWorkingDir  = "com.docker.compose.project.working_dir"
	labelComposeFiles       = "com.docker.compose.project.config_files"
	labelComposeEnvFile     = "com.docker.compose.project.environment_file"
	labelComposeOneoff      = "com.docker.compose.oneoff"
	labelComposeHash        = "com.docker.compose.config-hash"
	labelComposeNumber      = "com.docker.compose.container-number"
	labelComposeDependsOn   = "com.docker.compose.depends_on"
	labelComposeNetwork     = "com.docker.compose.network"
	labelComposeVolume      = "com.docker.compose.volume"
	composeVersion          = "2.40.3" // the one that is imitated
	composeSeparator        = "-"
	composeContainerNumber  = "1"
	composeServiceReference = "service:"
)

// LabelComposeImage holds the ID of the child's image. It is known only at
// create time, so whoever creates the container adds it.
const LabelComposeImage = "com.docker.compose.image"

// labelled gives every service the labels that Compose gives by itself.
func (in *input) labelled(project *types.Project) *types.Project {
	for name, service := range project.Services {
		service.CustomLabels = types.Labels{
			labelComposeProject:    project.Name,
			labelComposeService:    name,
			labelComposeVersion:    composeVersion,
			labelComposeWorkingDir: project.WorkingDir,
			labelComposeFiles:      strings.Join(project.ComposeFiles, ","),
			labelComposeOneoff:     "False",
		}
		if file, ok := in.Env.Lookup("LAUNCH_ARG_ENVFILE"); ok {
			service.CustomLabels[labelComposeEnvFile] = file
		}
		project.Services[name] = service
	}
	return project
}

// childLabels are all labels of a child but those of the run (see Stamp), the
// hash, and the image's.
func childLabels(project *types.Project, service types.ServiceConfig) (map[string]string, error) {
	labels := map[string]string{}
	maps.Copy(labels, service.Labels)
	maps.Copy(labels, service.CustomLabels)
	hash, err := serviceHash(service)
	if err != nil {
		return nil, err
	}
	var dependencies []string
	for _, name := range slices.Sorted(maps.Keys(service.DependsOn)) {
		d := service.DependsOn[name]
		dependencies = append(dependencies, fmt.Sprintf("%s:%s:%t", name, d.Condition, d.Restart))
	}
	labels[labelComposeHash] = hash
	labels[labelComposeNumber] = composeContainerNumber
	labels[labelComposeDependsOn] = strings.Join(dependencies, ",")
	labels[LabelStartedBy] = StartedBy
	labels[LabelProject] = project.Name
	labels[LabelChild] = service.Name
	labels[LabelContainer] = containerName(project.Name, service)
	labels[LabelImage] = service.Image
	return labels, nil
}

// Stamp puts the labels of the present run on every child: who its parent is,
// and which foster made it. They are no part of the Hash, so a foster that
// takes over a child of its predecessor finds it equal. A second Stamp replaces
// the first. What is not known is empty, not absent: the image may carry labels
// of that name, such as one that somebody made from a child with docker commit.
func (p *Project) Stamp(id Identity, version string) {
	for _, child := range p.Children {
		for label, value := range map[string]string{
			LabelParent:  id.ContainerID,
			LabelTask:    id.TaskID,
			LabelService: id.ServiceName,
			LabelNode:    id.NodeID,
			LabelVersion: version,
		} {
			child.Config.Labels[label] = value
		}
	}
}

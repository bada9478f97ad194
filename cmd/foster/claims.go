package main

import (
	"slices"

	"github.com/docker/docker/api/types/container"

	"foster/spec"
)

// claims says of another foster's container whether it launches this project.
// A project that is called by LAUNCH_PROJECT_NAME or after its place is known
// from outside. One that a file names is not: then only the same service with
// the same environment is taken for it, which has the same files.
func claims(project string, self spec.Identity, environ []string) func(container.InspectResponse) bool {
	visible := spec.ClaimedProject(self, environ) == project
	environ = sorted(environ)
	return func(c container.InspectResponse) bool {
		if !spec.Launches(c) {
			return false
		}
		other := spec.IdentityOf(c)
		if visible {
			return spec.ClaimedProject(other, c.Config.Env) == project
		}
		return self.ServiceName != "" && other.ServiceName == self.ServiceName && slices.Equal(sorted(c.Config.Env), environ)
	}
}

// precedes says of a container whether a foster in it may have had this project
// before, be it another one by now: one that claims it, or a task of this very
// place, whatever its image and environment were.
func precedes(project string, self spec.Identity, environ []string) func(container.InspectResponse) bool {
	claimed := claims(project, self, environ)
	return func(c container.InspectResponse) bool {
		other := spec.IdentityOf(c)
		return claimed(c) || self.ServiceName != "" && other.ServiceName == self.ServiceName && other.ProjectName() == self.ProjectName()
	}
}

func sorted(environ []string) []string { return slices.Sorted(slices.Values(environ)) }

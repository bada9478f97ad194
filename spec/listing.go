package spec

import (
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// Services are the names of the services, sorted; not those of profiles that
// are off.
func (r *Result) Services() []string { return slices.Sorted(maps.Keys(r.Document.Services)) }

// Networks are the keys of the networks that some service uses, sorted.
func (r *Result) Networks() []string { return slices.Sorted(maps.Keys(r.Document.Networks)) }

// Volumes are the keys of the named volumes that some service uses, sorted.
func (r *Result) Volumes() []string { return slices.Sorted(maps.Keys(r.Document.Volumes)) }

// Profiles are all that some service names, on or off, sorted.
func (r *Result) Profiles() []string {
	names := map[string]bool{}
	for _, s := range r.Document.AllServices() {
		for _, p := range s.Profiles {
			names[p] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Images are those of the services, in the order of the services' names.
func (r *Result) Images() []string {
	var images []string
	for _, name := range r.Services() {
		images = append(images, redactor{r.secrets}.plain(r.Document.Services[name].Image))
	}
	return images
}

// ConfigHash is Compose's hash of a service, as on the label of its child; ok
// is false when there is no such service.
func (r *Result) ConfigHash(service string) (hash string, ok bool) {
	for _, c := range r.Project.Children {
		if c.Name == service {
			return c.Config.Labels[labelComposeHash], true
		}
	}
	return "", false
}

// Environment is what ${…} can see, NAME=value, sorted, without secrets.
func (r *Result) Environment() []string {
	environment := types.Mapping{}
	for name, value := range r.Document.Environment {
		environment[name] = redactor{r.secrets}.variable(name, value)
	}
	return environment.Values()
}

// variable redacts a value of the environment: wholly when the variable is
// known to hold secrets or is called like one, but for the paths of files.
func (r redactor) variable(name, value string) string {
	isPath := strings.HasSuffix(name, fileSuffix) && strings.HasPrefix(value, "/")
	if value != "" && (hidden(name) && name != "LAUNCH_ENVFILES" || secretName.MatchString(name)) && !isPath {
		return Redacted
	}
	return r.plain(value)
}

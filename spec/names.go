package spec

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	// engineName is what the engine takes as the name of a container.
	engineName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`)
	// networkName is that of a network, or of a volume within its project.
	networkName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)
	// composeProject is what Compose takes as a project's name.
	composeProject = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)
	// composeKey is what Compose takes as the name of a service, network or
	// volume in a document.
	composeKey = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)
	// hostName is looser than DNS, as the engine and the kernel are.
	hostName = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?$`)
)

// ProjectName is the project of a foster that was given none: the Swarm
// service's name, with the slot behind it for slots above 1, so that replicas
// on one node keep apart; outside Swarm the name of foster's own container, and
// failing that "foster". It is the same at every start of the same task slot.
func (id Identity) ProjectName() string {
	name := projectName(id.ServiceName)
	if name == "" {
		if name = projectName(strings.TrimPrefix(id.ContainerName, "/")); name == "" {
			name = "foster"
		}
		return name
	}
	if slot := id.slot(); slot > 1 {
		name += "-" + strconv.Itoa(slot)
	}
	return name
}

// ChildName is the child of a foster that was given none: the Swarm service's
// name without the stack's; outside Swarm the name of foster's own container,
// and failing that "child".
func (id Identity) ChildName() string {
	name := id.ServiceName
	if id.Namespace != "" {
		name = strings.TrimPrefix(name, id.Namespace+"_")
	}
	if name == "" {
		name = strings.TrimPrefix(id.ContainerName, "/")
	}
	if !composeKey.MatchString(name) {
		return "child"
	}
	return name
}

// slot is the task's number in a replicated service; 0 for global services and
// outside Swarm.
func (id Identity) slot() int {
	rest, ok := strings.CutPrefix(id.TaskName, id.ServiceName+".")
	if !ok {
		return 0
	}
	slot, _, ok := strings.Cut(rest, ".")
	if !ok || len(slot) > 9 {
		return 0
	}
	n, err := strconv.Atoi(slot)
	if err != nil {
		return 0
	}
	return n
}

// projectName turns any name into one that Compose takes, "" when nothing of
// it is left.
func projectName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	return strings.TrimRight(strings.TrimLeft(name, "-_"), "-")
}

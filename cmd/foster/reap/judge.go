package reap

import (
	"regexp"
	"slices"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
)

const (
	labelComposeProject = "com.docker.compose.project"
	labelComposeNetwork = "com.docker.compose.network"
	labelComposeHash    = "com.docker.compose.config-hash"
	labelSwarmTask      = "com.docker.swarm.task"
)

var wholeID = regexp.MustCompile(`^[0-9a-f]{64}$`)

// notMade says why a container with foster's label on it is not taken for a
// child that a foster has made, "" when it is: a label that somebody copied
// makes no orphan.
func notMade(name, image string, labels map[string]string) string {
	if _, ok := labels[labelSwarmTask]; ok {
		return "it is a Swarm task's, not a child"
	}
	if why := spec.Genuine(name, image, labels); why != "" {
		return "no foster has made it: " + why
	}
	if parent := labels[spec.LabelParent]; parent != "" && !wholeID.MatchString(parent) {
		return "no foster has made it: the label " + spec.LabelParent + " is not the ID of a container"
	}
	return ""
}

// Why a child without a parent container is kept.
const (
	whyHostRuns = "a foster on this host, outside of containers, has its project"
	whyUnseen   = "its foster ran outside of containers: whether one does cannot be seen from here" + mendUnseen
	mendUnseen  = "; run reap on the engine's host, as root"
)

// judge is the verdict on everything that carries foster's label and is of the
// wanted projects (nil: all), by kind, project and name.
func (s *scene) judge(wanted []string) []Finding {
	var found []Finding
	orphans := map[string]bool{}
	for _, c := range s.containers {
		if project := c.Labels[spec.LabelProject]; project != "" && (wanted == nil || slices.Contains(wanted, project)) {
			f := s.container(c)
			orphans[f.ID] = f.Verdict == Orphan
			found = append(found, f)
		}
	}
	for _, n := range s.networks {
		if project := n.Labels[spec.LabelProject]; project != "" && (wanted == nil || slices.Contains(wanted, project)) {
			found = append(found, s.network(n, orphans))
		}
	}
	return found
}

func (s *scene) container(c container.Summary) Finding {
	project, parent := c.Labels[spec.LabelProject], c.Labels[spec.LabelParent]
	f := Finding{
		Kind: Container, Name: nameOf(c), ID: c.ID, Project: project, State: c.State,
		Parent: s.parentName(parent), parent: parent, labels: c.Labels,
	}
	if c.ID == s.self {
		return f.keep("it is this very program's container")
	}
	if why := s.notMade[c.ID]; why != "" {
		return f.doubtful(why)
	}
	p, there := s.byID[parent]
	if there && runs(p) {
		return f.keep("its parent runs")
	}
	var services []string
	if service := c.Labels[spec.LabelService]; service != "" {
		services = []string{service}
	}
	if why := s.claimed(project, services); why != nil {
		f.doubt = why.doubt
		return f.keep(why.reason)
	}
	alive, known := s.onHost(project)
	switch {
	case alive:
		return f.keep(whyHostRuns)
	case parent == "" && !known:
		return f.doubtful(whyUnseen)
	case parent == "":
		return f.orphan("no foster on this host has its project")
	case there:
		return f.orphan("its parent has ended")
	}
	return f.orphan("its parent is gone")
}

// network is the verdict on a network. It carries no parent, so it goes by what
// is known of its project's children, of those that are gone by now too.
func (s *scene) network(n network.Summary, orphans map[string]bool) Finding {
	project := n.Labels[spec.LabelProject]
	f := Finding{Kind: Network, Name: n.Name, ID: n.ID, Project: project, State: n.Driver, labels: n.Labels}
	switch {
	case n.Labels[labelComposeProject] != project || n.Labels[labelComposeNetwork] == "" || n.Labels[labelComposeHash] == "":
		return f.doubtful("no foster has made it: it lacks labels of its kind")
	case n.Scope == "swarm":
		return f.doubtful("it is the whole swarm's: fosters on other nodes may use it")
	}
	past := s.past[project]
	var stays container.Summary
	for _, c := range s.containers {
		if !orphans[c.ID] && (on(c, n) || c.Labels[spec.LabelProject] == project) {
			stays = c
		}
	}
	if why := s.claimed(project, past.services); why != nil {
		f.doubt = why.doubt
		return f.keep(why.reason)
	}
	alive, known := s.onHost(project)
	switch {
	case alive:
		return f.keep(whyHostRuns)
	case stays.ID != "":
		return f.keep("container " + nameOf(stays) + " stays, which needs it")
	case !known && !past.contained:
		return f.doubtful("no container tells who has made it: that foster may run outside of containers" + mendUnseen)
	}
	return f.orphan("nothing that stays needs it")
}

// on says whether a container is on a network, or will be at its next start.
func on(c container.Summary, n network.Summary) bool {
	if c.NetworkSettings == nil {
		return false
	}
	for name, e := range c.NetworkSettings.Networks {
		if name == n.Name || e != nil && e.NetworkID == n.ID {
			return true
		}
	}
	return false
}

func (s *scene) onHost(project string) (alive, known bool) {
	if s.hostFosters == nil {
		return false, false
	}
	return s.hostFosters(project)
}

// parentName is the name of a parent that is there, else its short ID.
func (s *scene) parentName(id string) string {
	if p, ok := s.byID[id]; ok {
		return nameOf(p)
	}
	return short(id)
}

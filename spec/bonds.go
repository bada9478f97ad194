package spec

import (
	"cmp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

var conditions = map[string]Condition{
	"":                            ConditionStarted,
	types.ServiceConditionStarted: ConditionStarted,
	types.ServiceConditionHealthy: ConditionHealthy,
	types.ServiceConditionCompletedSuccessfully: ConditionCompleted,
}

// dependencies are what the service waits for, sorted by name. Services that
// are not in the document are optional ones: compose-go refuses the others.
func dependencies(doc *types.Project, s types.ServiceConfig) []Dependency {
	var out []Dependency
	for name, d := range s.DependsOn {
		if _, here := doc.Services[name]; here {
			condition := conditions[d.Condition]
			if condition == ConditionStarted && d.Extensions[readyExtension] == true {
				condition = ConditionReady
			}
			out = append(out, Dependency{Name: name, Condition: condition, Optional: !d.Required})
		}
	}
	slices.SortFunc(out, func(a, b Dependency) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// isOneShot: some service waits for the successful end of the named one.
func isOneShot(doc *types.Project, name string) bool {
	for _, s := range doc.Services {
		if d, ok := s.DependsOn[name]; ok && conditions[d.Condition] == ConditionCompleted {
			return true
		}
	}
	return false
}

// isProbed: some service waits for the first exposed port of the named one.
func isProbed(doc *types.Project, name string) bool {
	for _, s := range doc.Services {
		if slices.ContainsFunc(dependencies(doc, s), func(d Dependency) bool { return d.Name == name && d.Condition == ConditionReady }) {
			return true
		}
	}
	return false
}

// bonds are the containers that the service's own is made against, or after
// whose new one it is to be made anew.
func bonds(doc *types.Project, s types.ServiceConfig) []Bond {
	var out []Bond
	add := func(b Bond) {
		for name, other := range doc.Services {
			if b.Outside && containerName(doc.Name, other) == b.Name {
				b.Name, b.Outside = name, false
			}
		}
		if i := slices.IndexFunc(out, func(o Bond) bool { return o.Name == b.Name && o.Outside == b.Outside }); i >= 0 {
			out[i].Run, out[i].Namespace = out[i].Run || b.Run, out[i].Namespace || b.Namespace
			return
		}
		out = append(out, b)
	}
	for _, mode := range []string{s.NetworkMode, s.Ipc, s.Pid} {
		if name, ok := strings.CutPrefix(mode, composeServiceReference); ok {
			add(Bond{Name: name, Run: true, Namespace: true})
		} else if name, ok := strings.CutPrefix(mode, types.ContainerPrefix); ok {
			add(Bond{Name: name, Outside: true, Run: true, Namespace: true})
		}
	}
	for _, from := range s.VolumesFrom {
		from, outside := strings.CutPrefix(from, types.ContainerPrefix)
		name, _, _ := strings.Cut(from, ":")
		add(Bond{Name: name, Outside: outside})
	}
	for name, d := range s.DependsOn {
		if _, here := doc.Services[name]; here && d.Restart {
			add(Bond{Name: name, Run: true})
		}
	}
	slices.SortFunc(out, func(a, b Bond) int {
		if a.Outside != b.Outside {
			if b.Outside {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return out
}

// Precursors are the children that this one starts after, and is stopped before.
func (c Child) Precursors() []string {
	var names []string
	for _, d := range c.After {
		names = append(names, d.Name)
	}
	for _, b := range c.BoundTo {
		if !b.Outside && !slices.Contains(names, b.Name) {
			names = append(names, b.Name)
		}
	}
	return names
}

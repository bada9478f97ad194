package state

import "strings"

var restartNames = map[string]Restart{"": Inherit, "any": RestartAny, "on-failure": RestartOnFailure, "none": RestartNone, "never": RestartNever}

var conditionNames = map[string]Condition{"": IsRunning, "healthy": IsHealthy, "completed": IsCompleted, "ready": IsReady}

// dependencies reads db, db:healthy, db:healthy:optional.
func dependencies(text string) []Dependency {
	var out []Dependency
	for _, word := range list(text) {
		name, rest, _ := strings.Cut(word, ":")
		condition, optional, _ := strings.Cut(rest, ":")
		out = append(out, Dependency{Name: name, Condition: conditionNames[condition], Optional: optional == "optional"})
	}
	return out
}

// bonds reads gate (a namespace), gate:volumes, outside/vpn, outside/vpn:volumes, gate:restart.
func bonds(text string) []Bond {
	var out []Bond
	for _, word := range list(text) {
		name, what, _ := strings.Cut(word, ":")
		name, outside := strings.CutPrefix(name, "outside/")
		out = append(out, Bond{Name: name, Outside: outside, Run: what != "volumes", Namespace: what == ""})
	}
	return out
}

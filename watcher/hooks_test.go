package watcher

import (
	"strings"
	"testing"

	"github.com/docker/docker/api/types/events"
)

// TestMissedHooks: a line of a case is one event, as `start`, `create EXEC
// COMMAND` or `die EXEC CODE`.
func TestMissedHooks(t *testing.T) {
	hooks := [][]string{{"sh", "-c", "one"}, {"two"}, {"two"}}
	const all = "start, create 1 sh -c one, die 1 0, create 2 two, die 2 0, create 3 two , die 3 0"
	for told, want := range map[string]bool{
		all:                         false,
		"start":                     true,
		"start, create 1 sh -c one": true,
		"start, create 1 sh -c one, die 1 0, create 2 two, die 2 0":        true, // two was to be run twice
		strings.Replace(all, "die 2 0", "die 2 1", 1):                      true,
		strings.Replace(all, "start", "start, create 9 probe, die 9 1", 1): false, // somebody else's command
		all + ", start": true, // another run
		// The beginning of the run is not known any more.
		"":                        false,
		"create 3 two, die 3 0":   false,
		"die 1 0, create 3 two":   true, // it still runs
		"create 9 probe, die 8 0": false,
	} {
		var messages []events.Message
		for _, line := range strings.Split(told, ", ") {
			words := strings.SplitN(line, " ", 3)
			m := events.Message{Action: events.ActionStart}
			switch words[0] {
			case "create":
				m.Action, m.Actor.Attributes = "exec_create: "+events.Action(words[2]), map[string]string{"execID": words[1]}
			case "die":
				m.Action, m.Actor.Attributes = events.ActionExecDie, map[string]string{"execID": words[1], "exitCode": words[2]}
			case "":
				continue
			}
			messages = append(messages, m)
		}
		if got := missedHooks(messages, hooks); got != want {
			t.Errorf("%q: %v, want %v", told, got, want)
		}
	}
}

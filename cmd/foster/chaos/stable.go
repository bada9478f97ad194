package chaos

import (
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
)

// DefaultStable is that of FOSTER_STABLE_AFTER: a fault so soon after a start
// is answered with a pause that doubles each time.
const DefaultStable = 10 * time.Second

const (
	stableVariable = "FOSTER_STABLE_AFTER"
	stableFlag     = "--stable-after"
)

// stableOf reads the setting off the container that foster runs in: its flag,
// then its variable, then the default. Of a value in a file nothing is known.
func stableOf(c container.InspectResponse) time.Duration {
	found := DefaultStable
	if c.Config == nil {
		return found
	}
	take := func(text string) {
		if d, err := time.ParseDuration(text); err == nil && d >= 0 {
			found = d
		}
	}
	for _, kv := range c.Config.Env {
		if value, ok := strings.CutPrefix(kv, stableVariable+"="); ok {
			take(value)
		}
	}
	words := append([]string(c.Config.Entrypoint), c.Config.Cmd...)
	for i, w := range words {
		if value, ok := strings.CutPrefix(w, stableFlag+"="); ok {
			take(value)
		} else if w == stableFlag && i+1 < len(words) {
			take(words[i+1])
		}
	}
	return found
}

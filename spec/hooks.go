package spec

import (
	"fmt"

	"github.com/compose-spec/compose-go/v2/types"
)

// Hook is a command that is run inside the child's container, beside its own
// process. Env must not be shown.
type Hook struct {
	Command    []string
	User       string   // "" for the container's
	Privileged bool     // with all of the host's rights
	WorkingDir string   // "" for the container's
	Env        []string // on top of the container's; a name alone takes it away
}

// hooks converts one list of a service; attribute is its name.
func hooks(attribute string, list []types.ServiceHook) ([]Hook, error) {
	var out []Hook
	for i, h := range list {
		if len(h.Command) == 0 {
			return nil, fmt.Errorf("%s[%d] has no command", attribute, i)
		}
		out = append(out, Hook{
			Command: []string(h.Command), User: h.User, Privileged: h.Privileged,
			WorkingDir: h.WorkingDir, Env: environment(h.Environment),
		})
	}
	return out, nil
}

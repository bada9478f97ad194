package spec

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// restartOf is what a service says of its own ends. deploy.restart_policy wins
// over restart, as in Compose, where it names a condition; its attempts bound
// any policy, as in Swarm.
func restartOf(s types.ServiceConfig) (policy RestartPolicy, attempts int, err error) {
	word, count, counted := strings.Cut(s.Restart, ":")
	if counted {
		if attempts, err = strconv.Atoi(count); err != nil || attempts < 0 || word != types.RestartPolicyOnFailure {
			return RestartInherit, 0, errors.New("not a restart policy")
		}
	}
	if s.Deploy != nil && s.Deploy.RestartPolicy != nil {
		own := s.Deploy.RestartPolicy
		if own.Condition != "" {
			word, attempts = own.Condition, 0
		}
		if own.MaxAttempts != nil {
			attempts = int(min(*own.MaxAttempts, math.MaxInt32))
		}
	}
	switch word {
	case "":
		return RestartInherit, attempts, nil
	case types.RestartPolicyNo, "none":
		return RestartNever, 0, nil
	case types.RestartPolicyOnFailure:
		return RestartOnFailure, attempts, nil
	case types.RestartPolicyAlways, types.RestartPolicyUnlessStopped, "any":
		return RestartAlways, attempts, nil
	}
	return RestartInherit, 0, errors.New("not a restart policy")
}

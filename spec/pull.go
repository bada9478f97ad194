package spec

import (
	"errors"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
)

// parsePull reads a pull policy as pull_policy has it, or LAUNCH_PULL, which
// also takes a boolean. every is how old the image of PullRefresh may be.
func parsePull(s string) (policy PullPolicy, every time.Duration, err error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if always, err := ParseBool(s); err == nil {
		if always {
			return PullAlways, 0, nil
		}
		return PullMissing, 0, nil
	}
	if s == "if-not-present" {
		s = types.PullPolicyIfNotPresent
	}
	service := types.ServiceConfig{ContainerSpec: types.ContainerSpec{PullPolicy: s}}
	name, every, err := service.GetPullPolicy()
	switch {
	case err != nil, s == "", every < 0:
		return PullMissing, 0, errors.New("not a pull policy")
	case name == types.PullPolicyBuild:
		return PullMissing, 0, errors.New("foster builds no images")
	case name == types.PullPolicyAlways:
		return PullAlways, 0, nil
	case name == types.PullPolicyNever:
		return PullNever, 0, nil
	case name == types.PullPolicyRefresh:
		return PullRefresh, every, nil
	}
	return PullMissing, 0, nil
}

// String is the policy as Compose spells it, without a time.
func (p PullPolicy) String() string {
	switch p {
	case PullAlways:
		return types.PullPolicyAlways
	case PullNever:
		return types.PullPolicyNever
	case PullRefresh:
		return types.PullPolicyRefresh
	}
	return types.PullPolicyMissing
}

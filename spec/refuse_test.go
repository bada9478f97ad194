package spec

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
)

// TestRefusedValues: values and combinations that foster cannot apply.
func TestRefusedValues(t *testing.T) {
	for attribute, service := range map[string]string{
		"image":                           "{image: Bad/Image}",
		"pull_policy":                     "{image: x, pull_policy: build}",
		"scale":                           "{image: x, deploy: {replicas: 2}}",
		"restart":                         "{image: x, restart: sometimes}",
		"deploy.restart_policy.condition": "{image: x, restart: always, deploy: {restart_policy: {condition: sometimes}}}",
		"ports":                           "{image: x, network_mode: task, ports: [80]}",
		"hostname":                        "{image: x, network_mode: task, hostname: h}",
		"uts":                             "{image: x, uts: 'service:other'}",
		"network_mode":                    "{image: x, network_mode: 'service:idle'}",
		"volumes_from":                    "{image: x, volumes_from: [idle]}",
		"links":                           "{image: x, links: [idle]}",
		"volumes[0].type":                 "{image: x, volumes: [{type: npipe, source: a, target: /b}]}",
	} {
		_, err := loadFile(t, "services:\n  web: "+service+"\n  other: {image: x}\n  idle: {image: x, scale: 0}\n")
		var problems Problems
		if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Value != "services.web."+attribute || problems[0].Mend == "" {
			t.Errorf("%s: %v", attribute, err)
		}
	}
	if _, err := loadFile(t, "services:\n  web: {image: x, scale: 0}\n"); err == nil {
		t.Error("a project without containers is no problem")
	}
}

// TestScaleZero: a service that is scaled to nothing has no child, and nobody
// waits for it.
func TestScaleZero(t *testing.T) {
	result, err := loadFile(t, "services:\n  web: {image: x, depends_on: {idle: {condition: service_completed_successfully, restart: true}}}\n  idle: {image: x, scale: 0, depends_on: {web2: {condition: service_completed_successfully}}}\n  web2: {image: x}\n")
	if err != nil {
		t.Fatal(err)
	}
	children := result.Project.Children
	if len(children) != 2 || children[0].Name != "web" || children[0].After != nil || children[0].BoundTo != nil || children[1].OneShot {
		t.Errorf("%+v", children)
	}
	if len(result.Warnings) != 1 || !strings.Contains(result.Warnings[0], "service idle has no child") {
		t.Errorf("%q", result.Warnings)
	}
}

// TestRestart: the engine never restarts a child by itself.
func TestRestart(t *testing.T) {
	type want struct {
		policy   RestartPolicy
		attempts int
	}
	for attributes, want := range map[string]want{
		"":                                      {RestartInherit, 0},
		"restart: 'no'":                         {RestartNever, 0},
		"restart: always":                       {RestartAlways, 0},
		"restart: unless-stopped":               {RestartAlways, 0},
		"restart: on-failure":                   {RestartOnFailure, 0},
		"restart: on-failure:7":                 {RestartOnFailure, 7},
		"deploy: {restart_policy: {delay: 1s}}": {RestartInherit, 0},
		"deploy: {restart_policy: {max_attempts: 3}}":                                         {RestartInherit, 3},
		"deploy: {restart_policy: {condition: any, max_attempts: 3}}":                         {RestartAlways, 3},
		"deploy: {restart_policy: {condition: none}}":                                         {RestartNever, 0},
		"restart: on-failure:7, deploy: {restart_policy: {condition: on-failure}}":            {RestartOnFailure, 0},
		"restart: always, deploy: {restart_policy: {condition: on-failure, max_attempts: 2}}": {RestartOnFailure, 2},
		"restart: unless-stopped, deploy: {restart_policy: {window: 1m}}":                     {RestartAlways, 0},
	} {
		result, err := loadFile(t, "services:\n  web: {image: x, "+attributes+"}\n")
		if err != nil {
			t.Errorf("%s: %v", attributes, err)
			continue
		}
		c := result.Project.Children[0]
		if c.Restart != want.policy || c.MaxAttempts != want.attempts || c.Host.RestartPolicy.Name != container.RestartPolicyDisabled {
			t.Errorf("%s: %d, %d attempts, engine %q", attributes, c.Restart, c.MaxAttempts, c.Host.RestartPolicy.Name)
		}
	}
	for _, bad := range []string{"always:5", "on-failure:x", "on-failure:-1"} {
		if _, err := loadFile(t, "services:\n  web: {image: x, restart: '"+bad+"'}\n"); err == nil {
			t.Errorf("%s is no problem", bad)
		}
	}
	if c := child(t, "LAUNCH_IMAGE=x"); c.Restart != RestartInherit {
		t.Errorf("a child of LAUNCH_* has a policy of its own: %d", c.Restart)
	}
}

// TestPull: the policies of Compose, and what LAUNCH_PULL takes beside them.
func TestPull(t *testing.T) {
	type want struct {
		policy PullPolicy
		every  time.Duration
	}
	for word, want := range map[string]want{
		"always": {PullAlways, 0}, "missing": {PullMissing, 0}, "if_not_present": {PullMissing, 0}, "never": {PullNever, 0}, "refresh": {PullRefresh, 0},
		"daily": {PullRefresh, 24 * time.Hour}, "weekly": {PullRefresh, 7 * 24 * time.Hour}, "every_1d12h": {PullRefresh, 36 * time.Hour},
	} {
		result, err := loadFile(t, "services:\n  web: {image: x, pull_policy: "+word+"}\n")
		if err != nil {
			t.Fatal(err)
		}
		for from, c := range map[string]Child{"pull_policy": result.Project.Children[0], "LAUNCH_PULL": child(t, "LAUNCH_PULL="+word)} {
			if c.Pull != want.policy || c.PullEvery != want.every {
				t.Errorf("%s %s: %s, %s", from, word, c.Pull, c.PullEvery)
			}
		}
	}
	for _, bad := range []string{"build", "every_", "every_-1h", "hourly"} {
		if _, _, err := parsePull(bad); err == nil {
			t.Errorf("%s is a pull policy", bad)
		}
	}
}

// TestQuiet: what asks for nothing but what is so anyway is not warned about.
func TestQuiet(t *testing.T) {
	result, err := loadFile(t, "services:\n  web: {image: x, attach: false, ports: ['80'], x-own: {a: b}, secrets: [s], deploy: {mode: replicated, x-a: b}}\nsecrets: {s: {environment: ONE}}\nx-more: 5\n", "ONE=1")
	if err != nil || len(result.Warnings) > 0 {
		t.Errorf("%v, %q", err, result.Warnings)
	}
	result, err = loadFile(t, "services:\n  web: {image: x, deploy: {placement: {constraints: [a==b], preferences: [{spread: x}]}, labels: {a: b}}}\n")
	if err != nil || len(result.Warnings) != 2 || !slices.ContainsFunc(result.Warnings, func(w string) bool { return strings.Contains(w, "services.web.deploy.placement has no effect") }) {
		t.Errorf("%v, %q", err, result.Warnings)
	}
}

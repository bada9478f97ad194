package compose_test

import (
	"path/filepath"
	"strings"
	"testing"

	"foster/spec"
)

// parent is the foster that the children are made by.
var parent = spec.Identity{ContainerID: "c0ffee", ContainerName: "/up_child.1.t1", TaskID: "t1", TaskName: "up_child.1.t1", ServiceName: "up_child", NodeID: "n1", Namespace: "up"}

// launchCase is a setting of LAUNCH_* and the same as a person writes it for compose.
type launchCase struct {
	name    string
	env     []string
	service string // attributes, beside those that each case has
	rest    string // networks and volumes of the document; further services before them
	also    []allowance
	// brief: its containers end at once, and would not be alike when they are looked at.
	brief bool
}

// document is the whole compose file of a case.
func (c launchCase) document() string {
	var b strings.Builder
	name := "child"
	if v, ok := c.value("LAUNCH_SERVICE_NAME"); ok {
		name = v
	}
	b.WriteString("services:\n  " + name + ":\n")
	attribute := func(key, text string) {
		if !strings.Contains("\n"+c.service, "\n"+key+":") {
			b.WriteString("    " + text + "\n")
		}
	}
	attribute("image", "image: lab/busybox:1")
	attribute("command", "command: sleep 100000")
	attribute("labels", "labels: {ai.ix.started-by: ix.ai/swarm-launcher}")
	for line := range strings.Lines(c.service) {
		b.WriteString("    " + line)
	}
	b.WriteString("\n" + c.rest)
	return b.String()
}

func (c launchCase) value(name string) (string, bool) {
	for _, e := range c.env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v, true
		}
	}
	return "", false
}

// environ is foster's whole environment in a case.
func (c launchCase) environ() []string {
	environ := append([]string{"HOME=/root", "PASSED_ON=from the parent", "SITE=north"}, c.env...)
	for name, value := range map[string]string{"LAUNCH_IMAGE": "lab/busybox:1", "LAUNCH_COMMAND": "sleep 100000", "LAUNCH_PROJECT_NAME": "p-" + c.name} {
		if _, set := c.value(name); !set {
			environ = append(environ, name+"="+value)
		}
	}
	return environ
}

func (c launchCase) load(t *testing.T) *spec.Result {
	t.Helper()
	environ := c.environ()
	env, problems := spec.ReadEnv(environ, spec.Variables)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got, err := spec.Load(spec.Options{Env: env, Environ: environ, Identity: parent, Version: "v0"})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// arguments are those of docker compose for the case's document.
func (c launchCase) arguments(t *testing.T, project *spec.Project) []string {
	t.Helper()
	args := []string{"--project-directory", filepath.Dir(spec.DefaultFile), "--project-name", project.Name, "--file", write(t, c.document())}
	if env, ok := c.value("LAUNCH_ARG_ENVFILE"); ok {
		args = append(args, "--env-file", env)
	}
	return args
}

// testLaunch: what LAUNCH_* makes is what compose makes of the document that a
// person would write for it.
func (p *pair) testLaunch(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range launchCases(t) {
		for _, e := range c.environ() {
			name, _, _ := strings.Cut(e, "=")
			covered[name] = true
		}
		if c.brief {
			continue // TestRequests has it
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			project := c.load(t).Project
			p.equal(t, project, c.environ(), c.arguments(t, project), append(c.also, fromLaunch)...)
		})
	}
	for _, v := range spec.Variables {
		if strings.HasPrefix(v.Name, "LAUNCH_") && !covered[v.Name] {
			t.Errorf("%s is in no case", v.Name)
		}
	}
}

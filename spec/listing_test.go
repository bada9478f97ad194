package spec

import (
	"slices"
	"strings"
	"testing"
)

func TestListings(t *testing.T) {
	dir := folder(t, map[string]string{"c.yaml": `
services:
  web: {image: "web:1", networks: [front], volumes: ["data:/d"]}
  db: {image: "db:2", networks: [back], configs: [c], secrets: [s]}
  job: {image: "job:3", profiles: [late, ci]}
networks: {front: , back: , unused: }
volumes: {data: , unused: }
configs: {c: {content: "hunter2 in a config"}}
secrets: {s: {environment: DB_PASSWORD}}
`, ".env": "DB_PASSWORD=hunter2\nPLAIN=$$5\nURL=https://u:hunter3@x/\n"})
	environ := []string{
		"LOGIN_USER=u", "LOGIN_PASSWORD=hunter4", "DOCKER_AUTH_CONFIG={\"auths\":{\"r\":{\"auth\":\"hunter5\"}}}", "LAUNCH_COMMAND=--token hunter6",
		"API_TOKEN_FILE=/run/secrets/token", "OTHER=it is hunter4", "LAUNCH_ENVIRONMENTS=A=hunter7", "EMPTY_TOKEN=",
	}
	env, problems := ReadEnv(environ, Variables)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	in := &input{Options: Options{Env: env, Environ: environ, Identity: testIdentity, Files: in(dir, "c.yaml")}}
	in.readEnvironment()
	in.loadFiles()
	if len(in.problems) > 0 {
		t.Fatal(in.problems)
	}
	result := &Result{Document: in.document, secrets: in.secrets()}
	for _, tc := range []struct {
		name string
		got  []string
		want string
	}{
		{"services", result.Services(), "db web"},
		{"images", result.Images(), "db:2 web:1"},
		{"networks", result.Networks(), "back front"},
		{"volumes", result.Volumes(), "data"},
		{"profiles", result.Profiles(), "ci late"},
	} {
		if got := strings.Join(tc.got, " "); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	environment := result.Environment()
	for _, want := range []string{"PLAIN=$5", "URL=https://u:***@x/", "DB_PASSWORD=***", "LOGIN_PASSWORD=***", "LAUNCH_COMMAND=***", "API_TOKEN_FILE=/run/secrets/token", "OTHER=it is ***", "EMPTY_TOKEN=", "COMPOSE_PROJECT_NAME=ci_runner"} {
		if !slices.Contains(environment, want) {
			t.Errorf("no %s in %q", want, environment)
		}
	}
	if !slices.IsSorted(environment) {
		t.Errorf("not sorted: %q", environment)
	}
	for _, format := range []string{FormatYAML, FormatJSON} {
		text, err := result.Marshal(format)
		if err != nil {
			t.Fatal(err)
		}
		if all := string(text) + strings.Join(environment, "\n"); strings.Contains(all, "hunter") {
			t.Errorf("a secret is shown:\n%s", all)
		}
		if !strings.Contains(string(text), "DB_PASSWORD") {
			t.Errorf("the secret's source is not shown:\n%s", text)
		}
	}
}

// TestConfigHash: it is the label's.
func TestConfigHash(t *testing.T) {
	result, err := loadFile(t, "testdata/hashes.yml")
	if err != nil {
		t.Fatal(err)
	}
	if hash, ok := result.ConfigHash("short"); !ok || hash != "ea38d70c4c023997210081dffecd54481f75aef26076b3b0d9a51057c039ac52" {
		t.Errorf("hash %q", hash)
	}
	if _, ok := result.ConfigHash("none"); ok {
		t.Error("a service that is not there has a hash")
	}
}

// TestBroughtSecrets: what ${…} brought in from a variable that is called like
// a secret is shown nowhere in the document.
func TestBroughtSecrets(t *testing.T) {
	dir := folder(t, map[string]string{"c.yaml": "services: {a: {image: \"x:$TAG\", command: [sh, \"run $$ $MY_TOKEN\"], labels: {where: \"${MY_TOKEN}\"}}}\n"})
	result, problems := loadOptions(t, Options{Files: in(dir, "c.yaml")}, "MY_TOKEN=hunter2", "TAG=latest")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	text, err := result.Marshal(FormatYAML)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(text); strings.Contains(got, "hunter2") || !strings.Contains(got, "x:latest") || !strings.Contains(got, "run $$ ***") {
		t.Errorf("document\n%s", got)
	}
}

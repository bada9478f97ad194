package compose_test

import (
	"os"
	"path/filepath"
	"testing"

	"foster/spec"
)

// fileCase is a compose file that foster finds mounted.
type fileCase struct {
	name     string
	document string
	also     []allowance
	shares   bool   // something of a container: such a case needs a real engine
	since    string // API version that the document needs
}

// fileEnviron is what ${…} in the files is looked up in.
var fileEnviron = []string{"HOME=/root", "TAG=1", "PASSED_ON=from the parent", "COMPOSE_PROFILES=some"}

// beside are files that lie beside each of the documents.
var beside = map[string]string{
	"child.env":   "FROM_FILE='in a file'\nLEVEL=file\n",
	"raw.env":     "RAW='as it is'\n",
	"more.labels": "from=file\na=file\n",
	"base.yml":    "services: {base: {image: lab/other, user: base, hostname: base}}\n",
}

// load writes the file and what lies beside it, and reads it as foster does.
func (c fileCase) load(t *testing.T) (file string, project *spec.Project) {
	t.Helper()
	file = write(t, c.document)
	for name, text := range beside {
		if err := os.WriteFile(filepath.Join(filepath.Dir(file), name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	environ := append([]string{"LAUNCH_PROJECT_NAME=f-" + c.name}, fileEnviron...)
	env, problems := spec.ReadEnv(environ, spec.Variables)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got, err := spec.Load(spec.Options{Env: env, Environ: environ, Identity: parent, Files: []string{file}, Version: "v0"})
	if err != nil {
		t.Fatal(err)
	}
	return file, got.Project
}

// testFile: what a mounted file makes is what compose makes of the same file.
func (p *pair) testFile(t *testing.T) {
	for _, c := range fileCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file, project := c.load(t)
			p.equal(t, project, fileEnviron, []string{"--project-name", project.Name, "--file", file}, append(c.also, fromFile)...)
		})
	}
}

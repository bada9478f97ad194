package compose_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"foster/spec"
	"foster/test/compose"
)

// listedFiles use most ways in which several files come together.
var listedFiles = map[string]string{
	"compose.yaml": `
name: listed
x-common: &common {environment: {FROM: anchor}}
services:
  web:
    <<: *common
    image: "web:${TAG}"
    ports: ["80", "81:81"]
    labels: {kept: "1", gone: "1"}
    volumes: [data:/data]
    depends_on: [cache]
  cache: {image: cache, profiles: [late, ci], networks: [back]}
  base: {image: base, profiles: [never], hostname: base}
  derived: {extends: {service: base}, profiles: !reset []}
include: [sub/compose.yaml]
networks: {back: , unused: }
volumes: {data: , unused: }
`,
	"over/more.yaml": `
services:
  web:
    command: [two]
    ports: !override ["82"]
    labels: {gone: !reset null, new: "2"}
  far: {extends: {file: over/other.yaml, service: far}}
`,
	"over/other.yaml":  "services: {far: {image: far, working_dir: /far}}\n",
	"sub/compose.yaml": "services: {included: {image: \"inc:$SUB\", volumes: [/x:/x]}}\n",
	"sub/.env":         "SUB=7\n",
	".env":             "TAG=5\nCOMPOSE_PROFILES=ci\n",
}

// TestListed: what the flags of `foster config` list is what docker compose
// config lists for the same files. Its hashes are those of its own labels, and so
// foster's, only where no environment is passed on and no file of environment or
// labels is read: it leaves those out there.
func TestListed(t *testing.T) {
	binary, err := compose.Binary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range listedFiles {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := []string{filepath.Join(dir, "compose.yaml"), filepath.Join(dir, "over", "more.yaml")}
	environ := []string{"HOME=/root"}
	got, err := spec.Load(spec.Options{Environ: environ, Identity: parent, Files: files, Version: "v0"})
	if err != nil {
		t.Fatal(err)
	}
	var hashes []string
	for _, name := range got.Services() {
		hash, _ := got.ConfigHash(name)
		hashes = append(hashes, name+" "+hash)
	}
	for flag, ours := range map[string][]string{
		"--services": got.Services(), "--images": got.Images(), "--networks": got.Networks(), "--volumes": got.Volumes(),
		"--profiles": got.Profiles(), "--hash=*": hashes, "--environment": got.Environment(),
	} {
		cmd := exec.CommandContext(t.Context(), binary, "--file", files[0], "--file", files[1], "config", flag)
		cmd.Env = append(slices.Clone(environ), "DOCKER_CONFIG="+t.TempDir())
		text, err := cmd.Output()
		if err != nil {
			t.Fatalf("docker compose config %s: %v", flag, err)
		}
		var theirs []string
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			if !strings.HasPrefix(line, "DOCKER_CONFIG=") && !strings.HasPrefix(line, "PWD=") {
				theirs = append(theirs, line)
			}
		}
		ours = slices.DeleteFunc(slices.Clone(ours), func(line string) bool { return strings.HasPrefix(line, "PWD=") })
		slices.Sort(theirs)
		slices.Sort(ours)
		if !slices.Equal(ours, theirs) {
			t.Errorf("%s:\n%s\ncompose says\n%s", flag, strings.Join(ours, "\n"), strings.Join(theirs, "\n"))
		}
	}
}

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"foster/test/engine"
)

// composeFiles writes files into a directory of their own.
func composeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var stack = map[string]string{
	"a b.yaml": "services: {web: {image: \"web${TAG}${TAG}\", networks: [front], volumes: [data:/d]}, late: {image: late, profiles: [ci]}}\nnetworks: {front: }\nvolumes: {data: }\n",
	"more.yml": "services: {db: {image: db, networks: [front], configs: [c]}}\nconfigs: {c: {content: hunter2}}\n",
}

// TestConfigListings: what each flag prints, of files given as flags and as variables.
func TestConfigListings(t *testing.T) {
	dir := composeFiles(t, stack)
	first, second := filepath.Join(dir, "a b.yaml"), filepath.Join(dir, "more.yml")
	hash := ""
	for _, tc := range []struct {
		args []string
		want string // the whole of stdout; beginning with "…": something in it
	}{
		{[]string{"--services"}, "db\nweb\n"},
		{[]string{"--services", "--profile", "ci"}, "db\nlate\nweb\n"},
		{[]string{"--images"}, "db\nweb\n"},
		{[]string{"--networks"}, "front\n"},
		{[]string{"--volumes"}, "data\n"},
		{[]string{"--profiles"}, "ci\n"},
		{[]string{"--quiet"}, ""},
		{[]string{"--environment"}, "…\nMY_TOKEN=***\nPWD="},
		{[]string{"--hash", "*"}, "…\nweb "},
		{[]string{"--hash", "web,db"}, "…\nweb "},
		{nil, "…\n    db:\n"},
		{[]string{"--format", "json"}, "…\"db\": {"},
	} {
		flags := append([]string{"config", "-f", first, "--file", second}, tc.args...)
		variables := []string{"FOSTER_FILE='" + first + "' " + second, "SHOWN=yes", "MY_TOKEN=hunter2"}
		for _, way := range []struct{ args, environ []string }{
			{flags, []string{"SHOWN=yes", "MY_TOKEN=hunter2", "FOSTER_FILE=/no/such"}},
			{append([]string{"config"}, tc.args...), variables},
		} {
			code, stdout, stderr := call(t, memory{}, way.environ, way.args...)
			part, partial := strings.CutPrefix(tc.want, "…")
			if code != 0 || !partial && stdout != tc.want || !strings.Contains(stdout, part) {
				t.Errorf("%v: exit %d\n%s%s", way.args, code, stdout, stderr)
			}
			if strings.Contains(stdout+stderr, "hunter2") {
				t.Errorf("%v shows a secret\n%s%s", way.args, stdout, stderr)
			}
			if n := strings.Count(stderr, `\"TAG\"`); n != 1 {
				t.Errorf("%v: %d warnings of the unset variable: %s", way.args, n, stderr)
			}
			if slices.Contains(tc.args, "--hash") {
				if hash == "" {
					hash = stdout
				}
				if stdout != hash {
					t.Errorf("%v: hashes %s, and before %s", way.args, stdout, hash)
				}
			}
		}
	}
}

func TestConfigOutput(t *testing.T) {
	dir := composeFiles(t, stack)
	file := filepath.Join(dir, "out")
	code, stdout, stderr := call(t, memory{}, nil, "config", "-f", filepath.Join(dir, "a b.yaml"), "--images", "-o", file)
	text, err := os.ReadFile(file)
	if err != nil || code != 0 || stdout != "" || string(text) != "web\n" {
		t.Errorf("exit %d, %q in the file, %v\n%s%s", code, text, err, stdout, stderr)
	}
	if code, _, stderr := call(t, memory{}, nil, "config", "-f", filepath.Join(dir, "a b.yaml"), "-o", filepath.Join(dir, "no", "such")); code != exitFailure || !strings.Contains(stderr, "--output") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// TestConfigMisuse: flags that do not go together, and files that cannot be loaded.
func TestConfigMisuse(t *testing.T) {
	dir := composeFiles(t, map[string]string{"good.yaml": "services: {web: {image: x}}\n", "bad.yaml": "services:\n  web:\n    imag: x\n  db:\n    image: x\n    networks: 3\n"})
	good := []string{"config", "-f", filepath.Join(dir, "good.yaml")}
	for _, tc := range []struct {
		args, environ []string
		want          []string
	}{
		{args: append(good, "--images", "--services"), want: []string{"--images and --services cannot go together"}},
		{args: append(good, "--images", "--hash", "*"), want: []string{"--images and --hash cannot go together"}},
		{args: append(good, "-q", "--volumes"), want: []string{"--volumes and --quiet cannot go together"}},
		{args: append(good, "--networks", "--format", "json"), want: []string{"--format goes with the whole document"}},
		{args: append(good, "-q", "-o", "x"), want: []string{"--quiet leaves nothing to write"}},
		{args: append(good, "--hash", "nobody"), want: []string{`--hash "nobody": no such service; write one of web`}},
		{args: append(good, "--hash", ""), want: []string{`--hash "": no such service`}},
		{args: append(good, "web"), want: []string{"unknown command"}},
		{args: []string{"config", "-f", "/no/such.yaml", "-f", "/nor/such.yaml"}, want: []string{"/no/such.yaml: there is no such", "/nor/such.yaml: there is no such"}},
		{args: []string{"config", "--file", filepath.Join(dir, "bad.yaml")}, want: []string{"bad.yaml:3=", "did you mean image?", "bad.yaml:6: services.db.networks"}},
		{args: []string{"config"}, environ: []string{"FOSTER_FILE='x"}, want: []string{"FOSTER_FILE=\"'x\": a quote is not closed"}},
		{args: []string{"config", "-f", ""}, want: []string{"an empty name in the list"}},
	} {
		code, stdout, stderr := call(t, memory{}, tc.environ, tc.args...)
		if code != exitConfig || stdout != "" {
			t.Errorf("%v: exit %d\n%s%s", tc.args, code, stdout, stderr)
		}
		for _, want := range tc.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%v: no %q in\n%s", tc.args, want, stderr)
			}
		}
		if strings.Contains(stderr, "LAUNCH_IMAGE") {
			t.Errorf("%v: LAUNCH_* were not meant\n%s", tc.args, stderr)
		}
	}
}

// TestCheckOfFiles: check and run take the same flags.
func TestCheckOfFiles(t *testing.T) {
	e := engine.New(engine.Options{Version: "20.10"})
	t.Cleanup(e.Close)
	e.AddImage("late", engine.Image{})
	dir := composeFiles(t, map[string]string{"c.yaml": "services: {web: {image: early}, late: {image: late, profiles: [ci]}}\n"})
	args := []string{"check", "-f", filepath.Join(dir, "c.yaml"), "--profile", "ci", "--profile", "other"}
	code, stdout, stderr := call(t, memory{Engine: e}, nil, args...)
	if code != 0 || !strings.Contains(stdout, "late is present") || !strings.Contains(stdout, "early is not present") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	for _, name := range []string{"run", "check", "config"} {
		for _, flag := range []string{"file", "profile"} {
			if cmd, _, err := newRoot(outside{}).Find([]string{name}); err != nil || cmd.Flags().Lookup(flag) == nil {
				t.Errorf("%s has no --%s: %v", name, flag, err)
			}
		}
	}
}

func TestConfigCompletion(t *testing.T) {
	dir := composeFiles(t, stack)
	code, stdout, _ := call(t, memory{}, nil, "__complete", "config", "-f", filepath.Join(dir, "a b.yaml"), "--profile", "ci", "--hash", "")
	if code != 0 || !strings.HasPrefix(stdout, "late\nweb\n*\n") {
		t.Errorf("exit %d: %s", code, stdout)
	}
	code, stdout, _ = call(t, memory{}, nil, "__complete", "config", "-f", "/no/such", "--hash", "")
	if code != 0 || !strings.HasPrefix(stdout, "*\n") {
		t.Errorf("exit %d: %s", code, stdout)
	}
	if code, stdout, _ = call(t, memory{}, nil, "__complete", "config", "--format", ""); code != 0 || !strings.HasPrefix(stdout, "yaml\njson\n") {
		t.Errorf("exit %d: %s", code, stdout)
	}
}

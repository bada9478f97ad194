package spec

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folder makes files in a directory of their own; names may have directories.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// loadOptions is Load with an environment and what else is in o.
func loadOptions(t *testing.T, o Options, environ ...string) (*Result, Problems) {
	t.Helper()
	env, problems := ReadEnv(environ, Variables)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	o.Env, o.Environ, o.Identity, o.Version = env, environ, testIdentity, "v1"
	result, err := Load(o)
	if err != nil && !errors.As(err, &problems) {
		t.Fatalf("not Problems: %v", err)
	}
	return result, problems
}

func in(dir string, names ...string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = filepath.Join(dir, name)
	}
	return out
}

// images are the project's services with their images, as "a=x b=y".
func images(result *Result) string {
	var out []string
	for _, c := range result.Project.Children {
		out = append(out, c.Name+"="+c.Image)
	}
	return strings.Join(out, " ")
}

func one(image string) string { return "services: {a: {image: " + image + "}}\n" }

// TestDiscovery: which files count when none is named, when COMPOSE_FILE names
// some, and when the operator does.
func TestDiscovery(t *testing.T) {
	b := "services: {b: {image: over}}\n"
	for name, tc := range map[string]struct {
		files   map[string]string
		asked   []string
		environ []string
		want    string
		warns   string // part of the one warning, "" for none
	}{
		"none":                 {files: map[string]string{"other.yml": one("x")}, environ: []string{"LAUNCH_IMAGE=launched"}, want: "runner=launched"},
		"the old name":         {files: map[string]string{"docker-compose.yml": one("x")}, want: "a=x"},
		"the old name long":    {files: map[string]string{"docker-compose.yaml": one("x")}, want: "a=x"},
		"preference":           {files: map[string]string{"docker-compose.yml": one("x"), "compose.yml": one("y"), "compose.yaml": one("z")}, want: "a=z", warns: "compose.yaml is used"},
		"override":             {files: map[string]string{"compose.yaml": one("x"), "compose.override.yaml": b}, want: "a=x b=over"},
		"overrides":            {files: map[string]string{"docker-compose.yml": one("x"), "compose.override.yml": b, "docker-compose.override.yml": one("y")}, want: "a=x b=over", warns: "compose.override.yml is used"},
		"override alone":       {files: map[string]string{"compose.override.yaml": b}, environ: []string{"LAUNCH_IMAGE=launched"}, want: "runner=launched"},
		"a directory":          {files: map[string]string{"docker-compose.yml/in": "", "docker-compose.yaml": one("x")}, want: "a=x", warns: "docker-compose.yml is a directory"},
		"COMPOSE_FILE":         {files: map[string]string{"compose.yaml": one("x"), "1.yml": one("one"), "2.yml": b}, environ: []string{"COMPOSE_FILE={dir}/1.yml:{dir}/2.yml"}, want: "a=one b=over"},
		"another separator":    {files: map[string]string{"1.yml": one("one"), "2.yml": b}, environ: []string{"COMPOSE_FILE={dir}/1.yml,{dir}/2.yml", "COMPOSE_PATH_SEPARATOR=,"}, want: "a=one b=over"},
		"COMPOSE_FILE in .env": {files: map[string]string{"compose.yaml": one("x"), ".env": "COMPOSE_FILE={dir}/sub/1.yml\n", "sub/1.yml": one("$TAG"), "sub/.env": "TAG=beside\n"}, want: "a=beside"},
		"empty is unset":       {files: map[string]string{"compose.yaml": one("x")}, environ: []string{"COMPOSE_FILE="}, want: "a=x"},
		"asked for":            {files: map[string]string{"compose.yaml": one("x"), "1.yml": one("one"), "2.yml": b}, asked: []string{"1.yml", "2.yml"}, environ: []string{"COMPOSE_FILE={dir}/compose.yaml"}, want: "a=one b=over"},
		"order":                {files: map[string]string{"1.yml": one("one"), "2.yml": one("two")}, asked: []string{"2.yml", "1.yml"}, want: "a=one"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, tc.files)
			if dotEnv, ok := tc.files[".env"]; ok {
				if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(strings.ReplaceAll(dotEnv, "{dir}", dir)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var environ []string
			for _, e := range tc.environ {
				environ = append(environ, strings.ReplaceAll(e, "{dir}", dir))
			}
			result, problems := loadOptions(t, Options{Root: dir, Files: in(dir, tc.asked...)}, environ...)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if got := images(result); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
			warns := 0
			if tc.warns != "" {
				warns = 1
			}
			if len(result.Warnings) != warns || !strings.Contains(strings.Join(result.Warnings, "\n"), tc.warns) {
				t.Errorf("warnings %q, want %q", result.Warnings, tc.warns)
			}
		})
	}
}

// TestManyFiles: what is written in several files comes together as in Compose,
// and the labels name the files.
func TestManyFiles(t *testing.T) {
	dir := folder(t, map[string]string{
		"1.yaml": `
x-common: &common
  environment: {FROM: anchor}
services:
  a:
    <<: *common
    image: x
    command: [one]
    ports: ["80", "81"]
    labels: {kept: "1", gone: "1"}
    volumes: [./data:/data]
  base: {image: base, profiles: [never], hostname: base}
  c: {extends: {service: base}, profiles: !reset []}
include: [sub/compose.yaml]
`,
		"over/2.yaml": `
services:
  a:
    command: [two]
    ports: !override ["82"]
    labels: {gone: !reset null, new: "2"}
    env_file: [{path: raw.env, format: raw}, {path: none.env, required: false}, plain.env]
    label_file: [labels.env]
  d: {extends: {file: over/other.yaml, service: far}}
`,
		"over/other.yaml":  "services: {far: {image: far, env_file: beside.env}}\n",
		"over/beside.env":  "BESIDE=1\n",
		"raw.env":          "RAW='quoted' $X\n",
		"plain.env":        "PLAIN='quoted'\n",
		"labels.env":       "filed=yes\n",
		"sub/compose.yaml": "services: {i: {image: \"inc:$SUB\", volumes: [./x:/x]}}\n",
		"sub/.env":         "SUB=7\n",
	})
	files := in(dir, "1.yaml", "over/2.yaml")
	result, problems := loadOptions(t, Options{Files: files})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got := images(result); got != "a=x c=base d=far i=inc:7" {
		t.Errorf("services %s", got)
	}
	by := map[string]Child{}
	for _, c := range result.Project.Children {
		by[c.Name] = c
	}
	a := by["a"]
	if got := strings.Join(a.Config.Env, "|"); got != "FROM=anchor|PLAIN=quoted|RAW='quoted' $X" {
		t.Errorf("environment %s", got)
	}
	labels := a.Config.Labels
	if _, gone := labels["gone"]; gone || labels["kept"] != "1" || labels["new"] != "2" || labels["filed"] != "yes" {
		t.Errorf("labels %v", labels)
	}
	if labels[labelComposeFiles] != strings.Join(files, ",") || labels[labelComposeWorkingDir] != dir {
		t.Errorf("labels name %s in %s", labels[labelComposeFiles], labels[labelComposeWorkingDir])
	}
	if len(a.Config.ExposedPorts) != 1 || a.Config.Cmd[0] != "two" || a.Host.Binds[0] != dir+"/data:/data:rw" {
		t.Errorf("ports %v, command %v, binds %v", a.Config.ExposedPorts, a.Config.Cmd, a.Host.Binds)
	}
	if by["c"].Config.Hostname != "base" || !slices.Equal(by["d"].Config.Env, []string{"BESIDE=1"}) || by["i"].Host.Binds[0] != dir+"/sub/x:/x:rw" {
		t.Errorf("c %v, d %v, i %v", by["c"].Config.Hostname, by["d"].Config.Env, by["i"].Host.Binds)
	}
	want := []string{"service a mounts relative paths", "./data is " + dir + "/data", "service i mounts relative paths", "is " + dir + "/sub/x"}
	for _, w := range want {
		if len(result.Warnings) != 2 || !strings.Contains(strings.Join(result.Warnings, "\n"), w) {
			t.Errorf("warnings %q, want %q", result.Warnings, w)
		}
	}
}

// TestVariablesOfFiles: where ${…}, profiles and the project's name come from.
func TestVariablesOfFiles(t *testing.T) {
	const file = "services: {a: {image: \"x:$TAG\"}, p: {image: \"y:$TAG\", profiles: [p]}, q: {image: z, profiles: [q]}}\n"
	for name, tc := range map[string]struct {
		files    map[string]string
		profiles []string
		environ  []string
		want     string
		project  string // ci_runner when ""
	}{
		"dot env":             {files: map[string]string{"c.yaml": file, ".env": "TAG=1\n"}, want: "a=x:1"},
		"the environment":     {files: map[string]string{"c.yaml": file, ".env": "TAG=1\n"}, environ: []string{"TAG=2"}, want: "a=x:2"},
		"LAUNCH_ARG_ENVFILE":  {files: map[string]string{"c.yaml": file, ".env": "TAG=1\n", "arg": "TAG=3\n"}, environ: []string{"LAUNCH_ARG_ENVFILE={dir}/arg"}, want: "a=x:3"},
		"profile":             {files: map[string]string{"c.yaml": file}, profiles: []string{"p"}, environ: []string{"TAG=1", "COMPOSE_PROFILES=q"}, want: "a=x:1 p=y:1"},
		"all profiles":        {files: map[string]string{"c.yaml": file}, profiles: []string{"*"}, environ: []string{"TAG=1"}, want: "a=x:1 p=y:1 q=z"},
		"COMPOSE_PROFILES":    {files: map[string]string{"c.yaml": file, ".env": "TAG=1\nCOMPOSE_PROFILES=p, q\n"}, want: "a=x:1 p=y:1 q=z"},
		"own name first":      {files: map[string]string{"c.yaml": "name: written\n" + file}, environ: []string{"TAG=1", "LAUNCH_PROJECT_NAME=own", "COMPOSE_PROJECT_NAME=theirs"}, want: "a=x:1", project: "own"},
		"then Compose's":      {files: map[string]string{"c.yaml": "name: written\n" + file, ".env": "TAG=1\nCOMPOSE_PROJECT_NAME=theirs\n"}, want: "a=x:1", project: "theirs"},
		"then the file's":     {files: map[string]string{"c.yaml": "name: written\n" + file}, environ: []string{"TAG=1"}, want: "a=x:1", project: "written"},
		"the working folder":  {files: map[string]string{"c.yaml": "services: {a: {image: \"x:${PWD:+1}\"}}\n"}, want: "a=x:1"},
		"COMPOSE_FILE in env": {files: map[string]string{"c.yaml": file, "d.yaml": one("d"), "arg": "COMPOSE_FILE={dir}/d.yaml\n"}, environ: []string{"LAUNCH_ARG_ENVFILE={dir}/arg"}, want: "a=d"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, nil)
			files := maps.Clone(tc.files)
			for f, content := range files {
				if err := os.WriteFile(filepath.Join(dir, f), []byte(strings.ReplaceAll(content, "{dir}", dir)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			environ := slices.Clone(tc.environ)
			for i := range environ {
				environ[i] = strings.ReplaceAll(environ[i], "{dir}", dir)
			}
			asked := in(dir, "c.yaml")
			if _, chosen := files["d.yaml"]; chosen {
				asked = nil
			}
			result, problems := loadOptions(t, Options{Files: asked, Profiles: tc.profiles}, environ...)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			project := tc.project
			if project == "" {
				project = "ci_runner"
			}
			if got := images(result); got != tc.want || result.Project.Name != project {
				t.Errorf("%s of %s, want %s of %s", got, result.Project.Name, tc.want, project)
			}
		})
	}
}

// TestIgnoredVariables: each LAUNCH_* that the files override is warned about.
func TestIgnoredVariables(t *testing.T) {
	dir := folder(t, map[string]string{"1.yml": one("x"), "2.yml": one("y")})
	result, problems := loadOptions(t, Options{Files: in(dir, "1.yml", "2.yml")}, "LAUNCH_IMAGE=i", "LAUNCH_DNS=1.1.1.1", "LAUNCH_PROJECT_NAME=p")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := []string{
		dir + "/1.yml, " + dir + "/2.yml are used, LAUNCH_IMAGE is ignored",
		dir + "/1.yml, " + dir + "/2.yml are used, LAUNCH_DNS is ignored",
	}
	if !slices.Equal(result.Warnings, want) {
		t.Errorf("warnings %q", result.Warnings)
	}
}

func TestListRoundTrip(t *testing.T) {
	for _, words := range [][]string{{"/a", "/b c"}, {""}, {`"`, `'`, `a"b'c "d`, "x=y", `e="f"`, " "}, {"a\nb", "\t"}, nil} {
		got, err := SplitList(JoinList(words))
		if err != nil || !slices.Equal(got, words) {
			t.Errorf("%q became %q: %v", words, got, err)
		}
	}
}

// TestDefaultProject: outside of containers a project is called as its
// directory, as Compose has it; in one, as foster's own service.
func TestDefaultProject(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "My.Stack")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "children.yaml")
	if err := os.WriteFile(path, []byte("services: {web: {image: x}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, id := range map[string]Identity{"my-stack": {}, "shop_web": {ContainerID: "c", ServiceName: "shop_web"}, "box": {ContainerID: "c", ContainerName: "box"}} {
		result, err := Load(Options{Files: []string{path}, Identity: id})
		if err != nil {
			t.Fatal(err)
		}
		if got := result.Project.Name; got != want {
			t.Errorf("with %+v the project is called %s, want %s", id, got, want)
		}
	}
}

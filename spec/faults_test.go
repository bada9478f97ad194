package spec

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFaults: every fault of a file is told, with its place, and not only the
// first. Lines are as they are printed, the directory left out.
func TestFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		files map[string]string
		asked []string // c.yaml when nil
		want  []string // beginnings of the lines
	}{
		"files that are not there": {
			asked: []string{"a.yaml", "sub", "b.yaml"}, files: map[string]string{"sub/x": ""},
			want: []string{"/a.yaml: there is no such compose file", "/b.yaml: there is no such compose file", "/sub: a directory"},
		},
		"no YAML": {
			asked: []string{"a.yaml", "b.yaml"}, files: map[string]string{"a.yaml": "services:\n  a: [\n", "b.yaml": "- a\n- b\n"},
			want: []string{"/a.yaml:2: not YAML: ", "/b.yaml:1: not a compose file"},
		},
		"a key twice": {
			files: map[string]string{"c.yaml": "services:\n  a: {image: x}\n  b: {image: x, image: y}\n  a: {image: y}\n"},
			want:  []string{"/c.yaml:3: image is there twice, first in line 3", "/c.yaml:4: a is there twice, first in line 2"},
		},
		"nothing in it": {files: map[string]string{"c.yaml": ""}, want: []string{"/c.yaml: empty compose file"}},
		"attributes": {
			files: map[string]string{"c.yaml": "services:\n  a:\n    imag: x\n  b:\n    image: x\n    healthcheck:\n      tset: x\n  c:\n    image: x\n    privileged: [1]\nvolume: {}\nnetworks: {n: {drivr: x}}\n"},
			want: []string{
				`/c.yaml:10: services.c.privileged must be a`, `/c.yaml:11: there is no attribute volume; did you mean volumes?`, `/c.yaml:12="networks.n": there is no attribute drivr; did you mean driver?`,
				`/c.yaml:3="services.a": there is no attribute imag; did you mean image?`, `/c.yaml:7="services.b.healthcheck": there is no attribute tset; did you mean test?`,
			},
		},
		"another file": {
			asked: []string{"c.yaml", "d.yaml"},
			files: map[string]string{"c.yaml": one("x"), "d.yaml": "services:\n  a:\n    prots: []\n"},
			want:  []string{`/d.yaml:3="services.a": there is no attribute prots; did you mean ports?`},
		},
		"what is reset is not judged": {
			asked: []string{"c.yaml", "d.yaml"},
			files: map[string]string{"c.yaml": one("x"), "d.yaml": "networks: !reset 7\nservices:\n  a:\n    ports: !reset 7\n    dns: !override [1.1.1.1]\n    expse: []\n"},
			want:  []string{`/d.yaml:6="services.a": there is no attribute expse; did you mean expose?`},
		},
		"in an included file": {
			files: map[string]string{"c.yaml": "include: [d.yaml]\n" + one("x"), "d.yaml": "services:\n  b:\n    prots: []\n"},
			want:  []string{`/d.yaml:3="services.b": there is no attribute prots; did you mean ports?`},
		},
		"variables": {
			files: map[string]string{"c.yaml": "services:\n  a:\n    image: ${NEEDED:?say it}\n    hostname: ${\n  b:\n    image: ${ALSO?}\n"},
			want:  []string{"/c.yaml:3: error while interpolating services.a.image: required variable NEEDED is missing a value: say it; set it", "/c.yaml:4: invalid interpolation format for services.a.hostname", "/c.yaml:6: error while interpolating services.b.image: required variable ALSO"},
		},
		"other files": {
			files: map[string]string{
				"c.yaml": "services:\n  a:\n    extends: {file: e.yaml, service: x}\n  b:\n    extends: {file: f.yaml, service: x}\ninclude:\n  - g.yaml\n  - path: h.yaml\n",
				"f.yaml": one("x"),
			},
			want: []string{`/c.yaml:3="services.a.extends": there is no file /e.yaml`, `/c.yaml:7: there is no file /g.yaml`, `/c.yaml:8: there is no file /h.yaml`},
		},
		"a service to extend": {
			files: map[string]string{"c.yaml": "services:\n  b:\n    extends: {file: f.yaml, service: x}\n", "f.yaml": one("x")},
			want:  []string{`/c.yaml:2: cannot extend service "b" in /c.yaml: service "x" not found in f.yaml`},
		},
		"references": {
			files: map[string]string{
				"c.yaml": `services:
  a:
    networks: [gone]
    volumes: ["data:/d", "./x:/x"]
    secrets: [s]
    configs: [c]
    depends_on: [nobody]
    env_file: [no.env, bad.env, odd.env, {path: may.env, required: false}]
    label_file: no.labels
  b:
    image: x
    network_mode: service:off
    pid: service:none
    volumes_from: [store]
    links: ["db:d"]
  off: {image: x, profiles: [p]}
`,
				"bad.env": "A=1\nB C=hunter2\n", "odd.env": "A='hunter2\n",
			},
			want: []string{
				`/c.yaml:12="services.b.network_mode": service off is in profiles that are off: p`, `/c.yaml:13="services.b.pid": there is no service none`, `/c.yaml:14="services.b.volumes_from": there is no service store`, `/c.yaml:15="services.b.links": there is no service db`,
				`/c.yaml:2="services.a": the service has no image`, `/c.yaml:3="services.a.networks": there is no network gone`, `/c.yaml:4="services.a.volumes": there is no volume data`,
				`/c.yaml:5="services.a.secrets": there is no secret s`, `/c.yaml:6="services.a.configs": there is no config c`, `/c.yaml:7="services.a.depends_on": there is no service nobody`,
				`/c.yaml:8="services.a.env_file": /bad.env is not an env file: line 2 is malformed`, `/c.yaml:8="services.a.env_file": /odd.env is not an env file: line 2 is malformed`, `/c.yaml:8="services.a.env_file": there is no file /no.env`,
				`/c.yaml:9="services.a.label_file": there is no file /no.labels`,
			},
		},
		"formats of env files": {
			files: map[string]string{"c.yaml": "services:\n  a:\n    image: x\n    env_file: [{path: e, format: odd}, {path: raw, format: raw}]\n", "e": "A=1\n", "raw": "no name hunter2\n"},
			want:  []string{`/c.yaml:4="services.a.env_file": /raw is not an env file`, `/c.yaml:4="services.a.env_file": there is no env_file format odd`},
		},
		"a cycle": {
			files: map[string]string{"c.yaml": "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [c]}\n  c: {image: x, network_mode: service:a}\n"},
			want:  []string{"/c.yaml: dependency cycle detected: a -> b -> c -> a; let one"},
		},
		"the name of a project": {files: map[string]string{"c.yaml": one("x"), ".env": "COMPOSE_PROJECT_NAME=Big One\n"}, want: []string{`COMPOSE_PROJECT_NAME="Big One": not a project name`}},
		"after loading": {
			asked: []string{"c.yaml", "d.yaml"},
			files: map[string]string{"c.yaml": "services:\n  a:\n    image: x\n    build: .\n", "d.yaml": "services:\n  b:\n    image: Bad/Image\n"},
			want:  []string{`/c.yaml:4="services.a.build"`, `/d.yaml:3="services.b.image": not an image reference`},
		},
		"profiles that are off": {files: map[string]string{"c.yaml": "services: {a: {image: x, profiles: [p]}}\n"}, want: []string{"/c.yaml: no services in it, or all of them in profiles that are off; add a service, or name profiles with --profile"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, tc.files)
			asked := tc.asked
			if asked == nil {
				asked = []string{"c.yaml"}
			}
			_, problems := loadOptions(t, Options{Files: in(dir, asked...)})
			got := strings.Split(strings.ReplaceAll(problems.Error(), dir, ""), "\n")
			slices.Sort(got)
			ok := len(got) == len(tc.want)
			for i := range got {
				ok = ok && strings.HasPrefix(got[i], tc.want[i])
			}
			if !ok {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
			if strings.Contains(problems.Error(), "hunter2") {
				t.Errorf("a line of an env file is shown: %s", problems)
			}
		})
	}
	if _, problems := loadOptions(t, Options{Files: []string{""}}); len(problems) != 1 || !strings.Contains(problems.Error(), "an empty name") {
		t.Errorf("an empty name: %v", problems)
	}
}

// TestFaultsHideValues: what ${…} brought in is in no message, nor a half of it.
func TestFaultsHideValues(t *testing.T) {
	for _, value := range []string{"hunter2", "x:hunter2", "8080:hunter2/tcp", "Hunter2 pass", "line\nhunter2", `say "hunter2"`, "a=b=hunter2,c"} {
		for _, file := range []string{
			"services: {a: {image: x, cap_add: \"$T\"}}",
			"services: {a: {image: x, ports: [\"$T\"]}}",
			"services: {a: {image: x, ports: [\"80:$T\"]}}",
			"services: {a: {image: \"$T\"}}",
			"services: {a: {image: x, volumes: [\"$T:$T:$T\"]}}",
			"services: {a: {image: x, networks: [\"$T\"]}}",
			"services: {a: {image: x, depends_on: [\"$T\"]}}",
			"services: {a: {image: x, env_file: \"$T\"}}",
			"services: {a: {image: x, shm_size: \"$T\"}}",
			"services: {a: {image: x, platform: \"a/$T/c/d\"}}",
			"services: {a: {image: x, pull_policy: \"$T\"}}",
			"services: {a: {image: x, healthcheck: {interval: \"$T\"}}}",
			"services: {a: {image: x, network_mode: \"service:$T\"}}",
			"services: {a: {image: x, privileged: \"$T\"}}",
			"services: {a: {extends: {file: \"$T\", service: x}}}",
			"include: [\"$T\"]\nservices: {a: {image: x}}",
			"services: {a: {image: x, deploy: {resources: {limits: {cpus: \"$T\"}}}}}",
		} {
			dir := folder(t, map[string]string{"c.yaml": file})
			_, problems := loadOptions(t, Options{Files: in(dir, "c.yaml")}, "T="+value)
			if len(problems) == 0 {
				continue // some take anything
			}
			if strings.Contains(strings.ToLower(problems.Error()), "hunter2") {
				t.Errorf("%s with %q: %s", file, value, problems)
			}
		}
	}
}

// FuzzLoadFiles: whatever is in a compose file, loading it neither panics nor
// tells a secret of the environment.
func FuzzLoadFiles(f *testing.F) {
	seeds, err := filepath.Glob("testdata/*.yml")
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, seed := range seeds {
		content, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	for _, seed := range []string{
		"", "\x00", "a", "[]", "services: []", "services: {a: }", "services: {a: {image: $SECRET, ports: [$SECRET]}}", "include: {}", "include: [c.yaml]",
		"services: {a: {extends: {file: c.yaml, service: a}}}", "services: {a: {extends: a}}", "x: &a [*a]", "services: &s {a: *s}", "services: {a: {<<: [1]}}",
		"services: {a: {image: x, volumes: [$SECRET]}}\n---\nservices: {a: !reset {}}\n", "networks: {n: {ipam: {config: [$SECRET]}}}", "name: $SECRET", "configs: {c: {content: $SECRET}}\nservices: {a: {image: x, configs: [d]}}",
	} {
		f.Add([]byte(seed))
	}
	const secret = "Xq7-hunter2/Zz9"
	f.Fuzz(func(t *testing.T, content []byte) {
		if strings.Contains(string(content), "hunter2") || strings.Contains(string(content), "/dev") {
			return
		}
		dir := folder(t, map[string]string{"c.yaml": string(content)})
		environ := []string{"SECRET=" + secret}
		_, err := Load(Options{Environ: environ, Identity: testIdentity, Files: in(dir, "c.yaml")})
		if err != nil && strings.Contains(strings.ToLower(err.Error()), "hunter2") {
			t.Errorf("the secret is told: %v", err)
		}
	})
}

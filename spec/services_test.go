package spec

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
)

func TestImageAliases(t *testing.T) {
	for image, want := range map[string]string{
		"tutum/wordpress:latest":                     "tutum__wordpress tutum-wordpress",
		"registry.alloy-wp.com:4999/tutum/wordpress": "registry.alloy-wp.com__tutum__wordpress registry.alloy-wp.com-tutum-wordpress",
		"mysql":                   "mysql",
		"docker:24.0-dind":        "docker",
		"redis:5000":              "redis",
		"localhost:5000/redis":    "localhost__redis localhost-redis",
		"docker.io/library/redis": "docker.io__library__redis docker.io-library-redis",
		"a/b/c_d:1@sha256:" + strings.Repeat("0123456789abcdef", 4): "a__b__c_d a-b-c_d",
		"sha256:" + strings.Repeat("0123456789abcdef", 4):           "",
	} {
		if got, err := imageAliases(image); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s gives %q (%v), want %q", image, got, err, want)
		}
	}
	for _, image := range []string{"", "Bad/Image", "a b", "a:", "a//b"} {
		if got, err := imageAliases(image); err == nil {
			t.Errorf("%q gives %q", image, got)
		}
	}
}

// services loads a file and gives its children by name.
func services(t *testing.T, file string, environ ...string) (*Project, map[string]Child) {
	t.Helper()
	result, err := loadFile(t, file, environ...)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]Child{}
	for _, c := range result.Project.Children {
		by[c.Name] = c
	}
	return result.Project, by
}

// on are the networks that a child is on, with the names it has there beside
// its own.
func on(c Child) string {
	var out []string
	for _, e := range c.Endpoints {
		names := slices.DeleteFunc(slices.Clone(e.Settings.Aliases), func(a string) bool { return a == c.Name || a == c.ContainerName })
		out = append(out, e.Network+"("+strings.Join(names, " ")+")")
	}
	return strings.Join(out, " ")
}

func TestServices(t *testing.T) {
	p, by := services(t, `
services:
  web:
    image: x
    pull_policy: never
    volumes: [/cache, "/srv/host:/host:ro"]
    tmpfs: ["/scratch:rw,noexec"]
    x-foster-services:
      - tutum/wordpress:latest
      - name: mysql:$TAG
        alias: db
        variables: {MYSQL_DATABASE: "a$$b", PASSED: }
        command: ["--verbose"]
        entrypoint: /run
        tmpfs: ["/var/lib/mysql:rw,noexec"]
        volumes: ["data:/d", "./here:/e:ro", /f]
        pull_policy: always
        privileged: "${YES}"
      - image: mysql:5
        alias: [db2, mysql-old]
volumes: {data: }
`, "TAG=8", "YES=true", "PASSED=on")
	if names := slices.Sorted(maps.Keys(by)); !slices.Equal(names, []string{"web", "web-mysql", "web-mysql-2", "web-tutum-wordpress"}) {
		t.Fatalf("children %q", names)
	}
	for name, want := range map[string]string{
		"web":                 "ci_runner_default()",
		"web-tutum-wordpress": "ci_runner_default(tutum__wordpress tutum-wordpress)",
		"web-mysql":           "ci_runner_default(mysql db)",
		"web-mysql-2":         "ci_runner_default(mysql-2 db2 mysql-old)",
	} {
		if got := on(by[name]); got != want {
			t.Errorf("%s is on %s, want %s", name, got, want)
		}
		if by[name].Probed != (name != "web") {
			t.Errorf("%s probed: %v", name, by[name].Probed)
		}
	}
	var after []Dependency
	for _, name := range []string{"web-mysql", "web-mysql-2", "web-tutum-wordpress"} {
		after = append(after, Dependency{Name: name, Condition: ConditionReady})
	}
	if web := by["web"]; !slices.Equal(web.After, after) || web.BoundTo != nil || web.Host.Tmpfs["/scratch"] != "rw,noexec" || !slices.Equal(web.Host.Binds, []string{"/srv/host:/host:ro"}) || len(web.Host.Mounts) != 1 || web.Host.Mounts[0].Target != "/cache" {
		t.Errorf("the owner: %+v %+v", web, web.Host)
	}
	db := by["web-mysql"]
	if db.Image != "mysql:8" || db.Pull != PullAlways || !slices.Equal(db.Config.Env, []string{"MYSQL_DATABASE=a$b", "PASSED=on"}) ||
		!slices.Equal(db.Config.Cmd, []string{"--verbose"}) || !slices.Equal(db.Config.Entrypoint, []string{"/run"}) ||
		!maps.Equal(db.Host.Tmpfs, map[string]string{"/var/lib/mysql": "rw,noexec"}) || !db.Host.Privileged || len(db.Host.Binds) != 2 || db.Host.Binds[0] != "ci_runner_data:/d:rw" || !strings.HasSuffix(db.Host.Binds[1], "/here:/e:ro") || strings.HasPrefix(db.Host.Binds[1], ".") || len(db.Host.Mounts) != 1 {
		t.Errorf("the database: %+v %+v %+v", db, db.Config, db.Host)
	}
	if wp := by["web-tutum-wordpress"]; wp.Pull != PullNever || wp.After != nil || wp.Restart != RestartInherit {
		t.Errorf("wordpress: %+v", wp)
	}
	if len(p.Networks) != 1 || len(p.Volumes) != 1 {
		t.Errorf("networks %v, volumes %v", p.Networks, p.Volumes)
	}
}

// TestServicesNetwork: names of services reach nobody but their owner, and the
// owner's first network and gateway stay what they were.
func TestServicesNetwork(t *testing.T) {
	const end = "\nnetworks: {out: {external: true, name: zoo}, own: }\n"
	for name, tc := range map[string]struct {
		services, web, db, network string
	}{
		"no networks":       {"web: {image: x, x-foster-services: [db:1]}", "p_default()", "p_default(db)", ""},
		"default by name":   {"web: {image: x, networks: {default: {aliases: [w]}}, x-foster-services: [db:1]}", "p_default(w)", "p_default(db)", ""},
		"own network":       {"web: {image: x, networks: [own], x-foster-services: [db:1]}", "p_own() p_web-services()", "p_web-services(db)", "p_web-services"},
		"two networks":      {"web: {image: x, networks: [own, default], x-foster-services: [db:1]}", "p_default() p_own() p_web-services()", "p_web-services(db)", "p_web-services"},
		"a later name":      {"web: {image: x, networks: [out, own], x-foster-services: [db:1]}", "zoo() p_own() zp_web-services()", "zp_web-services(db)", "zp_web-services"},
		"priorities":        {"web: {image: x, networks: {own: {priority: -7, gw_priority: -9}}, x-foster-services: [db:1]}", "p_own() p_web-services()", "p_web-services(db)", "p_web-services"},
		"two owners":        {"web: {image: x, x-foster-services: [db:1]}\n  too: {image: x, x-foster-services: [db:1]}", "p_default() p_web-services()", "p_web-services(db)", "p_web-services"},
		"an owner in a net": {"web: {image: x, x-foster-services: [db:1]}\n  too: {image: x, networks: [own], x-foster-services: [db:1]}", "p_default()", "p_default(db)", ""},
		"taken keys":        {"web: {image: x, networks: {own: , web-services: }, x-foster-services: [db:1]}", "p_own() p_web-services() p_web-services-2()", "p_web-services-2(db)", "p_web-services-2"},
	} {
		t.Run(name, func(t *testing.T) {
			tail := end
			if name == "taken keys" {
				tail = "\nnetworks: {own: , web-services: }\n"
			}
			p, by := services(t, "name: p\nservices:\n  "+tc.services+tail)
			web, db := by["web"], by["web-db"]
			if on(web) != tc.web || on(db) != tc.db {
				t.Errorf("web is on %s, db on %s; want %s and %s", on(web), on(db), tc.web, tc.db)
			}
			if web.Host.NetworkMode != container.NetworkMode(web.Endpoints[0].Network) {
				t.Errorf("network mode %s", web.Host.NetworkMode)
			}
			i := slices.IndexFunc(p.Networks, func(n Network) bool { return n.Name == tc.network })
			if tc.network == "" {
				return
			}
			if i < 0 || p.Networks[i].External || p.Networks[i].Options.Driver != "bridge" || p.Networks[i].Options.Labels[LabelProject] != "p" {
				t.Errorf("networks %+v", p.Networks)
			}
			last := web.Endpoints[len(web.Endpoints)-1].Settings.GwPriority
			for _, e := range web.Endpoints[:len(web.Endpoints)-1] {
				if e.Settings.GwPriority <= last || e.Network >= tc.network {
					t.Errorf("%s (%d) does not come before %s (%d)", e.Network, e.Settings.GwPriority, tc.network, last)
				}
			}
		})
	}
	if _, err := loadFile(t, "services:\n  web: {image: x, x-foster-services: [db:1]}\nnetworks: {default: {external: true, name: other}}\n"); err != nil {
		t.Error(err)
	}
	_, by := services(t, "name: p\nservices:\n  web: {image: x, x-foster-services: [db:1]}\nnetworks: {default: {external: true, name: other}}\n")
	if on(by["web-db"]) != "p_web-services(db)" {
		t.Errorf("somebody else's network has the names of a service: %s", on(by["web-db"]))
	}
}

// TestServicesOnce: a document that is printed and loaded again has each
// service once.
func TestServicesOnce(t *testing.T) {
	result, err := loadFile(t, "services:\n  web: {image: x, x-foster-services: [db:1]}\n")
	if err != nil {
		t.Fatal(err)
	}
	text, err := result.Document.MarshalYAML()
	if err != nil {
		t.Fatal(err)
	}
	p, by := services(t, string(text))
	if len(p.Children) != 2 || on(by["web-db"]) != "ci_runner_default(db)" || by["web"].After[0] != (Dependency{Name: "web-db", Condition: ConditionReady}) {
		t.Errorf("children %+v of\n%s", p.Children, text)
	}
}

// TestServicesReady: anybody may wait for a port, and only then it is probed.
func TestServicesReady(t *testing.T) {
	_, by := services(t, `
services:
  web: {image: x, depends_on: {db: {condition: service_started, x-foster-ready: true}, mq: {condition: service_started, x-foster-ready: false}}}
  db: {image: x}
  mq: {image: x}
`)
	if web := by["web"]; !slices.Equal(web.After, []Dependency{{Name: "db", Condition: ConditionReady}, {Name: "mq"}}) || !by["db"].Probed || by["mq"].Probed {
		t.Errorf("%+v, db %v, mq %v", web.After, by["db"].Probed, by["mq"].Probed)
	}
}

func TestServicesProfiles(t *testing.T) {
	const file = "services:\n  always: {image: x}\n  web: {image: x, profiles: [p], x-foster-services: [db:1]}\n"
	if _, by := services(t, file); len(by) != 1 {
		t.Errorf("children %v", slices.Sorted(maps.Keys(by)))
	}
	if _, by := services(t, file, "COMPOSE_PROFILES=p"); len(by) != 3 {
		t.Errorf("children %v", slices.Sorted(maps.Keys(by)))
	}
}

func TestServicesRefused(t *testing.T) {
	for list, want := range map[string]string{
		"db":                                           "x-foster-services",
		"[1]":                                          "[0]",
		"[Bad/Image]":                                  "[0]",
		"[{alias: db}]":                                "[0]",
		"[ok, {name: a, image: b}]":                    "[1]",
		"[{name: a, networks: [n]}]":                   "[0]",
		"[{name: a, network_mode: host}]":              "[0]",
		"[{name: a, x-foster-services: [b]}]":          "[0]",
		"[{name: a, alias: {b: c}}]":                   "[0]",
		"[{name: a, alias: [1]}]":                      "[0]",
		"[{name: a, alias: \"-hunter2\"}]":             "[0]",
		"[{name: a, alias: db}, {name: b, alias: db}]": "[1]",
		"[{name: a, alias: other}]":                    "[0]",
		"[{name: a, alias: nick}]":                     "[0]",
		"[other]":                                      "[0]",
		"[web]":                                        "[0]",
		"[{name: a, variables: {}, environment: {}}]":  "[0]",
	} {
		_, err := loadFile(t, "services:\n  web: {image: x, x-foster-services: "+list+"}\n  other: {image: x, networks: {default: {aliases: [nick]}}}\n")
		var problems Problems
		if !errors.As(err, &problems) || len(problems) != 1 || !strings.HasSuffix(problems[0].Value, want) || !strings.HasPrefix(problems[0].Value, "services.web.") || problems[0].Mend == "" || strings.Contains(problems.Error(), "hunter2") {
			t.Errorf("%s: %v", list, err)
		}
	}
	for _, mode := range []string{"host", "none", "task", "bridge", "container:c", "service:other"} {
		_, err := loadFile(t, "services:\n  web: {image: x, network_mode: '"+mode+"', x-foster-services: [db]}\n  other: {image: x}\n")
		var problems Problems
		if !errors.As(err, &problems) || len(problems) != 1 || !strings.Contains(problems[0].What, mode) {
			t.Errorf("%s: %v", mode, err)
		}
	}
	// What any service is refused for, these are too.
	for entry, want := range map[string]string{
		"{name: a, comand: b}": "x-foster-services[0]\": there is no attribute comand; did you mean command?", "{name: a, volumes: {}}": "x-foster-services[0].volumes",
		"{name: a, build: .}": "web-a.build", "{name: a, volumes: [none:/v]}": "web-a", "{name: a, depends_on: [web]}": "web-a",
	} {
		_, err := loadFile(t, "services:\n  web: {image: x, x-foster-services: ["+entry+"]}\n")
		var problems Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", entry, err)
		}
	}
	if _, err := loadFile(t, "services:\n  web: {image: x, x-foster-services: [{name: a, tmpfs: {k: $TOKEN}}]}\n", "TOKEN=hunter2"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("secret or nothing: %v", err)
	}
}

func TestLaunchServices(t *testing.T) {
	p := mustLoad(t, "LAUNCH_IMAGE=x", "LAUNCH_PULL=always", "REG=registry.example.org:4999", "LAUNCH_SERVICES=${REG}/tutum/wordpress:1 postgres:16", "LAUNCH_NETWORKS=front").Project
	var got []string
	for _, c := range p.Children {
		got = append(got, c.Name+"="+c.Image+" on "+on(c))
		if c.Pull != PullAlways || c.Probed == (c.Name == "runner") {
			t.Errorf("%s: pull %v, probed %v", c.Name, c.Pull, c.Probed)
		}
	}
	want := []string{
		"runner=x on ci_runner_front() ci_runner_runner-services()",
		"runner-postgres=postgres:16 on ci_runner_runner-services(postgres)",
		"runner-registry.example.org-tutum-wordpress=registry.example.org:4999/tutum/wordpress:1 on ci_runner_runner-services(registry.example.org__tutum__wordpress registry.example.org-tutum-wordpress)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("children\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, bad := range []string{"LAUNCH_SERVICES=Bad", "LAUNCH_SERVICES=sha256:" + strings.Repeat("0123456789abcdef", 4)} {
		if _, problems := load(t, "LAUNCH_IMAGE=x", bad); len(problems) != 1 || problems[0].Variable != "LAUNCH_SERVICES" {
			t.Errorf("%s: %v", bad, problems)
		}
	}
	for _, mode := range []string{"LAUNCH_NETWORK_MODE=task", "LAUNCH_NETWORK_MODE=none", "LAUNCH_HOST_NETWORK=yes"} {
		if _, problems := load(t, "LAUNCH_IMAGE=x", "LAUNCH_SERVICES=redis", mode); len(problems) != 1 || problems[0].Variable != "LAUNCH_SERVICES" || !strings.HasPrefix(problems[0].What, "with network mode") {
			t.Errorf("%s: %v", mode, problems)
		}
	}
}

// TestServicesPrinted: what foster prints, loaded again, waits for the same.
func TestServicesPrinted(t *testing.T) {
	result, err := loadFile(t, `
services:
  job: {image: x, x-foster-services: [postgres]}
`)
	if err != nil {
		t.Fatal(err)
	}
	printed, err := result.Marshal(FormatYAML)
	if err != nil {
		t.Fatal(err)
	}
	again, err := loadFile(t, string(printed))
	if err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	for _, c := range again.Project.Children {
		if c.Name == "job" && (len(c.After) != 1 || c.After[0].Condition != ConditionReady) {
			t.Errorf("it waits for %v\n%s", c.After, printed)
		}
		if c.Name == "job-postgres" && !c.Probed {
			t.Error("the service is not probed")
		}
	}
}

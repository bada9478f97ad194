package spec

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

// loadFile loads a compose file from testdata, or from its text.
func loadFile(t *testing.T, file string, environ ...string) (*Result, error) {
	t.Helper()
	if strings.Contains(file, "\n") {
		file = write(t, "docker-compose.yml", file)
	}
	env, problems := ReadEnv(environ, Variables)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return Load(Options{Env: env, Environ: environ, Identity: testIdentity, Version: "v1", Files: []string{file}})
}

// TestHashesAsCompose: the config-hash labels are those that docker compose
// v2.40.3 printed (config --hash '*') for the same file.
func TestHashesAsCompose(t *testing.T) {
	result, err := loadFile(t, "testdata/hashes.yml")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"bind":  "0363bfbb61fdbd897cf47c71d8d9ff664b1fc3a77ef862d82dff084aad77475b",
		"many":  "8dd80667bc3ee515e5e1bdefd47cc083386939b5a98e85a3ef4d052901ada75a",
		"short": "ea38d70c4c023997210081dffecd54481f75aef26076b3b0d9a51057c039ac52",
		"tmpfs": "9ece14a3bbe1d70fcaed2340f9bd9a2213ea9ea0186e922562c750f3254adf38",
	}
	for _, c := range result.Project.Children {
		if got := c.Config.Labels[labelComposeHash]; got != want[c.Name] {
			t.Errorf("service %s: hash %s, want %s", c.Name, got, want[c.Name])
		}
	}
}

// TestProjectGolden shows everything that goes to the engine for a rich file.
func TestProjectGolden(t *testing.T) {
	result, err := loadFile(t, "testdata/rich.yml")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for i := range result.Project.Children {
		labels := result.Project.Children[i].Config.Labels
		labels[labelComposeFiles] = strings.TrimPrefix(labels[labelComposeFiles], dir)
		labels[labelComposeWorkingDir] = strings.TrimPrefix(labels[labelComposeWorkingDir], filepath.Dir(dir))
		result.Project.Children[i].Hash, labels[LabelSpecHash] = "", ""
	}
	text, err := json.MarshalIndent(result.Project, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "rich.json", string(text)+"\n")
}

func TestFileOverrides(t *testing.T) {
	const file = "services:\n  web: {image: \"img:$TAG\", restart: always}\n"
	result, err := loadFile(t, file, "TAG=7", "LAUNCH_IMAGE=x", "LAUNCH_PORTS=80", "LAUNCH_PROJECT_NAME=named")
	if err != nil {
		t.Fatal(err)
	}
	c := result.Project.Children[0]
	if len(result.Warnings) != 2 || c.Restart != RestartAlways || c.Image != "img:7" || c.ContainerName != "named-web-1" || c.Host.RestartPolicy.Name != container.RestartPolicyDisabled {
		t.Errorf("warnings %q, child %s %s %v", result.Warnings, c.Image, c.ContainerName, c.Host.RestartPolicy)
	}
	for _, tc := range []struct{ file, env, want string }{
		{file, "TAG=1", "ci_runner"},
		{"name: mine\n" + file, "TAG=1", "mine"},
		{"name: mine\n" + file, "COMPOSE_PROJECT_NAME=other", "other"},
	} {
		result, err := loadFile(t, tc.file, "TAG=1", tc.env)
		if err != nil || result.Project.Name != tc.want {
			t.Errorf("project %v, %v; want %s", result, err, tc.want)
		}
	}
}

func TestDependents(t *testing.T) {
	_, err := loadFile(t, `
services:
  vpn: {image: x}
  app: {image: x, network_mode: "service:vpn", depends_on: [db]}
  db: {image: x, pid: "service:vpn", volumes_from: ["app:ro", "container:other"]}
  own: {image: x, network_mode: task}
`)
	if err == nil {
		t.Fatal("a cycle is no problem")
	}
	result, err := loadFile(t, `
services:
  vpn: {image: x}
  app: {image: x, network_mode: "service:vpn", depends_on: [db]}
  db: {image: x, pid: "service:vpn", ipc: "service:vpn", volumes_from: ["store:ro", "container:other"]}
  store: {image: x}
  own: {image: x, network_mode: task}
`)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]Child{}
	for _, c := range result.Project.Children {
		by[c.Name] = c
	}
	if app := by["app"]; !slices.Equal(app.After, []Dependency{{Name: "db"}, {Name: "vpn"}}) || !slices.Equal(app.BoundTo, []Bond{{Name: "vpn", Run: true, Namespace: true}}) || app.Host.NetworkMode != "container:ci_runner-vpn-1" || app.Endpoints != nil {
		t.Errorf("app %v %v %v", app.After, app.BoundTo, app.Host.NetworkMode)
	}
	if db := by["db"]; !slices.Equal(db.BoundTo, []Bond{{Name: "store"}, {Name: "vpn", Run: true, Namespace: true}, {Name: "other", Outside: true}}) || !slices.Equal(db.Host.VolumesFrom, []string{"ci_runner-store-1:ro", "other"}) || db.Host.IpcMode != "container:ci_runner-vpn-1" {
		t.Errorf("db %v %v", db.BoundTo, db.Host.VolumesFrom)
	}
	if !by["own"].SharesParent {
		t.Error("network_mode task is not foster's own namespace")
	}
}

func TestRefused(t *testing.T) {
	for _, bad := range []string{"services: {}\n", "services:\n  a: {imag: x}\n", "not yaml: [\n", "services:\n  a: {image: x, profiles: [p]}\n", "services:\n  a: {image: x, container_name: same}\n  b: {image: x, container_name: same}\n", "services:\n  a: {image: x, env_file: /no/such}\n"} {
		if _, err := loadFile(t, bad); err == nil {
			t.Errorf("%q is no problem", bad)
		}
	}
	if _, err := loadFile(t, "/no/such/docker-compose.yml"); err == nil {
		t.Error("a missing file is no problem")
	}
	if _, err := loadFile(t, "services:\n  a: {image: x, cap_add: \"$TOKEN\"}\n", "TOKEN=hunter2"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("secret or nothing: %v", err)
	}
}

func TestMatches(t *testing.T) {
	want := Endpoint{Network: "n", Settings: &network.EndpointSettings{
		Aliases: []string{"a", "b"}, DriverOpts: map[string]string{"k": "v"}, MacAddress: "02:00:00:00:00:01",
		IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: "10.0.0.9", IPv6Address: "fd00::9"},
	}}
	live := func(change func(*network.EndpointSettings)) *network.EndpointSettings {
		s := &network.EndpointSettings{Aliases: []string{"a", "b", "0123456789ab"}, DriverOpts: map[string]string{"k": "v", "x": "y"}, IPAddress: "10.0.0.9", GlobalIPv6Address: "fd00:0::9"}
		change(s)
		return s
	}
	for name, tc := range map[string]struct {
		change func(*network.EndpointSettings)
		want   bool
	}{
		"whole":          {func(*network.EndpointSettings) {}, true},
		"aliases as DNS": {func(s *network.EndpointSettings) { s.DNSNames, s.Aliases = s.Aliases, nil }, true},
		"not up": {func(s *network.EndpointSettings) {
			s.IPAddress, s.GlobalIPv6Address, s.IPAMConfig = "", "", want.Settings.IPAMConfig
		}, true},
		"alias lost":        {func(s *network.EndpointSettings) { s.Aliases = s.Aliases[1:] }, false},
		"other IPv4":        {func(s *network.EndpointSettings) { s.IPAddress = "10.0.0.8" }, false},
		"no IPv6":           {func(s *network.EndpointSettings) { s.GlobalIPv6Address = "" }, false},
		"driver option":     {func(s *network.EndpointSettings) { s.DriverOpts = nil }, false},
		"other MAC is fine": {func(s *network.EndpointSettings) { s.MacAddress = "02:00:00:00:00:02" }, true},
	} {
		if got := want.Matches(live(tc.change)); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if want.Matches(nil) || !(Endpoint{}).Matches(&network.EndpointSettings{}) {
		t.Error("nothing live matches, or nothing wanted does not")
	}
}

package spec

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestLabels: Compose's own, swarm-launcher's, foster's, and those of the run.
func TestLabels(t *testing.T) {
	c := child(t, "LAUNCH_LABELS=a=b")
	for label, want := range map[string]string{
		"com.docker.compose.project": "ci_runner", "com.docker.compose.service": "runner", "com.docker.compose.container-number": "1",
		"com.docker.compose.oneoff": "False", "com.docker.compose.project.config_files": "/docker-compose.yml", "com.docker.compose.project.working_dir": "/",
		"com.docker.compose.version": "2.40.3", "com.docker.compose.depends_on": "", "ai.ix.started-by": "ix.ai/swarm-launcher", "a": "b",
		"foster.project": "ci_runner", "foster.child": "runner", "foster.parent": "c0ffee", "foster.task": "t1", "foster.service": "ci_runner",
		"foster.node": "n1", "foster.version": "v1", "foster.spec-hash": c.Hash,
	} {
		if got, ok := c.Config.Labels[label]; !ok || got != want {
			t.Errorf("%s = %q, want %q", label, got, want)
		}
	}
	if len(c.Config.Labels[labelComposeHash]) != 64 {
		t.Error("no config-hash")
	}
}

// TestHash: it tells containers apart, and is blind to the run.
func TestHash(t *testing.T) {
	base := []string{"LAUNCH_IMAGE=x", "LAUNCH_ENVIRONMENTS=A=1 B=2 C=3", "LAUNCH_ULIMITS=nofile=1 core=2 nproc=3", "LAUNCH_EXTRA_HOSTS=a:1.1.1.1 b:1.1.1.2 c:1.1.1.3"}
	first := mustLoad(t, base...).Project
	for range 20 {
		again := mustLoad(t, append(base, "LAUNCH_PULL=always")...).Project
		if again.Children[0].Hash != first.Children[0].Hash {
			t.Fatal("the same container, another hash")
		}
	}
	hash := first.Children[0].Hash
	first.Stamp(Identity{ContainerID: "other"}, "v2")
	if labels := first.Children[0].Config.Labels; labels[LabelParent] != "other" || labels[LabelVersion] != "v2" || labels[LabelTask] != "" {
		t.Errorf("labels %v", labels)
	}
	if got, err := first.Children[0].hash(); err != nil || got != hash {
		t.Error("the run's labels are in the hash")
	}
	for _, change := range []string{"LAUNCH_COMMAND=x", "LAUNCH_LABELS=a=b", "LAUNCH_EXT_NETWORKS=n", "LAUNCH_CONTAINER_NAME=nn", "LAUNCH_NETWORK_MODE=task", "LAUNCH_STOP_GRACE_PERIOD=10s"} {
		if mustLoad(t, append(base, change)...).Project.Children[0].Hash == hash {
			t.Errorf("%s is not in the hash", change)
		}
	}
}

func TestNetworksAndVolumes(t *testing.T) {
	p := mustLoad(t, "LAUNCH_IMAGE=x", "LAUNCH_NETWORKS=front", "LAUNCH_EXT_NETWORKS=out", "LAUNCH_VOLUMES=data:/d").Project
	if len(p.Networks) != 2 || len(p.Volumes) != 1 {
		t.Fatalf("%+v", p)
	}
	front, out, data := p.Networks[0], p.Networks[1], p.Volumes[0]
	if front.Name != "ci_runner_front" || front.External || front.Options.Driver != "bridge" || !front.Options.Attachable || front.Options.Labels[LabelProject] != "ci_runner" || front.Options.Labels[labelComposeNetwork] != "front" {
		t.Errorf("front %+v", front)
	}
	if out.Name != "out" || !out.External {
		t.Errorf("out %+v", out)
	}
	if data.Name != "ci_runner_data" || data.External || data.Options.Labels[labelComposeVolume] != "data" {
		t.Errorf("data %+v", data)
	}
	p = mustLoad(t, "LAUNCH_IMAGE=x").Project
	if c := p.Children[0]; p.Networks[0].Name != "ci_runner_default" || strings.Join(c.Endpoints[0].Settings.Aliases, " ") != "ci_runner-runner-1 runner" {
		t.Errorf("default network: %+v %+v", p.Networks, c.Endpoints[0])
	}
	p = mustLoad(t, "LAUNCH_IMAGE=x", "LAUNCH_NETWORK_MODE=bridge").Project
	if len(p.Networks) != 1 || !p.Networks[0].External || p.Networks[0].Name != "bridge" {
		t.Errorf("bridge: %+v", p.Networks)
	}
}

func TestDefaultNames(t *testing.T) {
	for _, tc := range []struct {
		id             Identity
		project, child string
	}{
		{Identity{}, "foster", "child"},
		{Identity{ContainerName: "/My.Box"}, "my-box", "My.Box"},
		{Identity{ServiceName: "ci_Runner", Namespace: "ci", TaskName: "ci_Runner.1.abc"}, "ci_runner", "Runner"},
		{Identity{ServiceName: "ci_runner", Namespace: "ci", TaskName: "ci_runner.3.abc"}, "ci_runner-3", "runner"},
		{Identity{ServiceName: "a.b", TaskName: "a.b.2.abc"}, "a-b-2", "a.b"},
		{Identity{ServiceName: "g", TaskName: "g.x5kkwwtu4rk7.abc"}, "g", "g"},
		{Identity{ServiceName: "g", TaskName: "g.1234567890123.abc"}, "g", "g"},
	} {
		if p, c := tc.id.ProjectName(), tc.id.ChildName(); p != tc.project || c != tc.child || !composeProject.MatchString(p) {
			t.Errorf("%+v: %q %q", tc.id, p, c)
		}
	}
}

func TestMarshal(t *testing.T) {
	result := mustLoad(t, "LAUNCH_IMAGE=img:1", "LAUNCH_ENVIRONMENTS=A=hunter2 B=$$x", "LAUNCH_VOLUMES=/h:/c", "LOGIN_USER=u", "LOGIN_PASSWORD=hunter2", "TOKEN=hunter2",
		"LAUNCH_COMMAND=run --token hunter2 --registration-token=hunter2 --url http://u:hunter2@x/ price$$5 keep",
		"LAUNCH_LABELS=a.password=hunter2 x=hunter2 b=$$5 traefik.http.middlewares.m.basicauth.users=u:hunter2")
	for _, format := range []string{FormatYAML, FormatJSON} {
		text, err := result.Marshal(format)
		if err != nil {
			t.Fatal(err)
		}
		got := string(text)
		if strings.Contains(got, "hunter2") {
			t.Errorf("a secret is shown:\n%s", got)
		}
		for _, want := range []string{"img:1", "create_host_path", "keep", "price$$5", "--registration-token=***", "ci_runner"} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in\n%s", want, got)
			}
		}
	}
	if _, err := result.Marshal("xml"); err == nil {
		t.Error("xml is a format")
	}
	// What is printed can be loaded, and is the same but for the secrets.
	text, err := result.Marshal(FormatYAML)
	if err != nil {
		t.Fatal(err)
	}
	again, err := loadFile(t, string(text))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(result.Project.Networks)
	b, _ := json.Marshal(again.Project.Networks)
	if string(a) != string(b) || again.Project.Children[0].Host.Binds[0] != "/h:/c:rw" || again.Project.Children[0].Config.Labels["b"] != "$5" {
		t.Errorf("%s\n%s\n%v", a, b, again.Project.Children[0].Config.Labels)
	}
}

func TestLogin(t *testing.T) {
	result := mustLoad(t, "LAUNCH_IMAGE=x", "LOGIN_USER=u", "LOGIN_REGISTRY=r:5000", "DOCKER_AUTH_CONFIG={}")
	if result.Login.User != "u" || result.Login.Registry != "r:5000" || len(result.Warnings) != 2 {
		t.Errorf("%+v %q", result.Login, result.Warnings)
	}
}

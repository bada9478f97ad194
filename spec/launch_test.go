package spec

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

var testIdentity = Identity{
	ContainerID: "c0ffee", ContainerName: "/ci_runner.1.t1", TaskID: "t1", TaskName: "ci_runner.1.t1",
	ServiceName: "ci_runner", NodeID: "n1", Namespace: "ci",
}

// load loads settings; problems of both stages come together, as in foster.
func load(t *testing.T, environ ...string) (*Result, Problems) {
	t.Helper()
	env, problems := ReadEnv(environ, Variables)
	result, err := Load(Options{Env: env, Environ: environ, Identity: testIdentity, Version: "v1"})
	var more Problems
	if err != nil && !errors.As(err, &more) {
		t.Fatalf("not Problems: %v", err)
	}
	return result, append(problems, more...).Sorted()
}

// mustLoad loads settings that are right.
func mustLoad(t *testing.T, environ ...string) *Result {
	t.Helper()
	result, problems := load(t, environ...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return result
}

func child(t *testing.T, environ ...string) Child {
	t.Helper()
	return mustLoad(t, append([]string{"LAUNCH_IMAGE=img:1"}, environ...)...).Project.Children[0]
}

// TestLaunchValues: what each variable does to the child, and what it refuses.
func TestLaunchValues(t *testing.T) {
	profile := write(t, "seccomp.json", `{ "defaultAction": "SCMP_ACT_ALLOW" }`)
	envFile := write(t, "child.env", "FROM=file\nA=lost\n")
	badEnv := write(t, "bad.env", "A=1\nb c d=hunter2\n")
	for _, tc := range []struct {
		variable, value string
		get             func(Child) any
		want            any
		bad             []string
	}{
		{"LAUNCH_COMMAND", `sh -c "a b" 'c d'`, func(c Child) any { return []string(c.Config.Cmd) }, []string{"sh", "-c", "a b", "c d"}, []string{`sh -c "`, `sh --token hunter2 "`, `${`}},
		{"LAUNCH_COMMAND", `sh -c \"a b\"`, func(c Child) any { return []string(c.Config.Cmd) }, []string{"sh", "-c", "a b"}, nil},
		{"LAUNCH_PULL", "true", func(c Child) any { return c.Pull }, PullAlways, []string{"sometimes"}},
		{"LAUNCH_SERVICE_NAME", "web", func(c Child) any { return c.ContainerName }, "ci_runner-web-1", []string{"a b", "ä"}},
		{"LAUNCH_PROJECT_NAME", "p", func(c Child) any { return c.ContainerName }, "p-runner-1", []string{"Big", "-p", "a.b"}},
		{"LAUNCH_CONTAINER_NAME", "box", func(c Child) any { return c.ContainerName }, "box", []string{"x", "-box", "a/b"}},
		{"LAUNCH_HOSTNAME", "h.example", func(c Child) any { return c.Config.Hostname }, "h.example", []string{"a b", "-h", strings.Repeat("x", 65)}},
		{"LAUNCH_PRIVILEGED", "Yes", func(c Child) any { return c.Host.Privileged }, true, []string{"maybe"}},
		{"LAUNCH_DEVICES", "/dev/a /dev/b:/dev/c:rw", func(c Child) any { return c.Host.Devices[1].PathInContainer + c.Host.Devices[1].CgroupPermissions }, "/dev/crw", []string{"dev/a", "/dev/a:b", "/dev/a:/b:x", "/a:/b:r:w"}},
		{"LAUNCH_DEVICES", "nvidia.com/gpu=all", func(c Child) any { return c.Host.DeviceRequests[0].Driver }, "cdi", nil},
		{"LAUNCH_CAP_ADD", "NET_ADMIN CAP_SYS_TIME all", func(c Child) any { return []string(c.Host.CapAdd) }, []string{"NET_ADMIN", "CAP_SYS_TIME", "all"}, []string{"NET_ADMINN", "X"}},
		{"LAUNCH_CAP_DROP", "MKNOD", func(c Child) any { return []string(c.Host.CapDrop) }, []string{"MKNOD"}, []string{"KNOD"}},
		{"LAUNCH_SECURITY_OPT", "no-new-privileges:true label=disable seccomp=" + profile, func(c Child) any { return c.Host.SecurityOpt }, []string{"no-new-privileges:true", "label=disable", `seccomp={"defaultAction":"SCMP_ACT_ALLOW"}`}, []string{"nonsense", "seccomp=/no/such", "apparmor=", "x=y", "no-new-privileges:maybe"}},
		{"LAUNCH_SECURITY_OPT", "systempaths=unconfined", func(c Child) any { return c.Host.MaskedPaths }, []string{}, nil},
		{"LAUNCH_SYSCTLS", "net.core.somaxconn=1 kernel.msgmax=2", func(c Child) any { return c.Host.Sysctls["kernel.msgmax"] }, "2", []string{"a", "=1", "a="}},
		{"LAUNCH_ULIMITS", "nofile=1:2 core=0", func(c Child) any {
			return []int64{c.Host.Ulimits[0].Hard, c.Host.Ulimits[1].Soft, c.Host.Ulimits[1].Hard}
		}, []int64{0, 1, 2}, []string{"nofile=2:1", "x=1", "core=1 core=2"}},
		{"LAUNCH_PID_MODE", "container:x1", func(c Child) any { return string(c.Host.PidMode) }, "container:x1", []string{"service:x", "container:", "hosts"}},
		{"LAUNCH_CGROUP_PARENT", "/a/b", func(c Child) any { return c.Host.CgroupParent }, "/a/b", []string{"true", "a b"}},
		{"LAUNCH_SHM_SIZE", "1g", func(c Child) any { return c.Host.ShmSize }, int64(1 << 30), []string{"big", "-1"}},
		//lint:ignore SA1019 below API 1.44 this field counts
		{"LAUNCH_MAC_ADDRESS", "02:42:ac:11:00:42", func(c Child) any { return c.Config.MacAddress + c.Endpoints[0].Settings.MacAddress }, "02:42:ac:11:00:4202:42:ac:11:00:42", []string{"zz", "01:42:ac:11:00:42"}},
		{"LAUNCH_STOP_GRACE_PERIOD", "90", func(c Child) any { return *c.Config.StopTimeout }, 90, []string{"soon", "-5s"}},
		{"LAUNCH_ENVIRONMENTS", `A=b@_@c "B=d e" C="f g" D=${HOME} E=$$x F=${NO:-y} HOME Z`, func(c Child) any { return c.Config.Env }, []string{"A=b c", "B=d e", "C=f g", "D=/h", "E=$x", "F=y", "HOME=/h", "Z"}, []string{"=x", `A="b`, "A=${", "A=${Q:?needed}"}},
		{"LAUNCH_ENVFILES", envFile, func(c Child) any { return c.Config.Env }, []string{"A=lost", "FROM=file"}, []string{"/no/such", "relative.env", badEnv, "/"}},
		{"LAUNCH_LABELS", `a=b "c=d e" f`, func(c Child) any { return c.Config.Labels["c"] + c.Config.Labels["a"] }, "d eb", []string{"=x", "foster.child=x", "com.docker.compose.project=x"}},
		{"LAUNCH_VOLUMES", "/h:/c:ro", func(c Child) any { return c.Host.Binds }, []string{"/h:/c:ro"}, []string{"./h:/c", "~/h:/c", "/h:c", "/h:/", "/h:/c:rx", "/h:/c:ro:z", "/a:/c /b:/c/", "-v:/c", "vol:/c:rshared", ":", "v"}},
		{"LAUNCH_VOLUMES", "vol:/c /d", func(c Child) any { return c.Host.Binds[0] + " " + c.Host.Mounts[0].Target }, "ci_runner_vol:/c:rw /d", nil},
		{"LAUNCH_EXTRA_HOSTS", "db:10.0.0.5 six:fd00::1 a=1.2.3.4 h:host-gateway", func(c Child) any { return c.Host.ExtraHosts }, []string{"a:1.2.3.4", "db:10.0.0.5", "h:host-gateway", "six:fd00::1"}, []string{"db", ":1.2.3.4", "db:x"}},
		{"LAUNCH_DNS", "10.0.0.2 fd00::2", func(c Child) any { return c.Host.DNS }, []string{"10.0.0.2", "fd00::2"}, []string{"ns.example.org", "10.0.0"}},
		{"LAUNCH_DNS_SEARCH", "example.org .", func(c Child) any { return c.Host.DNSSearch }, []string{"example.org", "."}, []string{"a/b"}},
		{"LAUNCH_HOST_NETWORK", "1", func(c Child) any { return string(c.Host.NetworkMode) }, "host", []string{"on"}},
		{"LAUNCH_NETWORK_MODE", "container:vpn", func(c Child) any { return string(c.Host.NetworkMode) }, "container:vpn", []string{"front", "service:x", "container:"}},
		{"LAUNCH_NETWORK_MODE", "bridge", func(c Child) any { return c.Endpoints[0].Network }, "bridge", nil},
		{"LAUNCH_NETWORK_MODE", "task", func(c Child) any { return c.SharesParent && c.Host.NetworkMode == "" && c.Endpoints == nil }, true, nil},
		{"LAUNCH_PORTS", "8000-8001:80-81 127.0.0.1:53:53/udp", func(c Child) any { return []any{len(c.Host.PortBindings), c.Host.PortBindings["53/udp"][0].HostIP} }, []any{3, "127.0.0.1"}, []string{"http", "1-2:1-5", "80:80/icmp", "99999", "0"}},
		{"LAUNCH_NETWORKS", "front back", func(c Child) any { return []string{c.Endpoints[0].Network, c.Endpoints[1].Network} }, []string{"ci_runner_back", "ci_runner_front"}, []string{"a/b", "-x"}},
		{"LAUNCH_EXT_NETWORKS", "out out", func(c Child) any { return []any{len(c.Endpoints), string(c.Host.NetworkMode)} }, []any{1, "out"}, []string{"a/b"}},
		{"LAUNCH_EXT_NETWORKS_IPV4", "out:10.0.0.9", func(c Child) any { return c.Endpoints[0].Settings.IPAMConfig.IPv4Address }, "10.0.0.9", []string{"out", "out:x", "out:10.0.0.1 out:10.0.0.2"}},
		{"LAUNCH_EXT_NETWORKS_IPV6", "my-out-fd00::9", func(c Child) any { return c.Endpoints[0].Network + c.Endpoints[0].Settings.IPAMConfig.IPv6Address }, "my-outfd00::9", []string{"out:fd00::9"}},
		{"LAUNCH_EXT_NETWORKS_MIXED", "out-10.0.0.9-fd00::9", func(c Child) any { return c.Endpoints[0].Settings.IPAMConfig.IPv4Address }, "10.0.0.9", []string{"out-fd00::9"}},
	} {
		t.Run(tc.variable+"="+tc.value, func(t *testing.T) {
			if got := tc.get(child(t, "HOME=/h", tc.variable+"="+tc.value)); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %#v, want %#v", got, tc.want)
			}
			for _, bad := range tc.bad {
				_, problems := load(t, "LAUNCH_IMAGE=img:1", tc.variable+"="+bad)
				if len(problems) == 0 {
					t.Errorf("%q is no problem", bad)
				}
				for _, p := range problems {
					if p.Variable != tc.variable || p.Mend == "" || strings.Contains(p.String(), "hunter2") {
						t.Errorf("%q: %s", bad, p)
					}
				}
			}
		})
	}
}

func TestLaunchImage(t *testing.T) {
	for _, good := range []string{"busybox", "reg.example:5000/a/b:1.2", "a@sha256:" + strings.Repeat("0", 64), "${IMG:-x/y}"} {
		mustLoad(t, "LAUNCH_IMAGE="+good)
	}
	for _, bad := range []string{"reg/Upper", "a b", "a:b:c:d", "http://x/y"} {
		if _, problems := load(t, "LAUNCH_IMAGE="+bad); len(problems) != 1 || problems[0].Variable != "LAUNCH_IMAGE" {
			t.Errorf("%q: %v", bad, problems)
		}
	}
	if _, problems := load(t); len(problems) != 1 || !strings.Contains(problems.Error(), "LAUNCH_IMAGE: not set") {
		t.Errorf("no image: %v", problems)
	}
	if _, problems := load(t, "LAUNCH_IMAGE_FILE=/no/such"); len(problems) != 1 {
		t.Errorf("a file that is missing is two problems: %v", problems)
	}
}

func TestNetworksMerge(t *testing.T) {
	c := child(t, "LAUNCH_EXT_NETWORKS=out", "LAUNCH_EXT_NETWORKS_IPV4=out:10.0.0.9", "LAUNCH_EXT_NETWORKS_IPV6=out-fd00::9", "LAUNCH_EXT_NETWORKS_MIXED=out-10.0.0.9-fd00:0::9")
	if len(c.Endpoints) != 1 || c.Endpoints[0].Settings.IPAMConfig.IPv4Address != "10.0.0.9" || c.Endpoints[0].Settings.IPAMConfig.IPv6Address == "" {
		t.Errorf("endpoints %+v", c.Endpoints[0].Settings.IPAMConfig)
	}
	for _, conflict := range [][]string{
		{"LAUNCH_EXT_NETWORKS_IPV4=out:10.0.0.9", "LAUNCH_EXT_NETWORKS_MIXED=out-10.0.0.8-fd00::9"},
		{"LAUNCH_NETWORKS=out", "LAUNCH_EXT_NETWORKS=out"},
	} {
		if _, problems := load(t, append(conflict, "LAUNCH_IMAGE=x")...); len(problems) != 1 {
			t.Errorf("%v: %v", conflict, problems)
		}
	}
}

func TestPrecedence(t *testing.T) {
	rest := []string{"LAUNCH_IMAGE=x", "LAUNCH_PORTS=80", "LAUNCH_NETWORKS=a", "LAUNCH_EXT_NETWORKS=b", "LAUNCH_EXT_NETWORKS_IPV4=c:1.2.3.4", "LAUNCH_EXT_NETWORKS_IPV6=d-::1", "LAUNCH_EXT_NETWORKS_MIXED=e-1.2.3.4-::1", "LAUNCH_HOSTNAME=h"}
	for _, tc := range []struct {
		environ []string
		mode    string
		ignored int
	}{
		{[]string{"LAUNCH_HOST_NETWORK=true", "LAUNCH_NETWORK_MODE=none", "LAUNCH_MAC_ADDRESS=02:42:ac:11:00:42"}, "host", 8},
		{[]string{"LAUNCH_HOST_NETWORK=false", "LAUNCH_NETWORK_MODE=none"}, "none", 6},
		{[]string{"LAUNCH_NETWORK_MODE=task", "LAUNCH_DNS=1.1.1.1"}, "", 8},
		{[]string{"LAUNCH_HOST_NETWORK=no"}, "ci_runner_a", 0},
	} {
		result := mustLoad(t, append(tc.environ, rest...)...)
		if got := string(result.Project.Children[0].Host.NetworkMode); got != tc.mode || len(result.Warnings) != tc.ignored {
			t.Errorf("%v: mode %q, warnings %q", tc.environ, got, result.Warnings)
		}
	}
	if _, problems := load(t, "LAUNCH_IMAGE=x", "LAUNCH_HOST_NETWORK=yes", "LAUNCH_SYSCTLS=net.core.somaxconn=1"); len(problems) != 1 {
		t.Errorf("a network sysctl on the host's network: %v", problems)
	}
}

func TestArgEnvfile(t *testing.T) {
	file := write(t, "args", "TAG=2\nHOME=/other\nBOTH=${TAG}-${HOME}\n")
	c := child(t, "HOME=/h", "LAUNCH_ARG_ENVFILE="+file, "LAUNCH_ENVIRONMENTS=T=$TAG H=$HOME B=$BOTH")
	if want := []string{"B=2-/h", "H=/h", "T=2"}; !slices.Equal(c.Config.Env, want) {
		t.Errorf("environment %q, want %q", c.Config.Env, want)
	}
	if got := c.Config.Labels[labelComposeEnvFile]; got != file {
		t.Errorf("label %q", got)
	}
	_, problems := load(t, "LAUNCH_IMAGE=$IMG", "LAUNCH_ARG_ENVFILE=/no/such", "LAUNCH_DNS=x")
	if got := problems.Error(); len(problems) != 2 || !strings.Contains(got, "LAUNCH_ARG_ENVFILE") || !strings.Contains(got, "LAUNCH_DNS") {
		t.Errorf("problems:\n%s", got)
	}
}

// TestBlame: what only compose-go finds still names its variable.
func TestBlame(t *testing.T) {
	in := &input{Options: Options{Identity: testIdentity}}
	l := in.launch()
	l.set("LAUNCH_IMAGE", "image", "x")
	l.set("LAUNCH_PORTS", "ports", []any{"nonsense"})
	l.set("LAUNCH_ENVIRONMENTS", "environment", []any{map[string]any{"secret": "hunter2"}})
	_, err := in.compose(l.build(l.pieces), "p")
	if err == nil {
		t.Fatal("compose takes it")
	}
	problems := in.blame(l, "p", err)
	text := problems.Error()
	if len(problems) != 2 || !strings.Contains(text, "LAUNCH_PORTS") || !strings.Contains(text, "LAUNCH_ENVIRONMENTS") || strings.Contains(text, "hunter2") {
		t.Errorf("problems:\n%s", text)
	}
}

// TestProblemsGolden shows how a page of mistakes reads.
func TestProblemsGolden(t *testing.T) {
	_, problems := load(t, "LAUNCH_IMAGE=Bad/Image", "LAUNCH_VOLUME=/a:/b", "LAUNCH_VOLUMES=./a:/b /c:/d:rx", "LAUNCH_PRIVILEGED=maybe",
		`LAUNCH_ENVIRONMENTS=PASSWORD=${hunter2 "=hunter2" OK=1`, "LAUNCH_LABELS=foster.child=hunter2", "LAUNCH_ULIMITS=nofile=2:1", "LAUNCH_PORTS=http",
		"LAUNCH_MAC_ADDRESS=01:00:00:00:00:00", "LAUNCH_STOP_GRACE_PERIOD=soon", "LAUNCH_SHM_SIZE=big", "LAUNCH_CAP_ADD=NETADMIN", "LAUNCH_DNS=ns1",
		"LAUNCH_EXT_NETWORKS_IPV4=a", "LAUNCH_EXT_NETWORKS_IPV6=b", "LAUNCH_EXT_NETWORKS_MIXED=c", "LAUNCH_PROJECT_NAME=Big One", "LAUNCH_PULL=sometimes",
		"LAUNCH_EXTRA_HOSTS=x", "LAUNCH_DEVICES=tty", "LAUNCH_CGROUP_PARENT=true", "LAUNCH_PID_MODE=service:x", "LAUNCH_ENVFILES=/no/such.env",
		"LAUNCH_SECURITY_OPT=x", "LAUNCH_SYSCTLS=x", "LAUNCH_HOSTNAME=-", "LAUNCH_CONTAINER_NAME=-", "LAUNCH_SERVICE_NAME=a b", "LAUNCH_NETWORKS='a b",
		"DOCKER_AUTH_CONFIG=hunter2")
	got := problems.Error() + "\n"
	if strings.Contains(got, "hunter2") {
		t.Error("a secret is shown")
	}
	golden(t, "problems.txt", got)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update rewrites it):\n%s", path, got)
	}
}

// TestVariablesConsumed: the example of each variable is valid and changes
// something, so the table promises nothing that is not done.
func TestVariablesConsumed(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range Variables {
		t.Run(v.Name, func(t *testing.T) {
			if seen[v.Name] || v.Doc == "" || v.Example == "" || strings.Contains(v.Doc, "\n") || v.Kind == "" {
				t.Errorf("row %+v", v)
			}
			seen[v.Name] = true
			example := v.Example
			if v.Kind == KindPath || v.Name == "LAUNCH_ENVFILES" {
				example = write(t, "file", "NEW=1\n")
			}
			base := []string{"LAUNCH_IMAGE=img:1", "LAUNCH_ENVIRONMENTS=X=${NEW:-0}", "LOGIN_USER=u", "LOGIN_PASSWORD=p"}
			plain, changed := mustLoad(t, base...), mustLoad(t, append(base, v.Name+"="+example)...)
			a, errA := jsonHash([]any{plain.Project, plain.Login})
			b, errB := jsonHash([]any{changed.Project, changed.Login})
			if errA != nil || errB != nil || a == b {
				t.Errorf("%s=%s changes nothing", v.Name, example)
			}
		})
	}
}

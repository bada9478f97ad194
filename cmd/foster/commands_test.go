package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	dockernet "github.com/docker/docker/api/types/network"

	"foster/test/engine"
)

// call runs one command to its end and returns what it printed.
func call(t *testing.T, e Engine, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	err := execute(t.Context(), outside{
		args: args, environ: environ, stdout: &out, stderr: &errs, procMountinfo: os.DevNull, engine: e,
	})
	return exitCode(err, &errs), out.String(), errs.String()
}

func TestConfigCommand(t *testing.T) {
	environ := []string{"LAUNCH_IMAGE=app:1", `LAUNCH_ENVIRONMENTS=TOKEN=hunter2`, "LAUNCH_HOST_NETWORK=true", "LAUNCH_PORTS=80:80"}
	for format, want := range map[string]string{"yaml": "image: app:1", "json": `"image": "app:1"`} {
		code, stdout, stderr := call(t, memory{}, environ, "config", "--format", format)
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("%s: exit %d\n%s", format, code, stdout)
		}
		if strings.Contains(stdout+stderr, "hunter2") {
			t.Errorf("%s shows a secret\n%s", format, stdout)
		}
		if !strings.Contains(stderr, "LAUNCH_PORTS") {
			t.Errorf("%s: no warning on stderr about what is ignored: %q", format, stderr)
		}
	}
	if code, _, stderr := call(t, memory{}, environ, "config", "--format", "xml"); code != exitConfig || !strings.Contains(stderr, "yaml, json") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

func TestCheckCommand(t *testing.T) {
	e := engine.New(engine.Options{Version: "20.10"})
	t.Cleanup(e.Close)
	e.AddImage("app:1", engine.Image{})
	for name, attachable := range map[string]bool{"open": true, "closed": false} {
		if _, err := e.AddNetwork(name, dockernet.CreateOptions{Driver: "overlay", Attachable: attachable}); err != nil {
			t.Fatal(err)
		}
	}
	code, stdout, _ := call(t, memory{Engine: e}, []string{"LAUNCH_IMAGE=app:1", "LAUNCH_EXT_NETWORKS=open gone", "LAUNCH_NETWORKS=own"}, "check")
	for _, want := range []string{"app:1 is present", "network open is there", "network gone is not to be seen", "network foster_own will be created"} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit %d, want %q in\n%s", code, want, stdout)
		}
	}
	code, stdout, stderr := call(t, memory{Engine: e}, []string{"LAUNCH_IMAGE=other:1", "LAUNCH_EXT_NETWORKS=closed"}, "check")
	if code != exitConfig || !strings.Contains(stderr, "--attachable") || !strings.Contains(stdout, "it will be pulled") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	code, _, stderr = call(t, memory{Engine: e}, []string{"LAUNCH_IMAGE=app:1", "LAUNCH_NETWORK_MODE=task"}, "check")
	if code != exitConfig || !strings.Contains(stderr, "FOSTER_PARENT") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	for _, c := range e.Calls() {
		switch c.Verb {
		case engine.ContainerCreate, engine.NetworkCreate, engine.ImagePull, engine.VolumeCreate:
			t.Errorf("check made a %s", c.Verb)
		}
	}
	if code, _, stderr := call(t, memory{pingErr: engine.Refused}, []string{"LAUNCH_IMAGE=app:1"}, "check"); code != exitUnavailable || !strings.Contains(stderr, "docker.sock") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

func TestVersionCommand(t *testing.T) {
	code, stdout, _ := call(t, memory{}, nil, "version")
	if code != 0 || !strings.HasPrefix(stdout, "foster ") || !strings.Contains(stdout, "engine API "+minAPI+" to ") {
		t.Errorf("exit %d: %s", code, stdout)
	}
}

// TestFlagsWinOverVariables, and a wrong flag is told by its variable's name.
func TestFlagsWinOverVariables(t *testing.T) {
	environ := []string{"LAUNCH_IMAGE=app:1", "FOSTER_RESTART=none", "FOSTER_WINDOW=x"}
	code, _, stderr := call(t, memory{}, environ, "check", "--restart", "perhaps", "--window", "1m")
	if code != exitConfig || !strings.Contains(stderr, `FOSTER_RESTART="perhaps"`) || strings.Contains(stderr, "FOSTER_WINDOW") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

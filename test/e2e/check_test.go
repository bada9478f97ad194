package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/swarm"
)

// check runs `foster check` outside any container, to its end.
func (w *world) check(args []string, settings ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), fosterBinary(w.t), append([]string{"check"}, args...)...)
	cmd.Env = append(w.Env(), w.settings(settings)...)
	cmd.Dir = w.t.TempDir()
	return w.finish(cmd)
}

// checkInside does the same in a container of the engine; flags are those of docker run.
func (w *world) checkInside(flags []string, settings ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	if err := w.engine.foster(); err != nil {
		w.t.Fatal(err)
	}
	args := []string{"run", "--rm", "--volume", "/run/docker.sock:/var/run/docker.sock"}
	for _, kv := range w.settings(settings) {
		args = append(args, "--env", kv)
	}
	cmd := exec.CommandContext(w.t.Context(), "docker", append(append(args, flags...), fosterImage, "check")...)
	cmd.Env = w.Env()
	return w.finish(cmd)
}

func (w *world) finish(cmd *exec.Cmd) (code int, stdout, stderr string) {
	w.t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// checkSaid fails the test unless each wanted line begins so, problems on stderr.
func checkSaid(t *testing.T, stdout, stderr string, want ...string) {
	t.Helper()
	for _, line := range want {
		where := stdout
		if strings.HasPrefix(line, "problem ") {
			where = stderr
		}
		if !strings.Contains("\n"+where, "\n"+line) {
			t.Errorf("no line begins with %q", line)
		}
	}
	if t.Failed() {
		t.Logf("stdout:\n%sstderr:\n%s", stdout, stderr)
	}
}

// TestCheck: a real engine says what is in the way, and is left as it was.
func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, swarmEngine(t))
	closed := w.externalNetwork("closed", "--driver", "overlay")
	taken := w.name("taken")
	w.docker("network", "create", "--subnet", "10.98.1.0/24", taken)
	w.docker("run", "--detach", "--name", w.name("neighbour"), "--publish", "127.0.0.1:18431:80", childImage)
	w.docker("run", "--detach", "--name", w.name("stranger"), childImage)
	service := w.name("service")
	w.docker("service", "create", "--detach", "--no-resolve-image", "--replicas", "0", "--publish", "18432:80", "--name", service, childImage)
	t.Cleanup(func() {
		if _, err := w.Docker(context.Background(), "service", "rm", service); err != nil {
			t.Error(err)
		}
	})

	flags := append(w.composeFile(`
services:
  web:
    image: `+childImage+`
    container_name: `+w.name("stranger")+`
    ports: ["18431:80", "18432:81", "18433:82"]
    devices: ["/dev/null", "/dev/foster-has-none"]
    volumes: ["data:/data", "/dev/zero:/zero", "/etc/hostname:/name"]
    networks: [closed, own]
    healthcheck: {test: ["CMD", "true"], start_period: 10s, start_interval: 1s}
    stop_grace_period: 30s
  app: {image: "nobody/has:1", pull_policy: never, depends_on: [web], logging: {driver: nodriver}, runtime: norunc, network_mode: "container:canary"}
networks:
  closed: {external: true, name: `+closed+`}
  own: {ipam: {config: [{subnet: 10.98.0.0/16}]}}
volumes:
  data: {external: true, name: `+w.name("data")+`}
`), "--volume", "/dev:/host/dev:ro")
	code, stdout, stderr := w.checkInside(flags, "LAUNCH_IMAGE=", "LAUNCH_SERVICE_NAME=", "LAUNCH_PULL=", "FOSTER_STOP_GRACE=20s")
	if code != 78 {
		t.Errorf("exit %d, want 78", code)
	}
	checkSaid(t, stdout, stderr,
		"ok      engine is ",
		"ok      rights foster may list containers and networks and read events",
		"ok      swarm this node is a manager",
		"ok      foster is container ",
		"ok      image "+childImage+" is present",
		"problem image nobody/has:1 is not present, and the pull policy of child app is never",
		"problem container name "+w.name("stranger")+" is held by container ",
		"problem network "+closed+" is not attachable",
		"ok      network "+w.net("own")+" will be created",
		"problem network "+w.net("own")+" is to have subnet 10.98.0.0/16, which overlaps with 10.98.1.0/24 of network "+taken,
		"problem volume "+w.name("data")+" is external and not there",
		"ok      container canary runs, for child app",
		"ok      child web 1 device is there: /dev/null",
		"problem device /dev/foster-has-none of child web is not there",
		"ok      child web 1 bind source is there: /dev/zero",
		"note    child web 1 bind source is not visible from here: /etc/hostname",
		"problem child web has a healthcheck with start_interval, which needs engine 25.0",
		"problem port 18431/tcp of child web is published by container "+w.name("neighbour"),
		"problem port 18432/tcp of child web is published by service "+service+" on every node",
		"problem child app has log driver nodriver, which the engine does not know",
		"problem child app has runtime norunc, which the engine does not know",
		"problem stop grace of foster is 20s (FOSTER_STOP_GRACE), less 3s for itself, but the children may take 40s (app 10s, then web 30s): before SIGKILL they get 4s, then 12s",
	)
	services, err := w.Client().ServiceList(t.Context(), swarm.ServiceListOptions{})
	if err != nil || !slices.ContainsFunc(services, func(s swarm.Service) bool { return s.Spec.Name == service }) {
		t.Errorf("the service is gone: %v", err)
	}
	w.nothingLeft()
}

// TestCheckThatFindsNothing: what is in order gives exit code 0, and the launch
// after it works.
func TestCheckThatFindsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	settings := []string{"LAUNCH_EXT_NETWORKS=" + w.externalNetwork("front"), "LAUNCH_NETWORKS=back", "LAUNCH_DEVICES=/dev/null"}
	code, stdout, stderr := w.check(nil, settings...)
	if code != 0 || stderr != "" {
		t.Errorf("exit %d", code)
	}
	checkSaid(t, stdout, stderr,
		"ok      foster runs outside any container",
		"ok      network "+w.name("front")+" is there",
		"ok      container names 1 is free",
		// The engine is not on this machine, as far as names tell.
		"note    child child 1 device is not visible from here: /dev/null",
	)
	if !strings.HasSuffix(stdout, " ok, 1 note, 0 problems\n") {
		t.Errorf("the last line does not count\n%s", stdout)
	}
	code, stdout, _ = w.check([]string{"--format", "json"}, settings...)
	var found []struct{ Level, Subject, Text, Hint string }
	if err := json.Unmarshal([]byte(stdout), &found); err != nil || code != 0 || len(found) < 8 {
		t.Errorf("exit %d, %v\n%s", code, err, stdout)
	}
	w.nothingLeft()

	f := w.foster(settings...)
	f.awaitSaid("launched")
	code, stdout, stderr = w.check(nil, settings...)
	if code != 0 {
		t.Errorf("exit %d while it runs", code)
	}
	checkSaid(t, stdout, stderr,
		"ok      child child runs already, made from the same settings: it will be taken over",
		"ok      network "+w.net("back")+" is there already, from this project",
	)
	f.stop()
	w.nothingLeft()
}

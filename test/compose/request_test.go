package compose_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/docker/docker/api/types/versions"

	"foster/spec"
	"foster/test/compose"
)

// TestRequests compares what compose and foster ask of engines that take all
// networks at create, for every case of the real engine and some more that the
// real one at hand cannot carry out.
func TestRequests(t *testing.T) {
	binary, err := compose.Binary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, api := range []string{"1.44", "1.51"} {
		for _, c := range slices.Concat(fileCases, requestCases, []fileCase{everyAttribute}) {
			if c.shares || c.since != "" && versions.LessThan(api, c.since) {
				continue
			}
			t.Run(api+"/file/"+c.name, func(t *testing.T) {
				t.Parallel()
				file, project := c.load(t)
				args := []string{"--project-name", project.Name, "--file", file}
				sameRequests(t, binary, api, project, fileEnviron, args, append(c.also, fromFile)...)
			})
		}
		for _, c := range launchCases(t) {
			t.Run(api+"/launch/"+c.name, func(t *testing.T) {
				t.Parallel()
				project := c.load(t).Project
				sameRequests(t, binary, api, project, c.environ(), c.arguments(t, project), append(c.also, fromLaunch)...)
			})
		}
	}
}

// TestPrinted: what `foster config` prints is a document of which compose makes
// the same, where nothing had to be redacted.
func TestPrinted(t *testing.T) {
	binary, err := compose.Binary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range launchCases(t) {
		_, environment := c.value("LAUNCH_ENVIRONMENTS")
		_, files := c.value("LAUNCH_ENVFILES")
		if mode, _ := c.value("LAUNCH_NETWORK_MODE"); environment || files || mode == spec.ModeTask {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			result := c.load(t)
			text, err := result.Marshal(spec.FormatYAML)
			if err != nil {
				t.Fatal(err)
			}
			args := []string{"--project-directory", filepath.Dir(spec.DefaultFile), "--file", write(t, string(text))}
			if file, ok := c.value("LAUNCH_ARG_ENVFILE"); ok {
				args = append(args, "--env-file", file) // its path is in a label
			}
			sameRequests(t, binary, "1.51", result.Project, nil, args, append(c.also, fromLaunch)...)
		})
	}
}

// sameRequests lets compose and foster make a project, each on a recorder of its own.
func sameRequests(t *testing.T, binary, api string, project *spec.Project, environ, args []string, also ...allowance) {
	t.Helper()
	theirs, ours := newRecorder(t, api), newRecorder(t, api)
	cmd := exec.CommandContext(t.Context(), binary, append(args, "create", "--no-build")...)
	cmd.Env = append(append(os.Environ(), "DOCKER_HOST=unix://"+theirs.path, "DOCKER_CONFIG="+filepath.Dir(theirs.path)), environ...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("docker compose create: %v: %s", err, out.String())
	}
	launch(t, ours.client(t), project, neighbour)
	for _, d := range differences("", theirs.told(t), ours.told(t), isUnordered) {
		if !isAllowed(d, append(also, inRequests...)) {
			t.Error(d)
		}
	}
}

// inRequests are places where requests may differ, beyond those of allowed.
var inRequests = []allowance{
	{
		path: "container */NetworkingConfig/EndpointsConfig/*/IPAddress",
		why:  "the address that the endpoint has; what it shall have is in IPAMConfig, as the comparison on a real engine shows",
		only: func(d difference) bool { return set(d.compose) && d.foster == "" },
	},
	{
		path: "container */NetworkingConfig/EndpointsConfig/*/IPv6Gateway", why: "the same",
		only: func(d difference) bool { return set(d.compose) && d.foster == "" },
	},
}

// requestCases need a newer engine than the one at hand, or things that a
// machine may not have.
var requestCases = []fileCase{
	{name: "macs", document: `
services:
  child:
    image: lab/busybox:1
    restart: "no"
    networks: {a: {mac_address: 02:42:ac:11:02:01}, b: {mac_address: 02:42:ac:11:02:02, priority: 5}}
  first:
    image: lab/busybox:1
    restart: "no"
    mac_address: 02:42:ac:11:02:03
    networks: {a: , b: {priority: 5, gw_priority: 7}, c: {link_local_ips: [169.254.9.9], driver_opts: {x: y}}}
networks: {a: , b: , c: {enable_ipv4: false, enable_ipv6: true}}
`},
	{name: "interface", since: "1.49", document: `
services:
  child:
    image: lab/busybox:1
    restart: "no"
    networks: {a: {interface_name: lan0}, b: {interface_name: lan1, driver_opts: {x: y}}}
networks: {a: , b: }
`},
	{name: "image-volume", since: "1.48", document: `
services:
  child:
    image: lab/busybox:1
    restart: "no"
    volumes: [{type: image, source: "lab/busybox:1", target: /image, image: {subpath: bin}}]
`},
	{name: "hardware", document: `
services:
  child:
    image: lab/busybox:1
    restart: "no"
    runtime: other
    gpus: [{driver: nvidia, count: 2, options: {a: b}}, {device_ids: ["1"], capabilities: [compute]}]
    devices: [vendor.com/class=device, /dev/null, '/dev/zero:/dev/z']
    deploy:
      resources:
        reservations: {devices: [{capabilities: [tpu], count: all}]}
    storage_opt: {size: 1G}
    isolation: default
    cpu_count: 2
    cpu_period: 100000
    cpu_quota: 50000
    cpu_rt_period: 1000000
    cpu_rt_runtime: 950000
    cpus: 1.5
    mem_swappiness: 60
    oom_kill_disable: true
    blkio_config:
      weight: 300
      weight_device: [{path: /dev/sda, weight: 400}]
      device_read_bps: [{path: /dev/sda, rate: 12mb}]
      device_read_iops: [{path: /dev/sda, rate: 120}]
      device_write_bps: [{path: /dev/sda, rate: 1024k}]
      device_write_iops: [{path: /dev/sda, rate: 30}]
    ports: ["1234:1234/sctp", "[::1]:8300:83"]
    sysctls: {net.core.somaxconn: 5}
    uts: host
`},
	{name: "platforms", document: `
services:
  a: {image: for/arm64-v8, platform: linux/arm64/v8, restart: "no"}
  b: {image: for/arm64, platform: linux/aarch64, restart: "no"}
  c: {image: for/arm, platform: linux/arm, restart: "no"}
  d: {image: for/arm-v7, platform: linux/arm/7, restart: "no"}
  e: {image: for/arm-v6, platform: linux/armel, restart: "no"}
  f: {image: for/arm, platform: linux/armhf, restart: "no"}
  g: {image: for/amd64, platform: linux/x86_64/v1, restart: "no"}
  h: {image: for/amd64-v3, platform: linux/amd64/v3, restart: "no"}
  i: {image: for/arm64, platform: arm64, restart: "no"}
  j: {image: for/arm64-v9, platform: linux/arm64/9.0, restart: "no"}
  k: {image: for/386, platform: Linux/i386, restart: "no"}
`},
	{name: "mounts", document: `
services:
  child:
    image: lab/busybox:1
    restart: "no"
    command: []
    entrypoint: ""
    tmpfs: /run
    healthcheck: {test: curl -f localhost, start_period: 5s, start_interval: 500ms}
    annotations: {a: b}
    volumes:
      - /a:/a:rslave
      - /b:/b:z,ro
      - {type: bind, source: /c, target: /c, bind: {recursive: readonly, create_host_path: true}, read_only: true}
      - {type: bind, source: /d, target: /d, consistency: cached, bind: {recursive: disabled, create_host_path: false}}
      - {type: volume, source: v, target: /v, volume: {subpath: sub, labels: {x: y}}}
      - {type: tmpfs, target: /t, tmpfs: {size: 64m, mode: 0o700}}
  other:
    image: lab/busybox:1
    volumes: ['vol:/w:rslave']
volumes: {vol: , v: {driver: nfs, driver_opts: {addr: 10.0.0.1}}}
`, also: []allowance{{
		path: "container *-other-1/Config/Labels/com.docker.compose.config-hash", why: "what case defects says of create_host_path, here of a volume",
	}}},
}

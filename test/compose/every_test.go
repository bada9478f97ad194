package compose_test

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"foster/spec"
)

// everyAttribute uses each attribute that foster applies. No engine has all that
// it asks for, so it is compared in requests only.
var everyAttribute = fileCase{name: "every", since: "1.49", document: `
name: not-this-one
services:
  process:
    extends: {file: base.yml, service: base}
    image: "lab/busybox:${TAG}"
    platform: linux/amd64
    pull_policy: weekly
    container_name: the-process
    restart: on-failure:5
    scale: 1
    entrypoint: [sh, -c]
    command: ["exec sleep 100000"]
    user: "1000:100"
    working_dir: /somewhere
    group_add: ["20", "50"]
    tty: true
    stdin_open: true
    init: true
    read_only: true
    privileged: true
    stop_signal: SIGINT
    stop_grace_period: 1m
    domainname: example.org
    hostname: box
    environment: {LEVEL: direct, PASSED_ON: , NUMBER: 5}
    env_file: [child.env, {path: raw.env, format: raw}, {path: not-there.env, required: false}]
    labels: ["a=b", "price=$$5"]
    label_file: [more.labels]
    annotations: {who: me}
    healthcheck: {test: ["CMD", "true"], interval: 1h, timeout: 3s, retries: 7, start_period: 2s, start_interval: 1s}
    logging: {driver: json-file, options: {max-size: 1m, max-file: '2'}}
    runtime: other
    isolation: default
    cap_add: [ALL]
    cap_drop: [net_admin]
    security_opt: [seccomp=unconfined, 'label=disable']
    userns_mode: host
    uts: host
    cgroup: host
    cgroup_parent: /somewhere
    sysctls: {net.core.somaxconn: 5}
    ulimits: {nofile: {soft: 100, hard: 200}, core: 5}
    post_start:
      - command: [sh, -c, "echo $$HOOK"]
        user: "0"
        privileged: true
        working_dir: /
        environment: {HOOK: "up ${TAG}", PASSED_ON: , LEVEL: hook}
      - {command: echo again}
    pre_stop:
      - {command: "echo 'good bye'", user: root, privileged: false, working_dir: /tmp, environment: ["HOOK=down", "EMPTY="]}
      - {command: ["true"], privileged: true}
  limits:
    image: lab/busybox:1
    healthcheck: {disable: true}
    profiles: [some]
    mem_limit: 64m
    mem_reservation: 32m
    memswap_limit: 128m
    mem_swappiness: 60
    oom_kill_disable: true
    oom_score_adj: 300
    cpus: 1.5
    cpu_count: 2
    cpu_percent: 50
    cpu_period: 100000
    cpu_quota: 50000
    cpu_rt_period: 1000000
    cpu_rt_runtime: 950000
    cpu_shares: 512
    cpuset: "0"
    pids_limit: 50
    shm_size: 32m
    storage_opt: {size: 1G}
    blkio_config:
      weight: 300
      weight_device: [{path: /dev/sda, weight: 400}]
      device_read_bps: [{path: /dev/sda, rate: 12mb}]
      device_read_iops: [{path: /dev/sda, rate: 120}]
      device_write_bps: [{path: /dev/sda, rate: 1024k}]
      device_write_iops: [{path: /dev/sda, rate: 30}]
    device_cgroup_rules: ['c 1:3 mr']
    devices: [{source: /dev/full, target: /dev/whole, permissions: r}, vendor.com/class=device]
    gpus: [{driver: nvidia, count: 2, options: {a: b}}, {device_ids: ["1"], capabilities: [compute]}]
  deployed:
    image: lab/busybox:1
    deploy:
      mode: global
      replicas: 1
      labels: {c: d}
      update_config: {order: start-first}
      rollback_config: {order: stop-first}
      endpoint_mode: dnsrr
      placement: {constraints: [node.role==manager]}
      restart_policy: {condition: any, max_attempts: 3, delay: 1s, window: 1m}
      resources:
        limits: {cpus: '0.5', memory: 48M, pids: 20}
        reservations: {cpus: '0.1', memory: 16M, devices: [{driver: x, capabilities: [tpu], count: 2, options: {a: b}}, {capabilities: [tpu], device_ids: [a]}]}
  network:
    image: lab/busybox:1
    mac_address: 02:42:ac:11:01:01
    dns: [1.1.1.1]
    dns_opt: [use-vc, 'ndots:3']
    dns_search: example.org
    extra_hosts: ['a:10.0.0.1', 'b=host-gateway']
    expose: ["81", "90-91/udp"]
    networks:
      low: {aliases: [web, www.example.org], ipv4_address: 10.20.1.9, interface_name: lan1}
      high: {priority: 100, aliases: [api], ipv6_address: 'fd00:20::9', gw_priority: 3}
      front: {mac_address: 02:42:ac:11:01:02}
      renamed: {link_local_ips: [169.254.8.8], driver_opts: {com.example: x}}
    ports:
      - {target: 80, published: "8600", protocol: tcp, mode: host, host_ip: 127.0.0.1, name: web, app_protocol: http}
      - {target: 81, published: 8601-8603, protocol: udp}
  storage:
    image: lab/busybox:1
    tmpfs: [/t1, '/t2:size=1m,mode=1777']
    volumes:
      - ./relative:/relative
      - /a:/a:rslave
      - {type: bind, source: /b, target: /b, read_only: true, consistency: cached, bind: {selinux: z, create_host_path: true}}
      - {type: bind, source: /c, target: /c, bind: {recursive: disabled, create_host_path: false}}
      - {type: bind, source: /d, target: /d, bind: {propagation: rprivate, create_host_path: true}}
      - {type: volume, source: data, target: /data, volume: {nocopy: true, subpath: sub, labels: {x: y}}}
      - {type: volume, source: named, target: /named}
      - {type: volume, source: kept, target: /kept}
      - {type: tmpfs, target: /t3, tmpfs: {size: 64m, mode: 0o700}}
      - {type: image, source: "lab/busybox:1", target: /image, image: {subpath: bin}}
  sharer:
    image: lab/busybox:1
    depends_on:
      storage: {condition: service_started, restart: true}
      network: {condition: service_healthy, required: false}
      limits: {condition: service_completed_successfully}
    network_mode: service:network
    ipc: shareable
    pid: service:limits
    volumes_from: [storage, 'container:neighbour']
  linker:
    image: lab/busybox:1
    links: [network, 'storage:disk']
    external_links: ['neighbour:next']
    network_mode: bridge
    ipc: service:sharer
  holder:
    image: lab/busybox:1
    secrets:
      - {source: token, target: mine, uid: "5", gid: "6", mode: 0o440}
      - {source: lying, target: /mine, uid: "5", gid: "6", mode: 0o440}
    configs:
      - {source: text, target: /etc/mine, uid: "7", gid: "8", mode: 0o400}
      - lying
      - value
networks:
  low:
    driver: bridge
    labels: {a: b}
    internal: true
    attachable: true
    driver_opts: {com.docker.network.bridge.name: f-low}
    ipam:
      driver: default
      options: {a: b}
      config: [{subnet: 10.20.1.0/24, ip_range: 10.20.1.128/25, gateway: 10.20.1.254, aux_addresses: {router: 10.20.1.200}}]
  high: {enable_ipv4: true, enable_ipv6: true, ipam: {config: [{subnet: 'fd00:20::/64'}, {subnet: 10.20.2.0/24}]}}
  renamed: {name: own-net}
  front: {external: true}
volumes:
  data:
  named: {name: own_name, labels: {a: b}, driver: nfs, driver_opts: {type: tmpfs}}
  kept: {external: true}
secrets:
  token: {environment: PASSED_ON}
  lying: {file: child.env}
configs:
  text: {content: "tag ${TAG}"}
  lying: {file: raw.env}
  value: {environment: TAG}
`, also: []allowance{
	sharerHash("*-sharer-1"), sharerHash("*-linker-1"), forgotten, forgottenHash,
	boundFiles("*-holder-1"),
	{
		path: "container *-linker-1/NetworkingConfig", why: "the endpoint on bridge, which the network mode makes anyway",
		only: func(d difference) bool { return d.compose == absent },
	},
}}

// forgotten is what Compose knows, and leaves out.
var (
	forgotten = allowance{
		path: "network *_low/IPAM/Options", why: "docker compose forgets ipam.options",
		only: func(d difference) bool { return d.foster != absent },
	}
	forgottenHash = allowance{path: "network *_low/Labels/com.docker.compose.config-hash", why: "and has no place for them in its hash"}
)

// boundFiles: Compose binds the files of secrets and configs.
func boundFiles(container string) allowance {
	return allowance{
		path: "container " + container + "/HostConfig/Mounts", why: "docker compose binds files of the host; foster copies those of its own container into the child's",
		only: func(d difference) bool { return d.foster == absent },
	}
}

// TestEveryAttribute: the document has each that foster says it applies.
func TestEveryAttribute(t *testing.T) {
	var tree map[string]any
	if err := yaml.Unmarshal([]byte(everyAttribute.document), &tree); err != nil {
		t.Fatal(err)
	}
	for _, a := range spec.Attributes {
		path := strings.TrimSuffix(a.Path, ".single") // written as a number
		switch {
		case a.Fate != spec.Applied:
		case a.Path == "services.*.networks.*.use_service_name_alias": // docker compose refuses it
		case !holds(tree, strings.Split(strings.ReplaceAll(path, "[]", ".[]"), ".")):
			t.Errorf("%s is not in the document", a.Path)
		}
	}
	if holds(tree, []string{"services", "*", "imag"}) || holds(tree, []string{"services", "*", "volumes", "[]", "nosuch"}) {
		t.Error("it holds everything")
	}
}

// holds says whether there is something at a path. An item that is a text
// stands for all that the short form can say.
func holds(node any, path []string) bool {
	if len(path) == 0 {
		return true
	}
	switch n := node.(type) {
	case map[string]any:
		for key, below := range n {
			if (path[0] == "*" || path[0] == key) && holds(below, path[1:]) {
				return true
			}
		}
	case []any:
		for _, below := range n {
			if path[0] == "[]" && holds(below, path[1:]) {
				return true
			}
		}
	}
	return false
}

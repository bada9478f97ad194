package compose_test

import "foster/spec"

// fromFile is for children of mounted files, to which swarm-launcher adds its label too.
var fromFile = allowance{
	path: "container */Config/Labels/ai.ix.started-by",
	why:  "the label by which swarm-launcher's children are found",
	only: func(d difference) bool { return d.compose == absent && d.foster == spec.StartedBy },
}

// sharerHash is for services that share something of another's container.
func sharerHash(service string) allowance {
	return allowance{
		path: "container " + service + "/Config/Labels/com.docker.compose.config-hash",
		why:  "compose hashes such a service with the ID of the other container, and so anew for every container",
	}
}

var fileCases = []fileCase{
	{name: "process", document: `
services:
  child:
    image: "lab/busybox:${TAG}"
    restart: "no"
    entrypoint: [sh, -c]
    command: ["exec sleep 100000"]
    user: "1000:100"
    working_dir: /somewhere
    group_add: ["20", "50"]
    tty: true
    stdin_open: true
    init: true
    read_only: true
    stop_signal: SIGINT
    stop_grace_period: 1m
    oom_score_adj: 300
    domainname: example.org
    hostname: box
    expose: ["81", "90-91/udp"]
    platform: linux/amd64
    pull_policy: if_not_present
    environment:
      LEVEL: direct
      PASSED_ON:
      NUMBER: 5
    env_file:
      - child.env
      - {path: not-there.env, required: false}
    labels:
      - "a=b"
      - "price=$$5"
    annotations: {who: me}
    healthcheck:
      test: ["CMD", "true"]
      interval: 1h
      timeout: 3s
      retries: 7
      start_period: 2s
`},
	{name: "isolation", document: `
x-limits: &limits
  nofile: {soft: 100, hard: 200}
services:
  child:
    image: lab/busybox:1
    restart: "no"
    command: sleep 100000
    ipc: host
    pid: host
    uts: host
    userns_mode: host
    cap_add: [ALL]
    cap_drop: [net_admin]
    security_opt: [seccomp=unconfined]
    device_cgroup_rules: ['c 1:3 mr']
    devices: [{source: /dev/full, target: /dev/whole, permissions: r}]
    ulimits: *limits
    dns_opt: [use-vc, 'ndots:3']
    dns_search: example.org
    logging: {driver: json-file, options: {max-size: 1m, max-file: '2'}}
  disabled:
    image: lab/busybox:1
    restart: "no"
    command: sleep 100000
    healthcheck: {disable: true}
    ipc: shareable
    cgroup: host
    scale: 1
  elsewhere:
    image: lab/busybox:1
    profiles: [never]
`},
	{name: "limits", document: `
services:
  child:
    image: lab/busybox:1
    restart: "no"
    command: sleep 100000
    mem_limit: 64m
    mem_reservation: 32m
    memswap_limit: 128m
    cpu_shares: 512
    cpuset: "0"
    pids_limit: 50
    shm_size: 32m
  deployed:
    image: lab/busybox:1
    restart: "no"
    command: sleep 100000
    deploy:
      replicas: 1
      resources:
        limits: {cpus: '0.5', memory: 48M, pids: 20}
        reservations: {memory: 16M}
`},
	{name: "storage", shares: true, document: `
services:
  child:
    image: lab/busybox:1
    restart: "no"
    command: sleep 100000
    tmpfs: [/t1, '/t2:size=1m,mode=1777']
    volumes:
      - ./relative:/relative
      - {type: bind, source: /opt, target: /opt, read_only: true}
      - {type: bind, source: /usr, target: /usr2, bind: {propagation: rprivate, create_host_path: true}}
      - {type: bind, source: /srv, target: /srv, bind: {create_host_path: false}}
      - {type: volume, source: data, target: /data, volume: {nocopy: true}}
      - {type: volume, source: labelled, target: /labelled}
      - {type: volume, source: kept, target: /kept, read_only: true}
      - {type: volume, target: /anonymous}
  memory: # an engine cannot take volumes from a container with one of these
    image: lab/busybox:1
    restart: "no"
    command: sleep 100000
    volumes:
      - {type: tmpfs, target: /t3, tmpfs: {size: 1048576, mode: 0o1770}}
  other:
    image: lab/busybox:1
    restart: "no"
    command: sleep 100000
    volumes_from: [child, 'container:neighbour']
    volumes: ['data:/mine']
volumes:
  data:
  labelled: {name: own_name, labels: {a: b}, driver: local, driver_opts: {type: tmpfs, device: tmpfs, o: size=1m}}
  kept: {external: true}
  unused:
`, also: []allowance{sharerHash("other")}},
	// Two defects of this Compose, which foster does not follow.
	{name: "defects", shares: true, document: `
services:
  child:
    image: lab/busybox:1
    restart: "no"
    command: sleep 100000
    volumes:
      - {type: bind, source: /usr, target: /usr2, bind: {propagation: rprivate}}
  other:
    image: lab/busybox:1
    restart: "no"
    command: sleep 100000
    volumes_from: ['child:ro']
`, also: []allowance{
		{
			path: "container child/Config/Labels/com.docker.compose.config-hash",
			why:  "compose-go 2.9.1 takes create_host_path for false where bind has other options only; true is what its documentation says, and later versions do",
		},
		sharerHash("other"),
		{
			path: "container other/HostConfig/VolumesFrom/0", why: "compose forgets :ro",
			only: func(d difference) bool { return d.compose == "<child>" && d.foster == "f-defects-child-1:ro" },
		},
		{
			path: "container other/Mounts/0/RW", why: "compose forgets :ro",
			only: func(d difference) bool { return d.compose == true && d.foster == false },
		},
	}},
	{name: "networks", document: `
services:
  child:
    image: lab/busybox:1
    restart: "no"
    command: sleep 100000
    mac_address: 02:42:ac:11:01:01
    networks:
      low: {aliases: [web, www.example.org], ipv4_address: 10.20.1.9}
      high: {priority: 100, aliases: [api]}
      front:
      renamed: {link_local_ips: [169.254.8.8], driver_opts: {com.example: x}}
    ports:
      - {target: 80, published: "8600", protocol: tcp, mode: host, host_ip: 127.0.0.1}
      - {target: 81, published: 8601-8603, protocol: udp}
      - {target: 82}
networks:
  low:
    driver: bridge
    labels: {a: b}
    internal: true
    attachable: true
    driver_opts: {com.docker.network.bridge.name: f-low, com.docker.network.driver.mtu: 1400}
    ipam:
      driver: default
      config: [{subnet: 10.20.1.0/24, ip_range: 10.20.1.128/25, gateway: 10.20.1.254, aux_addresses: {router: 10.20.1.200}}]
  high: {enable_ipv6: true, ipam: {config: [{subnet: 'fd00:20::/64'}, {subnet: 10.20.2.0/24}]}}
  renamed: {name: own-net, ipam: {config: [{subnet: 10.20.3.0/24}]}}
  front: {external: true}
  unused:
`},
	{name: "together", shares: true, document: `
name: not-this-one
services:
  db:
    image: lab/busybox:1
    restart: "no"
    command: sleep 100000
  cache:
    image: lab/busybox:1
    restart: "no"
    command: sleep 100000
    container_name: the-cache
    ipc: shareable
  web:
    extends: {service: base}
    depends_on: {db: {condition: service_started, restart: true}, cache: {condition: service_started}}
    links: [db, 'cache:fast']
    external_links: ['neighbour:next']
    network_mode: bridge
  sidecar:
    image: lab/busybox:1
    restart: "no"
    command: sleep 100000
    network_mode: service:db
    pid: service:cache
    ipc: service:cache
  base:
    image: lab/busybox:1
    restart: "no"
    command: sleep 100000
    profiles: [base]
    environment: {A: base}
`, also: []allowance{sharerHash("sidecar")}},
	{name: "files", document: `
services:
  child:
    image: lab/busybox:1
    command: sleep 100000
    secrets:
      - token
      - {source: token, target: mode, mode: 0o400}
      - {source: token, target: /deep/down/here, uid: "5", gid: "6"}
    configs:
      - text
      - {source: text, target: relative}
      - {source: value, target: /etc/value, uid: "7", mode: 0o4755}
  file:
    image: lab/busybox:1
    command: sleep 100000
    secrets: [{source: lying, uid: "5", mode: 0o400}]
    configs: [{source: lying, target: etc/lying}]
secrets:
  token: {environment: PASSED_ON}
  lying: {file: child.env}
configs:
  text: {content: "tag ${TAG}"}
  value: {environment: TAG}
  lying: {file: raw.env}
`, also: []allowance{boundFiles("*file*"), {
		path: "container file/Mounts", why: "the same mounts, as they are",
		only: func(d difference) bool { mounts, ok := d.foster.([]any); return ok && len(mounts) == 0 },
	}, {
		path: "file file */as", why: "docker compose leaves the file's own owner and mode",
		only: func(d difference) bool {
			return d.compose == "0:0 644" && (d.foster == "0:0 444" || d.foster == "5:0 400")
		},
	}}},
	{name: "restart", document: `
services:
  child:
    image: lab/busybox:1
    command: sleep 100000
    restart: on-failure:5
  unsaid:
    image: lab/busybox:1
    command: sleep 100000
  deployed:
    image: lab/busybox:1
    command: sleep 100000
    deploy: {restart_policy: {condition: on-failure, max_attempts: 3, delay: 1s}}
`},
}

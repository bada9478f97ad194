package compose_test

import (
	"os"
	"path/filepath"
	"testing"
)

// launchCases has a case for every LAUNCH_* variable, and some with many.
func launchCases(t *testing.T) []launchCase {
	t.Helper()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	envA := file("a.env", "A=from a\nB=\"quoted $SITE\"\n# a comment\nC='$SITE'\n")
	envB := file("b.env", "A=from b\nE=\n")
	argEnv := file("arg.env", "TAG=1\nSITE=south\n")
	seccomp := file("seccomp.json", "{\n  \"defaultAction\": \"SCMP_ACT_ALLOW\"\n}\n")

	return []launchCase{
		{name: "plain"},
		{name: "command", env: []string{`LAUNCH_COMMAND=sh -c "echo 'a  b' \$HOME; exec sleep 100000"`}, service: `command: sh -c "echo 'a  b' \$HOME; exec sleep 100000"` + "\n"},
		{name: "pull", env: []string{"LAUNCH_PULL=never"}, service: "pull_policy: never\n"},
		{
			name: "services", env: []string{"LAUNCH_SERVICES=for/amd64"}, brief: true, also: []allowance{fromFile}, service: "depends_on: [child-for-amd64]\n",
			rest: "  child-for-amd64: {image: for/amd64, networks: {default: {aliases: [for__amd64, for-amd64]}}}\n",
		},
		{name: "project", env: []string{"LAUNCH_PROJECT_NAME=0_my-project"}},
		{name: "service", env: []string{"LAUNCH_SERVICE_NAME=Web.front_1"}},
		{name: "container", env: []string{"LAUNCH_CONTAINER_NAME=My.own_name"}, service: "container_name: My.own_name\n"},
		{name: "hostname", env: []string{"LAUNCH_HOSTNAME=host.example.org"}, service: "hostname: host.example.org\n"},
		{name: "privileged", env: []string{"LAUNCH_PRIVILEGED=true"}, service: "privileged: true\n"},
		{
			name: "devices", env: []string{"LAUNCH_DEVICES=/dev/zero /dev/null:/dev/nothing /dev/full:/dev/whole:r"},
			service: "devices: [/dev/zero, '/dev/null:/dev/nothing', '/dev/full:/dev/whole:r']\n",
		},
		{
			name: "caps", env: []string{"LAUNCH_CAP_ADD=NET_ADMIN cap_sys_nice", "LAUNCH_CAP_DROP=MKNOD chown"},
			service: "cap_add: [NET_ADMIN, cap_sys_nice]\ncap_drop: [MKNOD, chown]\n",
		},
		{name: "cap-all", env: []string{"LAUNCH_CAP_DROP=ALL"}, service: "cap_drop: [ALL]\n"},
		{
			name: "security", env: []string{"LAUNCH_SECURITY_OPT=no-new-privileges:true systempaths=unconfined seccomp=" + seccomp},
			service: "security_opt: ['no-new-privileges:true', systempaths=unconfined, 'seccomp=" + seccomp + "']\n",
		},
		{
			name: "seccomp", env: []string{"LAUNCH_SECURITY_OPT=seccomp:unconfined label=disable no-new-privileges"},
			service: "security_opt: ['seccomp:unconfined', label=disable, no-new-privileges]\n",
		},
		{
			name: "sysctls", env: []string{"LAUNCH_SYSCTLS=net.ipv4.ip_unprivileged_port_start=0 net.core.somaxconn=512"},
			service: "sysctls:\n  net.ipv4.ip_unprivileged_port_start: 0\n  net.core.somaxconn: '512'\n",
		},
		{
			name: "ulimits", env: []string{"LAUNCH_ULIMITS=nofile=512:1024 core=-1 nproc=1000 memlock=65536:-1"},
			service: "ulimits:\n  nofile: {soft: 512, hard: 1024}\n  core: -1\n  nproc: 1000\n  memlock: {soft: 65536, hard: -1}\n",
		},
		{name: "pid-host", env: []string{"LAUNCH_PID_MODE=host"}, service: "pid: host\n"},
		{name: "pid-container", env: []string{"LAUNCH_PID_MODE=container:" + neighbour}, service: "pid: container:" + neighbour + "\n"},
		{name: "cgroup-parent", env: []string{"LAUNCH_CGROUP_PARENT=/launched/here"}, service: "cgroup_parent: /launched/here\n"},
		{name: "shm", env: []string{"LAUNCH_SHM_SIZE=96m"}, service: "shm_size: 96m\n"},
		{name: "mac", env: []string{"LAUNCH_MAC_ADDRESS=02:42:ac:11:00:42"}, service: "mac_address: 02:42:ac:11:00:42\n"},
		{
			name: "mac-two", env: []string{"LAUNCH_MAC_ADDRESS=02:42:ac:11:00:43", "LAUNCH_NETWORKS=x", "LAUNCH_EXT_NETWORKS=front"},
			service: "mac_address: 02:42:ac:11:00:43\nnetworks: {x: , front: }\n",
			rest:    "networks:\n  x: {driver: bridge, attachable: true}\n  front: {external: true}\n",
		},
		{name: "grace", env: []string{"LAUNCH_STOP_GRACE_PERIOD=1m30s"}, service: "stop_grace_period: 1m30s\n"},
		{name: "grace-fraction", env: []string{"LAUNCH_STOP_GRACE_PERIOD=2500ms"}, service: "stop_grace_period: 2500ms\n"},
		{
			name: "environments", env: []string{`LAUNCH_ENVIRONMENTS=A=1 "REGION=US Chicago" CITY=New@_@York PASSED_ON NOWHERE EMPTY= Q='it"s' D=$$5 S=${SITE:-none} EQ=a=b`},
			service: `environment: [A=1, REGION=US Chicago, CITY=New York, PASSED_ON, NOWHERE, EMPTY=, "Q=it\"s", D=$$5, "S=${SITE:-none}", EQ=a=b]` + "\n",
		},
		{
			name: "envfiles", env: []string{"LAUNCH_ENVFILES=" + envA + " " + envB, "LAUNCH_ENVIRONMENTS=D=direct B=wins"},
			service: "env_file: ['" + envA + "', '" + envB + "']\nenvironment: {D: direct, B: wins}\n",
		},
		{
			name: "arg-envfile", env: []string{"LAUNCH_ARG_ENVFILE=" + argEnv, "LAUNCH_IMAGE=lab/busybox:${TAG}", "LAUNCH_ENVIRONMENTS=S=${SITE} T=$TAG U=${UNSET-x}"},
			service: "image: lab/busybox:${TAG}\nenvironment: ['S=${SITE}', T=$TAG, 'U=${UNSET-x}']\n",
		},
		{
			name: "labels", env: []string{`LAUNCH_LABELS=a=b "say=hello there" empty= bare traefik.http.routers.r.rule=Host(` + "`x.org`" + `) price=$$5`},
			service: "labels: ['ai.ix.started-by=ix.ai/swarm-launcher', a=b, say=hello there, empty=, bare, 'traefik.http.routers.r.rule=Host(`x.org`)', price=$$5]\n",
		},
		{
			name: "volumes", env: []string{`LAUNCH_VOLUMES=/opt/new:/new /etc/hostname:/h:ro data:/data logs:/logs:ro /anonymous cache:/cache:nocopy /srv/se:/se:z /run:/run2:ro,rprivate "/opt/with space:/sp ace"`},
			service: "volumes: ['/opt/new:/new', '/etc/hostname:/h:ro', 'data:/data', 'logs:/logs:ro', /anonymous, 'cache:/cache:nocopy', '/srv/se:/se:z', '/run:/run2:ro,rprivate', '/opt/with space:/sp ace']\n",
			rest:    "volumes: {data: , logs: , cache: }\n",
		},
		{
			name: "hosts", env: []string{"LAUNCH_EXTRA_HOSTS=db:10.0.0.5 db:10.0.0.6 v6:fd00::1 gw:host-gateway eq=10.1.1.1 br:[fd00::2]"},
			service: "extra_hosts: ['db:10.0.0.5', 'db:10.0.0.6', 'v6:fd00::1', 'gw:host-gateway', eq=10.1.1.1, 'br:[fd00::2]']\n",
		},
		{
			name: "dns", env: []string{"LAUNCH_DNS=10.0.0.2 1.1.1.1", "LAUNCH_DNS_SEARCH=example.org b.example.org."},
			service: "dns: [10.0.0.2, 1.1.1.1]\ndns_search: [example.org, b.example.org.]\n",
		},
		{name: "host-network", env: []string{"LAUNCH_HOST_NETWORK=true", "LAUNCH_PORTS=80:80", "LAUNCH_NETWORKS=x"}, service: "network_mode: host\n"},
		{name: "mode-none", env: []string{"LAUNCH_NETWORK_MODE=none"}, service: "network_mode: none\n"},
		{name: "mode-bridge", env: []string{"LAUNCH_NETWORK_MODE=bridge", "LAUNCH_MAC_ADDRESS=02:42:ac:11:00:44"}, service: "network_mode: bridge\nmac_address: 02:42:ac:11:00:44\n", also: []allowance{{
			path: "container */NetworkingConfig",
			why:  "from API 1.44 on compose loses the MAC address of a child in mode bridge; foster asks for it as docker run does",
			only: func(d difference) bool { return d.compose == absent },
		}}},
		{name: "mode-container", env: []string{"LAUNCH_NETWORK_MODE=container:" + neighbour}, service: "network_mode: container:" + neighbour + "\n"},
		{name: "mode-task", env: []string{"LAUNCH_NETWORK_MODE=task"}, service: "network_mode: container:" + neighbour + "\n", also: []allowance{{
			path: "container */Config/Labels/com.docker.compose.config-hash",
			why:  "foster's document says network_mode: task; which container that means changes from run to run",
		}}},
		{
			name: "ports", env: []string{"LAUNCH_PORTS=8080:80 127.0.0.1:5353:53/udp 8100-8102:90-92 7000-7001:7000-7001/udp 8200:80 9000 [::1]:8300:83"},
			service: "ports: ['8080:80', '127.0.0.1:5353:53/udp', '8100-8102:90-92', '7000-7001:7000-7001/udp', '8200:80', '9000', '[::1]:8300:83']\n",
		},
		{
			name: "networks", env: []string{"LAUNCH_NETWORKS=zz a-b c.d_e"},
			service: "networks: [zz, a-b, c.d_e]\n",
			rest:    "networks:\n  zz: {driver: bridge, attachable: true}\n  a-b: {driver: bridge, attachable: true}\n  c.d_e: {driver: bridge, attachable: true}\n",
		},
		{
			name: "ext-networks", env: []string{"LAUNCH_EXT_NETWORKS=front back"},
			service: "networks: [front, back]\n", rest: "networks:\n  front: {external: true}\n  back: {external: true}\n",
		},
		{
			name: "ext-ipv4", env: []string{"LAUNCH_EXT_NETWORKS_IPV4=front:10.5.0.77 back:10.6.0.77"},
			service: "networks:\n  front: {ipv4_address: 10.5.0.77}\n  back: {ipv4_address: 10.6.0.77}\n",
			rest:    "networks:\n  front: {external: true}\n  back: {external: true}\n",
		},
		{
			name: "ext-ipv6", env: []string{"LAUNCH_EXT_NETWORKS_IPV6=dual-fd00:7::77"},
			service: "networks:\n  dual: {ipv6_address: 'fd00:7::77'}\n", rest: "networks:\n  dual: {external: true}\n",
		},
		{
			name: "ext-mixed", env: []string{"LAUNCH_EXT_NETWORKS_MIXED=dual-10.7.0.78-fd00:7::78", "LAUNCH_EXT_NETWORKS=front"},
			service: "networks:\n  dual: {ipv4_address: 10.7.0.78, ipv6_address: 'fd00:7::78'}\n  front:\n",
			rest:    "networks:\n  dual: {external: true}\n  front: {external: true}\n",
		},
		{name: "everything", env: []string{
			"LAUNCH_SERVICE_NAME=runner", "LAUNCH_CONTAINER_NAME=gitlab-runner", "LAUNCH_HOSTNAME=runner1", "LAUNCH_COMMAND=sh -c 'exec sleep 100000'",
			"LAUNCH_NETWORKS=own", "LAUNCH_EXT_NETWORKS=back", "LAUNCH_EXT_NETWORKS_IPV4=front:10.5.0.79", "LAUNCH_EXT_NETWORKS_MIXED=dual-10.7.0.79-fd00:7::79",
			"LAUNCH_PORTS=8400:80 8401:81/udp", "LAUNCH_MAC_ADDRESS=02:42:ac:11:00:45", "LAUNCH_DNS=10.0.0.2", "LAUNCH_EXTRA_HOSTS=a:10.0.0.1 b:10.0.0.2",
			"LAUNCH_ENVIRONMENTS=Z=1 A=2 M=3", "LAUNCH_ENVFILES=" + envA, "LAUNCH_LABELS=team=ci", "LAUNCH_VOLUMES=/srv/conf:/conf:ro kept2:/kept /anon",
			"LAUNCH_CAP_ADD=NET_ADMIN", "LAUNCH_ULIMITS=nofile=512 core=0", "LAUNCH_SYSCTLS=net.core.somaxconn=512", "LAUNCH_SHM_SIZE=64m", "LAUNCH_STOP_GRACE_PERIOD=3s",
			"LAUNCH_DEVICES=/dev/full", "LAUNCH_SECURITY_OPT=no-new-privileges:true",
		}, service: `container_name: gitlab-runner
hostname: runner1
command: sh -c 'exec sleep 100000'
networks:
  own:
  back:
  front: {ipv4_address: 10.5.0.79}
  dual: {ipv4_address: 10.7.0.79, ipv6_address: 'fd00:7::79'}
ports: ['8400:80', '8401:81/udp']
mac_address: 02:42:ac:11:00:45
dns: 10.0.0.2
extra_hosts: {a: 10.0.0.1, b: 10.0.0.2}
environment: {Z: 1, A: 2, M: 3}
env_file: ` + envA + `
labels: {ai.ix.started-by: ix.ai/swarm-launcher, team: ci}
volumes: ['/srv/conf:/conf:ro', 'kept2:/kept', /anon]
cap_add: [NET_ADMIN]
ulimits: {nofile: 512, core: 0}
sysctls: [net.core.somaxconn=512]
shm_size: 64m
stop_grace_period: 3s
devices: [/dev/full]
security_opt: ['no-new-privileges:true']
`, rest: `volumes: {kept2: }
networks:
  own: {driver: bridge, attachable: true}
  back: {external: true}
  front: {external: true}
  dual: {external: true}
`},
	}
}

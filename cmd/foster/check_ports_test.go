package main

import (
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/swarm"

	"foster/spec"
)

func TestCheckPorts(t *testing.T) {
	s := newSurveyed(t, "")
	s.info.Swarm.LocalNodeState, s.info.Swarm.ControlAvailable = swarm.LocalNodeStateActive, true
	s.someone(t, "neighbour", nil, container.Port{IP: "0.0.0.0", PublicPort: 8080, PrivatePort: 80, Type: "tcp"}, container.Port{IP: "127.0.0.1", PublicPort: 8082, Type: "tcp"},
		container.Port{IP: "0.0.0.0", PublicPort: 9000, Type: "tcp"}, container.Port{IP: "0.0.0.0", PublicPort: 9001, Type: "tcp"})
	s.someone(t, "shop_web.1.abc", map[string]string{"com.docker.swarm.service.name": "shop_web"}, container.Port{IP: "0.0.0.0", PublicPort: 8083, Type: "tcp"})
	s.someone(t, "p-old-1", map[string]string{spec.LabelProject: "p"}, container.Port{IP: "0.0.0.0", PublicPort: 8081, Type: "tcp"})
	s.services = []swarm.Service{{Spec: swarm.ServiceSpec{Annotations: swarm.Annotations{Name: "shop_api"}}, Endpoint: swarm.Endpoint{Ports: []swarm.PortConfig{
		{Protocol: "tcp", PublishedPort: 8084, PublishMode: swarm.PortConfigPublishModeIngress},
		{Protocol: "tcp", PublishedPort: 8085, PublishMode: swarm.PortConfigPublishModeHost},
	}}}}
	document := `
services:
  web:
    image: "app:1"
    ports: ["8080:80", "8080:80/udp", "8081:81", "10.0.0.1:8082:82", "8083:83", "8084:84", "8085:85", "90", "9000-9001:86", "9001-9002:87"]
  host: {image: "app:1", network_mode: host, ports: ["8080:80"]}
`
	checked{s: s, document: document}.finds(t,
		"problem port 8080/tcp of child web is published by container neighbour; stop it",
		"problem port 8083/tcp of child web is published by container shop_web.1.abc of service shop_web",
		"problem port 8084/tcp of child web is published by service shop_api on every node",
		"note    port 8085/tcp of child web is published by service shop_api on the nodes of its tasks (mode: host)",
		"problem port 9000-9001/tcp of child web is published by container neighbour",
		"note    child host publishes ports, which the engine ignores with the host's network",
	)

	// A worker does not know what services publish.
	s.info.Swarm.ControlAvailable, s.info.IPv4Forwarding = false, false
	checked{s: s, document: "services: {web: {image: 'app:1', ports: ['8084:80']}}\n"}.finds(t,
		"note    ports that services publish are known to managers only",
		"note    child web publishes ports, but the engine's machine does not forward IPv4")
}

func TestCheckOwnServicesPort(t *testing.T) {
	s := newSurveyed(t, "")
	s.info.Swarm.LocalNodeState, s.info.Swarm.ControlAvailable = swarm.LocalNodeStateActive, true
	s.services = []swarm.Service{{Spec: swarm.ServiceSpec{Annotations: swarm.Annotations{Name: "ci_web"}}, Endpoint: swarm.Endpoint{Ports: []swarm.PortConfig{
		{Protocol: "tcp", PublishedPort: 80, PublishMode: swarm.PortConfigPublishModeIngress},
	}}}}
	info := s.inside(t, map[string]string{"com.docker.swarm.service.name": "ci_web", "com.docker.swarm.task.name": "ci_web.1.x"})
	checked{s: s, mountinfo: info, document: "services: {web: {image: 'app:1', ports: ['80:80']}}\n"}.finds(t,
		"problem port 80/tcp of child web is published by foster's own service ci_web on every node; publish it on one of the two")
}

// What can never work is a problem of the check, and of the launch: see
// TestPreflight.
var contradictions = map[string]struct{ document, want string }{
	"two children, one port": {
		"services: {a: {image: 'app:1', ports: ['80:80']}, b: {image: 'app:1', ports: ['80:8080']}}\n",
		"port 80/tcp of child b is published by child a too",
	},
	"every address and one of them": {
		"services: {a: {image: 'app:1', ports: ['80:80']}, b: {image: 'app:1', ports: ['127.0.0.1:80:8080']}}\n",
		"port 127.0.0.1:80/tcp of child b is published by child a too",
	},
	"every address of a family and one of them": {
		"services: {a: {image: 'app:1', ports: ['127.0.0.1:80:80']}, b: {image: 'app:1', ports: ['0.0.0.0:80:8080']}}\n",
		"port 0.0.0.0:80/tcp of child b is published by child a too",
	},
	"one child, twice": {
		"services: {a: {image: 'app:1', ports: ['80:80', '80:81']}}\n",
		"port 80/tcp of child a is published twice",
	},
	"overlapping subnets": {
		"services: {a: {image: 'app:1', networks: [x, y]}}\nnetworks: {x: {ipam: {config: [{subnet: 10.1.0.0/16}]}}, y: {ipam: {config: [{subnet: 10.1.2.0/24}]}}}\n",
		"network p_y is to have subnet 10.1.2.0/24, which overlaps with 10.1.0.0/16 of network p_x",
	},
	"ports in another's network": {
		"services: {a: {image: 'app:1'}, b: {image: 'app:1', network_mode: 'service:a', ports: ['80:80']}}\n",
		"child b has published ports, which no engine takes together with the network of another container",
	},
	"a hostname in the host's UTS namespace": {
		"services: {a: {image: 'app:1', uts: host, hostname: x}}\n",
		"child a has a hostname, which no engine takes together with the host's UTS namespace",
	},
}

func TestCheckContradictions(t *testing.T) {
	for name, c := range contradictions {
		t.Run(name, func(t *testing.T) {
			checked{s: newSurveyed(t, ""), document: c.document}.finds(t, "problem "+c.want)
		})
	}
}

func TestPreflight(t *testing.T) {
	for name, c := range contradictions {
		t.Run(name, func(t *testing.T) {
			// Run as a launch instead of a check, it creates nothing either.
			code, stdout, stderr := checked{s: newSurveyed(t, ""), document: c.document, command: "run"}.run(t)
			if _, what, _ := strings.Cut(c.want, " is "); code != exitConfig || !strings.Contains(stderr, what) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit %d\n%s%s", code, stdout, stderr)
			}
		})
	}
}

func TestPortsThatGoTogether(t *testing.T) {
	for name, document := range map[string]string{
		"protocols":           "services: {a: {image: 'app:1', ports: ['80:80']}, b: {image: 'app:1', ports: ['80:80/udp']}}\n",
		"addresses":           "services: {a: {image: 'app:1', ports: ['10.0.0.1:80:80']}, b: {image: 'app:1', ports: ['10.0.0.2:80:80']}}\n",
		"families":            "services: {a: {image: 'app:1', ports: ['0.0.0.0:80:80']}, b: {image: 'app:1', ports: ['[::]:80:80']}}\n",
		"ranges":              "services: {a: {image: 'app:1', ports: ['80-81:80']}, b: {image: 'app:1', ports: ['80-81:80']}}\n",
		"one after the other": "services: {a: {image: 'app:1', ports: ['80:80']}, b: {image: 'app:1', ports: ['80:80'], depends_on: {c: {condition: service_started}}}, c: {image: 'app:1', depends_on: {a: {condition: service_completed_successfully}}}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			checked{s: newSurveyed(t, ""), document: document}.finds(t)
		})
	}
}

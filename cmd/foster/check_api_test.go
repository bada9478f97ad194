package main

import (
	"strings"
	"testing"
)

// apiDocument uses everything that engines after 20.10 have learned.
const apiDocument = `
services:
  web:
    image: app:1
    annotations: {a: b}
    healthcheck: {test: [CMD, "true"], start_period: 10s, start_interval: 1s}
    devices: [vendor.com/class=one]
    networks:
      one: {priority: 10, gw_priority: 3}
      two: {mac_address: "02:42:ac:11:00:42", interface_name: eth7, driver_opts: {com.docker.network.endpoint.sysctls: "net.ipv4.conf.IFNAME.forwarding=1"}}
    volumes:
      - {type: bind, source: /a, target: /a, bind: {propagation: rslave}}
      - {type: bind, source: /b, target: /b, read_only: true, bind: {recursive: readonly, propagation: rprivate}}
      - {type: volume, source: data, target: /c, volume: {subpath: part}}
      - {type: image, source: "app:1", target: /d}
networks: {one: {enable_ipv4: false, enable_ipv6: true}, two: {}}
volumes: {data: {}}
`

func TestCheckAPI(t *testing.T) {
	s := newSurveyed(t, "")
	checked{s: s, document: apiDocument}.finds(t,
		"note    child web has annotations, which needs engine 24.0 (API 1.43): they are dropped",
		"note    child web has a MAC address on another network than its first, which needs engine 25.0 (API 1.44): it is dropped",
		"problem child web has a healthcheck with start_interval, which needs engine 25.0 (API 1.44); take it away",
		"problem child web has a bind that is to be read-only all the way down",
		"problem child web asks for CDI devices",
		"problem child web mounts a part of a volume (volume.subpath), which needs engine 26.0 (API 1.45)",
		"note    child web has sysctls for one of its interfaces, which needs engine 27.0 (API 1.46)",
		"note    child web has a gw_priority, which needs engine 28.0 (API 1.48)",
		"problem child web mounts an image, which needs engine 28.0 (API 1.48)",
		"note    child web has an interface_name, which needs engine 28.1 (API 1.49)",
		"note    network p_one is to be without IPv4, which needs engine 28.0 (API 1.48)",
	)
}

func TestCheckAPIOfNewEngine(t *testing.T) {
	s := newSurveyed(t, "1.49")
	s.info.CDISpecDirs = []string{"/etc/cdi"}
	code, stdout, stderr := checked{s: s, document: apiDocument}.run(t)
	if code != 0 || strings.Contains(stdout+stderr, "needs engine") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestCheckMountpointCreation(t *testing.T) {
	document := "services: {web: {image: 'app:1', volumes: [{type: bind, source: /a, target: /a, bind: {create_host_path: true, propagation: rslave}}]}}\n"
	checked{s: newSurveyed(t, ""), document: document}.finds(t, "note    child web lets the engine create the source of a mount, which needs engine 23.0 (API 1.42)")
}

// TestLaunchOnAnOldEngine: what it would refuse, or read past with harm, is
// refused before anything is created; what it drops is not.
func TestLaunchOnAnOldEngine(t *testing.T) {
	code, stdout, stderr := checked{s: newSurveyed(t, ""), document: apiDocument, command: "run"}.run(t)
	if code != exitConfig || strings.Count(stderr, "\n") != 5 || !strings.Contains(stderr, "start_interval") || strings.Contains(stderr, "annotations") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

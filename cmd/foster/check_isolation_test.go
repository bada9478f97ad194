package main

import (
	"testing"

	"github.com/docker/docker/api/types/system"
)

const isolated = `
services:
  a: {image: "app:1", runtime: runsc, logging: {driver: gelf}, gpus: all}
  b: {image: "app:1", runtime: runc, logging: {driver: local}, security_opt: ["apparmor=mine", "label=user:x", "no-new-privileges:true"]}
  c: {image: "app:1", runtime: io.containerd.kata.v2, privileged: true, cgroup: private}
  d: {image: "app:1", mem_limit: 1g, memswap_limit: 2g, cpu_shares: 10, cpuset: "0", pids_limit: 5, cpu_period: 1000, cpu_quota: 2000, oom_kill_disable: true}
  e: {image: "app:1", cpus: 1.5, cgroup_parent: /x, mem_reservation: 1g}
`

func TestCheckIsolation(t *testing.T) {
	s := newSurveyed(t, "")
	checked{s: s, document: isolated}.finds(t,
		"problem child a has runtime runsc, which the engine does not know; add it to the engine's daemon.json",
		"problem child a has log driver gelf, which the engine does not know; use one of json-file, local",
		"note    child a asks for GPUs, and the engine lists no runtime for them",
		"ok      child b has runtime runc, which the engine knows",
		"note    child b has an SELinux label, but the engine does not use SELinux",
		"note    child c has runtime io.containerd.kata.v2, which only the start can tell of",
	)
	// An engine that has next to nothing.
	s.info = system.Info{
		Name: "poor", CgroupDriver: "systemd", SecurityOptions: []string{"name=userns", "name=rootless"}, MemTotal: 1 << 29, NCPU: 1, IPv4Forwarding: true,
		Runtimes: map[string]system.RuntimeWithStatus{"runc": {}, "runsc": {}, "nvidia": {}},
	}
	checked{s: s, document: isolated}.finds(t,
		"ok      child a asks for GPUs, and the engine has NVIDIA's runtime",
		"note    child b has AppArmor profile mine, but the engine's machine has no AppArmor: it is ignored",
		"problem child c is privileged, which the engine refuses with its user namespaces (userns-remap)",
		"note    child c asks for privileges or devices, but the engine is rootless",
		"note    child c is to have a cgroup namespace of its own",
		"note    child d has a memory limit, which the engine's kernel cannot set: it is ignored",
		"note    child d has a swap limit",
		"note    child d has CPU shares",
		"note    child d has a cpuset",
		"note    child d has a limit of processes",
		"note    child d has a CPU period",
		"note    child d has a CPU quota",
		"note    child d has oom_kill_disable",
		"problem child e has a limit of CPUs, which the engine's kernel cannot set, and the engine refuses",
		"problem child e has cgroup parent /x, but the engine's cgroups are systemd's; name a slice",
		"note    child e reserves more memory than the engine's machine has",
	)
	s.info.CPUCfsPeriod, s.info.CPUCfsQuota, s.info.CgroupDriver, s.info.SecurityOptions = true, true, "cgroupfs", []string{"name=cgroupns"}
	checked{s: s, document: "services: {e: {image: 'app:1', cpus: 1.5}}\n"}.finds(t, "problem child e has a limit of 1.5 CPUs, and the engine has 1; lower cpus")
}

package main

import (
	"context"
	"strings"

	"foster/spec"
)

// checkLimits looks for limits that the engine's kernel does not have: the
// engine drops most of them with a warning, and refuses the rest.
func checkLimits(_ context.Context, s *survey) []finding {
	if s.info == nil {
		return nil
	}
	var found []finding
	for _, c := range s.project.Children {
		found = append(found, s.limits(c)...)
	}
	return found
}

func (s *survey) limits(c spec.Child) []finding {
	var found []finding
	subject, r, i := "child "+c.Name, c.Host.Resources, s.info
	set := func(p *int64) bool { return p != nil && *p > 0 }
	for _, l := range []struct {
		what     string
		set, can bool
	}{
		{"a memory limit", r.Memory > 0 || r.MemoryReservation > 0, i.MemoryLimit},
		{"a swap limit", r.MemorySwap > 0, i.SwapLimit},
		{"oom_kill_disable", r.OomKillDisable != nil && *r.OomKillDisable, i.OomKillDisable},
		{"a limit of processes", set(r.PidsLimit), i.PidsLimit},
		{"CPU shares", r.CPUShares > 0, i.CPUShares},
		{"a CPU period", r.CPUPeriod > 0, i.CPUCfsPeriod},
		{"a CPU quota", r.CPUQuota > 0, i.CPUCfsQuota},
		{"a cpuset", r.CpusetCpus != "" || r.CpusetMems != "", i.CPUSet},
	} {
		if l.set && !l.can {
			found = append(found, note(subject, "has %s, which the engine's kernel cannot set: it is ignored", l.what))
		}
	}
	switch {
	case r.NanoCPUs > 0 && (!i.CPUCfsPeriod || !i.CPUCfsQuota):
		found = append(found, problem(subject, "has a limit of CPUs, which the engine's kernel cannot set, and the engine refuses").mend("take cpus away"))
	case r.NanoCPUs > 0 && i.NCPU > 0 && r.NanoCPUs > int64(i.NCPU)*1e9:
		found = append(found, problem(subject, "has a limit of %g CPUs, and the engine has %d", float64(r.NanoCPUs)/1e9, i.NCPU).mend("lower cpus"))
	}
	if i.MemTotal > 0 && r.MemoryReservation > i.MemTotal {
		found = append(found, note(subject, "reserves more memory than the engine's machine has"))
	}
	if r.CgroupParent != "" && i.CgroupDriver == "systemd" && !strings.HasSuffix(r.CgroupParent, ".slice") {
		found = append(found, problem(subject, "has cgroup parent %s, but the engine's cgroups are systemd's", r.CgroupParent).mend("name a slice, such as launched.slice"))
	}
	return found
}

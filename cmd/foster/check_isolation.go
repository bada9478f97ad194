package main

import (
	"context"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/versions"

	"foster/spec"
)

// checkDrivers looks for the runtimes, drivers and devices that go by a name
// which the engine must know.
func checkDrivers(_ context.Context, s *survey) []finding {
	if s.info == nil {
		return nil
	}
	var found []finding
	for _, c := range s.project.Children {
		subject := "child " + c.Name
		if name := c.Host.Runtime; name != "" {
			_, known := s.info.Runtimes[name]
			switch {
			case known:
				found = append(found, ok(subject, "has runtime %s, which the engine knows", name))
			case strings.HasPrefix(name, "io.containerd.") || strings.HasPrefix(name, "/"):
				found = append(found, note(subject, "has runtime %s, which only the start can tell of", name))
			default:
				found = append(found, problem(subject, "has runtime %s, which the engine does not know", name).mend("add it to the engine's daemon.json"))
			}
		}
		if log := c.Host.LogConfig.Type; log != "" && log != "none" && len(s.info.Plugins.Log) > 0 && !knows(s.info.Plugins.Log, log) {
			found = append(found, problem(subject, "has log driver %s, which the engine does not know", log).mend("use one of %s", strings.Join(s.info.Plugins.Log, ", ")))
		}
		found = append(found, s.devices(c)...)
	}
	for _, n := range s.project.Networks {
		if d := n.Options.Driver; !n.External && d != "" && d != "default" && len(s.info.Plugins.Network) > 0 && !knows(s.info.Plugins.Network, d) {
			found = append(found, note("network "+n.Name, "has driver %s, which the engine does not list", d).mend("install the plugin, or use one of %s", strings.Join(s.info.Plugins.Network, ", ")))
		}
	}
	for _, v := range s.project.Volumes {
		if d := v.Options.Driver; !v.External && d != "" && len(s.info.Plugins.Volume) > 0 && !knows(s.info.Plugins.Volume, d) {
			found = append(found, note("volume "+v.Name, "has driver %s, which the engine does not list", d).mend("install the plugin, or use one of %s", strings.Join(s.info.Plugins.Volume, ", ")))
		}
	}
	return found
}

// knows: plugins are listed with their tag.
func knows(list []string, name string) bool {
	return slices.Contains(list, name) || slices.Contains(list, name+":latest")
}

func asksCDI(c *spec.Child) bool {
	for _, r := range c.Host.DeviceRequests {
		if r.Driver == "cdi" {
			return true
		}
	}
	return false
}

// devices looks at what is asked for by capability or by CDI name.
func (s *survey) devices(c spec.Child) []finding {
	var found []finding
	subject := "child " + c.Name
	if asksCDI(&c) && versions.GreaterThanOrEqualTo(s.api, "1.46") && len(s.info.CDISpecDirs) == 0 {
		found = append(found, note(subject, "asks for CDI devices, but the engine has no directories for them").mend("enable the feature \"cdi\" in the engine's daemon.json"))
	}
	for _, r := range c.Host.DeviceRequests {
		gpu := slices.ContainsFunc(r.Capabilities, func(all []string) bool { return slices.Contains(all, "gpu") })
		if !gpu {
			continue
		}
		if _, nvidia := s.info.Runtimes["nvidia"]; nvidia {
			found = append(found, ok(subject, "asks for GPUs, and the engine has NVIDIA's runtime"))
		} else {
			found = append(found, note(subject, "asks for GPUs, and the engine lists no runtime for them: only the start can tell").mend("install NVIDIA's container toolkit if it says \"could not select device driver\""))
		}
	}
	return found
}

// checkSecurity looks at what the kernel and the engine's own isolation allow.
func checkSecurity(_ context.Context, s *survey) []finding {
	if s.info == nil {
		return nil
	}
	has := func(name string) bool {
		return slices.ContainsFunc(s.info.SecurityOptions, func(o string) bool {
			return o == name || o == "name="+name || strings.HasPrefix(o, "name="+name+",")
		})
	}
	var found []finding
	for _, c := range s.project.Children {
		subject := "child " + c.Name
		for _, option := range c.Host.SecurityOpt {
			name, value, _ := strings.Cut(strings.Replace(option, ":", "=", 1), "=")
			switch {
			case name == "apparmor" && value != "unconfined" && !has("apparmor"):
				found = append(found, note(subject, "has AppArmor profile %s, but the engine's machine has no AppArmor: it is ignored", value))
			case name == "seccomp" && value != "unconfined" && !has("seccomp"):
				found = append(found, problem(subject, "has a seccomp profile, but the engine's kernel has no seccomp").mend("take it away"))
			case name == "label" && !has("selinux"):
				found = append(found, note(subject, "has an SELinux label, but the engine does not use SELinux: it is ignored"))
			}
		}
		if c.Host.CgroupnsMode.IsPrivate() && !has("cgroupns") {
			found = append(found, note(subject, "is to have a cgroup namespace of its own, which the engine's kernel cannot give: it is ignored"))
		}
		if has("userns") && !c.Host.UsernsMode.IsHost() {
			const mend = "set userns_mode: host, or use an engine without userns-remap"
			for _, clash := range []struct {
				present bool
				what    string
			}{{c.Host.Privileged, "is privileged"}, {c.Host.NetworkMode.IsHost(), "uses the host's network"}, {c.Host.PidMode.IsHost(), "uses the host's PID namespace"}} {
				if clash.present {
					found = append(found, problem(subject, "%s, which the engine refuses with its user namespaces (userns-remap)", clash.what).mend(mend))
				}
			}
		}
		if has("rootless") && (c.Host.Privileged || len(c.Host.Devices) > 0) {
			found = append(found, note(subject, "asks for privileges or devices, but the engine is rootless: it gets only what the engine's own user may"))
		}
	}
	return found
}

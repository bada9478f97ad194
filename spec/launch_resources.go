package spec

import (
	"errors"
	"path"
	"strconv"
	"strings"
)

// resources reads limits and kernel parameters.
func (l *launch) resources() {
	l.setList("LAUNCH_SYSCTLS", "sysctls", l.sysctl, "write name=value; no net.… with the host's network")
	if w, ok := l.text("LAUNCH_CGROUP_PARENT"); ok {
		if _, err := ParseBool(w.value); err == nil || strings.ContainsAny(w.value, " \t\n") || !path.IsAbs(w.value) && !strings.HasSuffix(w.value, ".slice") && !cgroupPath(w.value) {
			l.problem("LAUNCH_CGROUP_PARENT", w, "not a cgroup's path", "write for example /launched, or launched.slice where systemd manages cgroups")
		} else {
			l.set("LAUNCH_CGROUP_PARENT", "cgroup_parent", w.value)
		}
	}
	if w, ok := l.text("LAUNCH_SHM_SIZE"); ok {
		if n, err := parseSize(w.value); err != nil {
			l.problem("LAUNCH_SHM_SIZE", w, err.Error(), "write bytes, or a number with b, k, m or g, such as 256m")
		} else {
			l.set("LAUNCH_SHM_SIZE", "shm_size", strconv.FormatInt(n, 10))
		}
	}
	l.ulimits()
}

func cgroupPath(s string) bool { return engineName.MatchString(strings.ReplaceAll(s, "/", "")) }

func (l *launch) ulimits() {
	limits := map[string]any{}
	for _, w := range l.list("LAUNCH_ULIMITS") {
		u, err := parseUlimit(w.value)
		if err != nil {
			l.problem("LAUNCH_ULIMITS", w, err.Error(), "write name=limit or name=soft:hard, such as nofile=1024:2048; -1 is no limit")
			continue
		}
		if _, twice := limits[u.Name]; twice {
			l.problem("LAUNCH_ULIMITS", w, "the same limit twice", "give each limit once")
			continue
		}
		if u.Soft == u.Hard {
			limits[u.Name] = int(u.Soft)
		} else {
			limits[u.Name] = map[string]any{"soft": int(u.Soft), "hard": int(u.Hard)}
		}
	}
	if len(limits) > 0 {
		l.set("LAUNCH_ULIMITS", "ulimits", limits)
	}
}

func (l *launch) sysctl(s string) error {
	name, value, _ := strings.Cut(s, "=")
	if name == "" || value == "" || strings.ContainsAny(name, " /:") {
		return errors.New("not of the form name=value")
	}
	if strings.HasPrefix(name, "net.") && l.modeOf() == "host" {
		return errors.New("a network's parameter, and the child uses the host's network")
	}
	return nil
}

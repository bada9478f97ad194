package lab_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"foster/test/lab"
)

// What the tests know of the machine outside the labs.

// shortDir is a path for a lab that leaves room for sockets. Nothing is there yet; a lab that a failed test leaves there
// is ended.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "labtest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if l, err := lab.Open(filepath.Join(dir, "lab")); err == nil {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "lab")
}

// stat returns parent, state and birth of a process.
func stat(pid int) (parent int, state, born string, ok bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, "", "", false
	}
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	parent, err = strconv.Atoi(fields[1])
	return parent, fields[0], fields[19], err == nil
}

// descendants are the given processes and all below them: birth by pid.
func descendants(roots ...int) map[int]string {
	children := map[int][]int{}
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, e := range entries {
		pid, err := strconv.Atoi(filepath.Base(e))
		if err != nil {
			continue
		}
		if parent, _, _, ok := stat(pid); ok {
			children[parent] = append(children[parent], pid)
		}
	}
	found := map[int]string{}
	for len(roots) > 0 {
		pid := roots[0]
		roots = append(roots[1:], children[pid]...)
		if _, _, born, ok := stat(pid); ok {
			found[pid] = born
		}
	}
	return found
}

// stillRunning is an error when one of the processes lives.
func stillRunning(processes map[int]string) error {
	var alive []string
	for pid, born := range processes {
		if _, state, b, ok := stat(pid); ok && b == born && state != "Z" {
			name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
			alive = append(alive, fmt.Sprintf("%d %s", pid, strings.TrimSpace(string(name))))
		}
	}
	if len(alive) > 0 {
		slices.Sort(alive)
		return fmt.Errorf("left: processes %v", alive)
	}
	return nil
}

// parentCgroups are the directories that hold the cgroups of a lab's engines.
func parentCgroups(t *testing.T, l *lab.Lab) []string {
	t.Helper()
	name := lab.CgroupParent(l)
	var found []string
	for _, pattern := range []string{"/sys/fs/cgroup" + name, "/sys/fs/cgroup/*" + name} {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, dirs...)
	}
	return found
}

func interfaceNames(t *testing.T) []string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, i := range all {
		names = append(names, i.Name)
	}
	slices.Sort(names)
	return names
}

func mustDocker(t *testing.T, n *lab.Node, args ...string) string {
	t.Helper()
	out, err := n.Docker(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

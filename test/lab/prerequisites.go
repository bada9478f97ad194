package lab

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// required maps each command that a lab runs to the Debian 12 package that has it. packages.txt lists the same packages.
var required = []struct{ command, pkg string }{
	{"dockerd", "docker.io"},
	{"docker", "docker.io"}, // in docker-cli from Debian 13 on
	{"docker-proxy", "docker.io"},
	{"containerd", "containerd"},
	{"runc", "runc"},
	{"docker-init", "tini"},
	{"iptables", "iptables"},
	{"ip", "iproute2"},
	{"nsenter", "util-linux"},
	{"setsid", "util-linux"},
	{"busybox", "busybox-static"},
	{"docker-registry", "docker-registry"},
	{"perl", "perl-base"},
	{"go", "golang or https://go.dev/dl"},
}

// Prerequisites says what this machine lacks for a lab, one line each, with the Debian package to install. Nothing
// missing: an empty list.
func Prerequisites() []string {
	var missing []string
	if os.Geteuid() != 0 {
		missing = append(missing, "root: a lab makes namespaces and mounts")
	}
	for _, r := range required {
		if _, err := exec.LookPath(tool(r.command)); err != nil {
			missing = append(missing, fmt.Sprintf("%s: install the Debian package %s", r.command, r.pkg))
		}
	}
	if path, err := exec.LookPath(tool("busybox")); err == nil && !static(path) {
		missing = append(missing, fmt.Sprintf("%s is dynamically linked: install the Debian package busybox-static", path))
	}
	if _, err := os.Stat("/sys/fs/cgroup"); err != nil {
		missing = append(missing, "/sys/fs/cgroup: mount the cgroup file systems")
	}
	return missing
}

// missing is Prerequisites as one error, nil when nothing is missing.
func missing() error {
	lines := Prerequisites()
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("this machine cannot run a lab:\n  %s", strings.Join(lines, "\n  "))
}

// tool finds a command, also where an administrator's PATH leaves the sbin directories out. A command that is nowhere
// stays as it is, so that running it gives the usual error.
func tool(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range sbin {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return name
}

var sbin = []string{"/usr/local/sbin", "/usr/sbin", "/sbin"}

// static says whether the program runs without shared libraries, as it must in an image of its own.
func static(path string) bool {
	f, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return false
		}
	}
	return true
}

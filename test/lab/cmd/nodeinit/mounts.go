package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// scratch is in the node's own /run: it vanishes with the node.
const scratch = "/run/lab"

// furnish turns fresh namespaces into a machine: own host name, own /proc, /sys, /run and /etc, and no sight of the
// engine that the real machine may run.
func furnish(hostname, dir string) error {
	if err := syscall.Sethostname([]byte(hostname)); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	// From here on no mount of ours is seen outside, and no unmount either.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	if err := hideEngine(); err != nil {
		return err
	}
	for _, m := range []struct {
		fstype, target, data string
		flags                uintptr
	}{
		{"tmpfs", "/run", "mode=755", syscall.MS_NOSUID | syscall.MS_NODEV},
		{"proc", "/proc", "", syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC},
	} {
		if err := syscall.Mount(m.fstype, m.target, m.fstype, m.flags, m.data); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
	}
	for _, d := range []string{"/run/lock", scratch} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	if err := mountSys(); err != nil {
		return err
	}
	if err := ownEtc(dir); err != nil {
		return err
	}
	return enableIPv6()
}

// engineDirs are where the machine's own engine keeps its things. /run is replaced as a whole.
var engineDirs = []string{"/var/lib/docker", "/var/lib/containerd"}

// hideEngine takes the machine's engine out of this copy of the mount table. Left there, its containers' file systems
// and network namespaces would stay in use for as long as the node lives.
func hideEngine() error {
	mounts, err := mountPoints()
	if err != nil {
		return err
	}
	slices.Reverse(mounts) // the latest first: what lies on top goes first
	for _, m := range mounts {
		foreign := m.fstype == "nsfs"
		for _, d := range append([]string{"/run", "/var/run"}, engineDirs...) {
			foreign = foreign || m.path == d || strings.HasPrefix(m.path, d+"/")
		}
		if !foreign {
			continue
		}
		// A mount below one that is gone already is gone too.
		if err := syscall.Unmount(m.path, syscall.MNT_DETACH); err != nil && err != syscall.EINVAL && err != syscall.ENOENT {
			return fmt.Errorf("unmount %s: %w", m.path, err)
		}
	}
	for _, d := range engineDirs {
		if info, err := os.Stat(d); err != nil || !info.IsDir() {
			continue
		}
		// With room: the engine keeps the resolv.conf of every sandbox there, wherever its data root is, and attaches to
		// no overlay any more when it cannot.
		if err := syscall.Mount("tmpfs", d, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "mode=700,size=16m"); err != nil {
			return fmt.Errorf("hide %s: %w", d, err)
		}
	}
	return nil
}

// mountSys mounts a /sys that shows this network namespace, and puts the machine's cgroups back into it. The kernel's
// security file system stays out: the node's engine loads no profiles into the machine's kernel.
func mountSys() error {
	const aside = scratch + "/cgroup"
	if err := os.Mkdir(aside, 0o755); err != nil {
		return err
	}
	for _, step := range []struct {
		source, target, fstype string
		flags                  uintptr
	}{
		{"/sys/fs/cgroup", aside, "", syscall.MS_BIND | syscall.MS_REC},
		{"sysfs", "/sys", "sysfs", syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC},
		{aside, "/sys/fs/cgroup", "", syscall.MS_BIND | syscall.MS_REC},
	} {
		if err := syscall.Mount(step.source, step.target, step.fstype, step.flags, ""); err != nil {
			return fmt.Errorf("mount %s on %s: %w", step.source, step.target, err)
		}
	}
	if err := syscall.Unmount(aside, syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount %s: %w", aside, err)
	}
	return nil
}

// ownEtc lays a private writable layer over /etc and fills it from the node's directory.
func ownEtc(dir string) error {
	upper, work := scratch+"/etc", scratch+"/etc.work"
	for _, d := range []string{upper, work} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return err
		}
	}
	layers := fmt.Sprintf("lowerdir=/etc,upperdir=%s,workdir=%s", upper, work)
	if err := syscall.Mount("overlay", "/etc", "overlay", 0, layers); err != nil {
		return fmt.Errorf("lay a private layer over /etc: %w", err)
	}
	for _, name := range []string{"resolv.conf", "hosts"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		// A link would lead out of /etc, to a file of the machine or to one that /run no longer has.
		if err := os.RemoveAll("/etc/" + name); err != nil {
			return err
		}
		if err := os.WriteFile("/etc/"+name, content, 0o644); err != nil {
			return err
		}
	}
	if err := os.MkdirAll("/etc/docker", 0o755); err != nil {
		return err
	}
	if err := syscall.Mount(filepath.Join(dir, "etc-docker"), "/etc/docker", "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount /etc/docker: %w", err)
	}
	return nil
}

// enableIPv6 lets networks of this namespace have IPv6 addresses where the machine's default forbids it. A kernel
// without IPv6 is not an error: only tests that use it fail.
func enableIPv6() error {
	for _, scope := range []string{"all", "default", "lo"} {
		err := os.WriteFile("/proc/sys/net/ipv6/conf/"+scope+"/disable_ipv6", []byte("0"), 0o644)
		if err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("enable IPv6: %w", err)
		}
	}
	return nil
}

type mountPoint struct{ path, fstype string }

// mountPoints lists the mounts of this namespace in the order of the mount table.
func mountPoints() ([]mountPoint, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var mounts []mountPoint
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		left, right, ok := strings.Cut(lines.Text(), " - ")
		fields, kind := strings.Fields(left), strings.Fields(right)
		if !ok || len(fields) < 5 || len(kind) < 1 {
			continue
		}
		mounts = append(mounts, mountPoint{unescape.Replace(fields[4]), kind[0]})
	}
	return mounts, lines.Err()
}

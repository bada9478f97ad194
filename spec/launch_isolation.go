package spec

import (
	"errors"
	"path"
	"regexp"
	"strings"
)

// isolation reads how much of the host the child gets.
func (l *launch) isolation() {
	if l.boolean("LAUNCH_PRIVILEGED") {
		l.set("LAUNCH_PRIVILEGED", "privileged", true)
	}
	l.setList("LAUNCH_DEVICES", "devices", device, "write /dev/host[:/dev/child[:rwm]]")
	l.setList("LAUNCH_CAP_ADD", "cap_add", capability, "write a name from capabilities(7), such as NET_ADMIN, or ALL")
	l.setList("LAUNCH_CAP_DROP", "cap_drop", capability, "write a name from capabilities(7), such as NET_ADMIN, or ALL")
	l.setList("LAUNCH_SECURITY_OPT", "security_opt", securityOpt,
		"write no-new-privileges:true, apparmor=…, label=…, seccomp=unconfined, seccomp=/file in foster's own container, or systempaths=unconfined")
	if w, ok := l.text("LAUNCH_PID_MODE"); ok {
		name, isContainer := strings.CutPrefix(w.value, "container:")
		if w.value != "host" && !(isContainer && engineName.MatchString(name)) {
			l.problem("LAUNCH_PID_MODE", w, "not a PID mode", "write host or container:<name>")
		} else {
			l.set("LAUNCH_PID_MODE", "pid", w.value)
		}
	}
}

var (
	cdiDevice   = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*/[a-zA-Z0-9][a-zA-Z0-9_-]*=[a-zA-Z0-9][a-zA-Z0-9_.:-]*$`)
	permissions = regexp.MustCompile(`^[rwm]{1,3}$`)
)

// device accepts a path on the host, one in the child and permissions, or the
// qualified name of a CDI device.
func device(s string) error {
	if cdiDevice.MatchString(s) {
		return nil
	}
	parts := strings.Split(s, ":")
	if len(parts) > 3 || !path.IsAbs(parts[0]) {
		return errors.New("not a device")
	}
	if len(parts) > 1 && !path.IsAbs(parts[1]) {
		return errors.New("the path in the child is not absolute")
	}
	if len(parts) > 2 && !permissions.MatchString(parts[2]) {
		return errors.New("not device permissions")
	}
	return nil
}

var capabilities = strings.Fields(`ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN
	DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD
	NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT
	SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM`)

// capability accepts the kernel's capabilities in any case, with CAP_ or without.
func capability(s string) error {
	name := strings.TrimPrefix(strings.ToUpper(s), "CAP_")
	for _, c := range capabilities {
		if c == name {
			return nil
		}
	}
	if near := Nearest(name, capabilities); near != "" {
		return errors.New("not a capability; did you mean " + near + "?")
	}
	return errors.New("not a capability")
}

// securityOpt accepts what the engine knows, and reads a seccomp profile.
func securityOpt(s string) error {
	if s == "no-new-privileges" {
		return nil
	}
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		name, value, ok = strings.Cut(s, ":")
	}
	if !ok || value == "" {
		return errors.New("not a security option")
	}
	switch name {
	case "label", "apparmor":
		return nil
	case "no-new-privileges":
		if value == "true" || value == "false" {
			return nil
		}
		return errors.New("not a boolean")
	case "systempaths":
		if value == "unconfined" {
			return nil
		}
	case "seccomp":
		_, err := seccompProfile("/", value)
		return err
	}
	return errors.New("not a security option")
}

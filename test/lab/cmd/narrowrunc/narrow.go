package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// capSysResource is the number of CAP_SYS_RESOURCE, the right to go beyond limits.
const capSysResource = 24

// capabilityNames has each capability's name at its number (linux/capability.h).
var capabilityNames = strings.Fields(`
	CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
	NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
	SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
	MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`)

// object is a JSON object whose unknown members are kept as they are.
type object map[string]json.RawMessage

// rights is what a container can be given on this machine.
type rights struct {
	bounding uint64                             // CapBnd
	hard     func(limit string) (uint64, error) // present hard limit, by its RLIMIT_ name
	oomScore int                                // present oom_score_adj
}

func (r rights) has(capability int) bool { return r.bounding&(1<<capability) != 0 }

// narrowBundle narrows the process of a bundle's config.json.
func (r rights) narrowBundle(config object) error {
	raw, ok := config["process"]
	if !ok {
		return nil
	}
	var process object
	if err := json.Unmarshal(raw, &process); err != nil {
		return err
	}
	if err := r.narrowProcess(process); err != nil {
		return err
	}
	return put(config, "process", process)
}

// narrowProcess takes out of a process request what cannot be given.
func (r rights) narrowProcess(process object) error {
	if raw, ok := process["capabilities"]; ok {
		var sets map[string][]string
		if err := json.Unmarshal(raw, &sets); err != nil {
			return err
		}
		for name, set := range sets {
			sets[name] = slices.DeleteFunc(set, func(c string) bool {
				number := slices.Index(capabilityNames, strings.TrimPrefix(c, "CAP_"))
				return number >= 0 && !r.has(number)
			})
		}
		if err := put(process, "capabilities", sets); err != nil {
			return err
		}
	}
	if r.has(capSysResource) {
		return nil
	}
	if raw, ok := process["rlimits"]; ok {
		var limits []struct {
			Type string `json:"type"`
			Hard uint64 `json:"hard"`
			Soft uint64 `json:"soft"`
		}
		if err := json.Unmarshal(raw, &limits); err != nil {
			return err
		}
		for i, l := range limits {
			most, err := r.hard(l.Type)
			if err != nil {
				return err
			}
			limits[i].Hard, limits[i].Soft = min(l.Hard, most), min(l.Soft, most)
		}
		if err := put(process, "rlimits", limits); err != nil {
			return err
		}
	}
	if raw, ok := process["oomScoreAdj"]; ok {
		var score *int
		if err := json.Unmarshal(raw, &score); err != nil {
			return err
		}
		if score != nil && *score < r.oomScore {
			return put(process, "oomScoreAdj", r.oomScore)
		}
	}
	return nil
}

func put(o object, key string, value any) error {
	raw, err := json.Marshal(value)
	o[key] = raw
	return err
}

// rewrite changes a JSON file in place. A file that is not there is runc's to complain about.
func rewrite(path string, change func(object) error) error {
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var o object
	if err := json.Unmarshal(raw, &o); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if err := change(o); err != nil {
		return fmt.Errorf("narrow %s: %w", path, err)
	}
	narrowed, err := json.Marshal(o)
	if err != nil || bytes.Equal(raw, narrowed) {
		return err
	}
	return os.WriteFile(path, narrowed, 0o600) // an existing file keeps its mode
}

// presentRights reads what this process may hand on.
func presentRights() (rights, error) {
	r := rights{hard: hardLimit}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return r, err
	}
	for line := range strings.Lines(string(status)) {
		if hex, ok := strings.CutPrefix(line, "CapBnd:"); ok {
			if r.bounding, err = strconv.ParseUint(strings.TrimSpace(hex), 16, 64); err != nil {
				return r, fmt.Errorf("read the bounding set: %w", err)
			}
		}
	}
	score, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return r, err
	}
	r.oomScore, err = strconv.Atoi(strings.TrimSpace(string(score)))
	return r, err
}

// limitNumbers are the RLIMIT_ numbers of every architecture but MIPS and SPARC.
var limitNumbers = map[string]int{
	"RLIMIT_CPU": 0, "RLIMIT_FSIZE": 1, "RLIMIT_DATA": 2, "RLIMIT_STACK": 3, "RLIMIT_CORE": 4, "RLIMIT_RSS": 5,
	"RLIMIT_NPROC": 6, "RLIMIT_NOFILE": 7, "RLIMIT_MEMLOCK": 8, "RLIMIT_AS": 9, "RLIMIT_LOCKS": 10,
	"RLIMIT_SIGPENDING": 11, "RLIMIT_MSGQUEUE": 12, "RLIMIT_NICE": 13, "RLIMIT_RTPRIO": 14, "RLIMIT_RTTIME": 15,
}

func hardLimit(limit string) (uint64, error) {
	number, ok := limitNumbers[limit]
	if !ok {
		return 0, fmt.Errorf("unknown limit %s", limit)
	}
	var l syscall.Rlimit
	if err := syscall.Getrlimit(number, &l); err != nil {
		return 0, fmt.Errorf("read %s: %w", limit, err)
	}
	return l.Max, nil
}

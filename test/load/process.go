package main

import (
	"fmt"
	"syscall"
	"time"

	"foster/test/lab"
)

// ran is the processor time that a process has used so far.
func ran(pid int) (time.Duration, error) {
	u, err := lab.ReadUsage(fmt.Sprintf("/proc/%d", pid))
	return u.Processor, err
}

// ranHere is this program's own.
func ranHere() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("read this program's processor time: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Usage is what a process has of the machine, as the kernel counts it.
type Usage struct {
	Processor time.Duration // of all its threads so far, those that have ended too
	Born      time.Duration // after the start of the machine
	RSS       int64         // bytes
}

// clockTick is the kernel's unit of time in /proc, the same on every Linux.
const clockTick = 10 * time.Millisecond

// ReadUsage reads it from the process's directory: /proc/PID, or one in the /proc of a node.
func ReadUsage(proc string) (Usage, error) {
	raw, err := os.ReadFile(filepath.Join(proc, "stat"))
	if err != nil {
		return Usage{}, fmt.Errorf("read what a process uses: %w", err)
	}
	fields := statFields(raw)
	var numbers [4]int64
	for i, field := range []int{14, 15, 22, 24} { // utime, stime, starttime, rss in pages: proc(5) counts from 1
		if field-3 >= len(fields) {
			return Usage{}, fmt.Errorf("read what a process uses: short stat line %q", raw)
		}
		if numbers[i], err = strconv.ParseInt(fields[field-3], 10, 64); err != nil {
			return Usage{}, fmt.Errorf("read what a process uses: %w", err)
		}
	}
	return Usage{
		Processor: time.Duration(numbers[0]+numbers[1]) * clockTick,
		Born:      time.Duration(numbers[2]) * clockTick,
		RSS:       numbers[3] * int64(os.Getpagesize()),
	}, nil
}

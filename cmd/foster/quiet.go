package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"foster/report"
)

// quietAfter is how long nothing must have been ordered for the memory of what
// was done to be given back.
const quietAfter = 3 * time.Second

// quiet gives memory back when a launch or a recovery is over: foster mostly
// waits, for days, and needs a fraction then of what it needs to act.
type quiet struct {
	rest func() // gives the memory back
	busy chan struct{}
}

var _ report.Observer = (*quiet)(nil)

func newQuiet(rest func()) *quiet { return &quiet{rest: rest, busy: make(chan struct{}, 1)} }

// Stepped notes that something was done.
func (q *quiet) Stepped(s report.Step) {
	if len(s.Effects) == 0 {
		return
	}
	select {
	case q.busy <- struct{}{}:
	default:
	}
}

// run returns when ctx ends.
func (q *quiet) run(ctx context.Context) error {
	timer := time.NewTimer(quietAfter)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-q.busy:
			timer.Reset(quietAfter)
		case <-timer.C:
			q.rest()
		}
	}
}

// giveBack returns unused heap to the kernel, and the pages of the program
// itself that are mapped but not needed now: reading a compose file and
// launching touch most of the program, watching touches little. Such pages are
// only unmapped; the next use finds them in the page cache, or in the file.
func giveBack() {
	debug.FreeOSMemory()
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return // a kernel without them
	}
	defer maps.Close()
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	for _, m := range unwritten(maps, program) {
		// Advice: where it is not taken everything stays as it was.
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED)
	}
}

// mapping is a range of addresses.
type mapping struct{ from, to uintptr }

// unwritten are the mappings of a file that cannot be written to and never
// were: its code and its constants. Anything else must not be dropped. That it
// cannot be written to is not enough: the loader of a position-independent
// program writes addresses into some constants (RELRO) before it takes the right
// to write away, and what was written is nowhere but in the pages. Those are
// anonymous then, or in the swap; pages of the file can be dirty as well, when
// it was copied to the disk a moment ago, and that is nothing.
func unwritten(smaps io.Reader, file string) []mapping {
	var out []mapping
	var m mapping
	clean := map[string]bool{} // what the kernel says of m that it has none of
	end := func() {
		if m.to > m.from && clean["Anonymous:"] && clean["Swap:"] {
			out = append(out, m)
		}
		m = mapping{}
		clear(clean)
	}
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		// 00400000-00c1d000 r-xp 00000000 fe:00 131 /foster
		// Anonymous:             0 kB
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) == 3 && fields[2] == "kB":
			clean[fields[0]] = fields[1] == "0"
		case len(fields) > 1 && strings.Contains(fields[0], "-"):
			end()
			if len(fields) != 6 || fields[5] != file || fields[1] != "r-xp" && fields[1] != "r--p" {
				continue
			}
			if _, err := fmt.Sscanf(fields[0], "%x-%x", &m.from, &m.to); err != nil {
				m = mapping{}
			}
		}
	}
	end()
	return out
}

package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"foster/report"
	"foster/state"
)

// TestQuiet: memory is given back once, some time after the last order.
func TestQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rests []time.Duration
		began := time.Now()
		q := newQuiet(func() { rests = append(rests, time.Since(began)) })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- q.run(ctx) }()
		ordered := report.Step{Effects: []state.Effect{state.Observe{Op: 1}}}
		time.Sleep(time.Second)
		q.Stepped(ordered)
		time.Sleep(2 * time.Second)
		q.Stepped(ordered)
		q.Stepped(ordered)
		time.Sleep(time.Second)
		q.Stepped(report.Step{}) // nothing was done
		time.Sleep(time.Hour)
		q.Stepped(ordered)
		time.Sleep(time.Hour)
		cancel()
		if err := <-ended; err != context.Canceled {
			t.Errorf("run returned %v", err)
		}
		want := []time.Duration{3*time.Second + quietAfter, 4*time.Second + time.Hour + quietAfter}
		if !slices.Equal(rests, want) {
			t.Errorf("memory was given back after %v, want %v", rests, want)
		}
	})
}

// TestUnwrittenMappings: code and constants, but none that were written to
// before they became constants, wherever the written pages are now.
func TestUnwrittenMappings(t *testing.T) {
	mapped := func(what string, dirty, anonymous, swap int) string {
		return fmt.Sprintf("%s\nSize: 8 kB\nRss: 8 kB\nPrivate_Clean: 4 kB\nPrivate_Dirty: %d kB\nAnonymous: %d kB\nSwap: %d kB\nVmFlags: rd ex mr mw me\n", what, dirty, anonymous, swap)
	}
	smaps := mapped("00400000-00c1d000 r-xp 00000000 fe:00 131 /foster", 0, 0, 0) +
		mapped("00c1d000-01a00000 r--p 0081d000 fe:00 131 /foster", 64, 0, 0) +
		mapped("01a00000-01a10000 r--p 01600000 fe:00 131 /foster", 64, 64, 0) +
		mapped("01a10000-01a20000 r--p 01610000 fe:00 131 /foster", 0, 64, 0) +
		mapped("01a20000-01a30000 r--p 01620000 fe:00 131 /foster", 0, 0, 64) +
		mapped("01a30000-01a90000 rw-p 01630000 fe:00 131 /foster", 0, 0, 0) +
		mapped("01a90000-01b00000 r--p 00000000 00:00 0 ", 0, 0, 0) +
		mapped("c000000000-c000400000 rw-p 00000000 00:00 0 ", 4, 4, 0) +
		mapped("7f0000000000-7f0000001000 r--p 00000000 fe:00 132 /lib/other", 0, 0, 0) +
		"7f0000002000-7f0000003000 r-xp 00000000 fe:00 131 /foster\nSize: 4 kB\n" + // nothing is said of what was written
		mapped("7fff00000000-7fff00001000 r-xp 00000000 00:00 0 [vdso]", 0, 0, 0)
	want := []mapping{{0x400000, 0xc1d000}, {0xc1d000, 0x1a00000}}
	if got := unwritten(strings.NewReader(smaps), "/foster"); !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

// TestGiveBack: this very program has fewer of its pages afterwards, and goes on.
func TestGiveBack(t *testing.T) {
	program, err := os.ReadFile("/proc/self/exe") // its pages are in the page cache now
	if err != nil {
		t.Fatal(err)
	}
	before := filePages(t)
	giveBack()
	after := filePages(t)
	t.Logf("a program of %d kB: %d kB of files were mapped in, %d kB are", len(program)>>10, before, after)
	if after > before*3/4 {
		t.Errorf("%d kB of files were mapped in before, %d kB after", before, after)
	}
	if c := newRoot(outside{}); c.Name() != "foster" {
		t.Error("the program does not go on")
	}
}

// filePages are the kB of files that are mapped in.
func filePages(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "RssFile:"); ok {
			n, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("no RssFile in the process's status")
	return 0
}

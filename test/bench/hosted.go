package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// hosted is a foster that is a process of this machine.
type hosted struct {
	cmd   *exec.Cmd
	at    int64         // of its start
	ended chan struct{} // closed when it has ended; err is set by then
	err   error         // how it ended, with its log; nil after exit code 0
}

// host starts foster. The context that it returns ends with foster, which is its cause.
func (b *bench) host(ctx context.Context, settings ...string) (context.Context, *hosted, error) {
	f := &hosted{cmd: exec.CommandContext(ctx, b.foster), ended: make(chan struct{})}
	f.cmd.Env = append(b.node.Env(), settings...)
	var log bytes.Buffer
	f.cmd.Stdout, f.cmd.Stderr = &log, &log
	f.cmd.Cancel = func() error { return f.cmd.Process.Signal(syscall.SIGTERM) }
	f.cmd.WaitDelay = time.Minute
	f.at = time.Now().UnixNano()
	if err := f.cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start foster: %w", err)
	}
	with, cancel := context.WithCancelCause(ctx)
	go func() {
		if err := f.cmd.Wait(); err != nil {
			f.err = fmt.Errorf("foster: %w; its log:\n%s", err, log.String())
		}
		close(f.ended)
		cancel(fmt.Errorf("foster has ended, %s; its log:\n%s", f.cmd.ProcessState, log.String()))
	}()
	return with, f, nil
}

// end stops foster, which must take everything down in order. Of one that has ended it tells how.
func (f *hosted) end() error {
	f.stop()
	select {
	case <-f.ended:
		return f.err
	case <-time.After(patience):
	}
	_ = f.cmd.Process.Kill() // its end is awaited here
	<-f.ended
	return fmt.Errorf("it had not ended %s after it was asked to: %w", patience, f.err)
}

// stop asks foster to end.
func (f *hosted) stop() { _ = f.cmd.Process.Signal(syscall.SIGTERM) } // which one that has ended refuses

// spent is the processor time of all threads that it has and had.
func (f *hosted) spent() (time.Duration, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(f.cmd.Process.Pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("read foster's processor time: %w", err)
	}
	return processTime(string(stat))
}

// idleBefore is how long a process rests before its memory is read.
const idleBefore = 3 * time.Second

// memory is read after a rest, in kB of 1000 bytes.
func (f *hosted) memory(ctx context.Context) (rss, anonymous float64, err error) {
	if err := pause(ctx, idleBefore); err != nil {
		return 0, 0, err
	}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(f.cmd.Process.Pid) + "/smaps_rollup")
	if err != nil {
		return 0, 0, fmt.Errorf("read foster's memory: %w", err)
	}
	if rss, err = kilobytes(string(text), "Rss"); err != nil {
		return 0, 0, err
	}
	anonymous, err = kilobytes(string(text), "Anonymous")
	return rss, anonymous, err
}

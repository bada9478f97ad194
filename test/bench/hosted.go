package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"foster/test/lab"
)

// hosted is a foster that is a process of this machine.
type hosted struct {
	cmd   *exec.Cmd
	at    int64 // of its start
	asked sync.Once
	ended chan struct{} // closed when it has ended; err is set by then
	err   error         // how it ended, with its log; nil after exit code 0
}

// host starts foster. The context that it returns ends with foster, which is its cause.
func (b *bench) host(ctx context.Context, settings ...string) (context.Context, *hosted, error) {
	return b.hostTo(ctx, io.Discard, settings...)
}

// hostTo is host with somebody who reads what foster writes.
func (b *bench) hostTo(ctx context.Context, to io.Writer, settings ...string) (context.Context, *hosted, error) {
	f := &hosted{cmd: exec.CommandContext(ctx, b.foster), ended: make(chan struct{})}
	b.hosts++
	f.cmd.Env = append(append(b.node.Env(), settings...), observed(fmt.Sprintf("unix://%s/foster-%d.sock", b.work, b.hosts))...)
	var log tail
	f.cmd.Stdout = io.MultiWriter(&log, to)
	f.cmd.Stderr = &log
	f.cmd.Cancel = func() error {
		f.stop()
		return nil
	}
	f.cmd.WaitDelay = time.Minute
	f.at = time.Now().UnixNano()
	done, err := lab.Launch(f.cmd)
	if err != nil {
		return nil, nil, err
	}
	with, cancel := context.WithCancelCause(ctx)
	go func() {
		<-done
		if !f.cmd.ProcessState.Success() {
			f.err = fmt.Errorf("foster: %s; its log:\n%s", f.cmd.ProcessState, log.String())
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
	return errors.Join(fmt.Errorf("foster had not ended %s after it was asked to", patience), f.err)
}

// stop asks foster to end, once: a second signal would cut its end short.
func (f *hosted) stop() {
	f.asked.Do(func() { _ = f.cmd.Process.Signal(syscall.SIGTERM) }) // which one that has ended refuses
}

// proc is the kernel's directory about it.
func (f *hosted) proc() string { return "/proc/" + strconv.Itoa(f.cmd.Process.Pid) }

// idleBefore is how long a process rests before its memory is read: foster gives back what it needed to launch three
// seconds after the last order.
const idleBefore = 5 * time.Second

// memory is read after a rest, in kB of 1000 bytes.
func (f *hosted) memory(ctx context.Context) (rss, anonymous float64, err error) {
	if err := lab.Pause(ctx, idleBefore); err != nil {
		return 0, 0, err
	}
	text, err := os.ReadFile(f.proc() + "/smaps_rollup")
	if err != nil {
		return 0, 0, fmt.Errorf("read foster's memory: %w", err)
	}
	if rss, err = kilobytes(string(text), "Rss"); err != nil {
		return 0, 0, err
	}
	anonymous, err = kilobytes(string(text), "Anonymous")
	return rss, anonymous, err
}

// tail is the end of what foster wrote, for the errors.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p[max(0, len(p)-tailSize):]...)
	t.text = slices.Delete(t.text, 0, max(0, len(t.text)-tailSize))
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

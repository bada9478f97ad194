package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"

	"foster/spec"
	"foster/test/lab"
)

const (
	// childImage sleeps, and ends at once when it is stopped.
	childImage = "load/sleep"
	// patience is for what takes a second or two on an idle machine.
	patience = time.Minute
	// stableAfter is foster's, short enough for many faults.
	stableAfter = 100 * time.Millisecond
)

// load is one run.
type load struct {
	during    time.Duration
	perSecond int
	faults    int
	say       func(format string, args ...any)

	lab    *lab.Lab
	node   *lab.Node
	work   string // a directory
	foster string // the program
	self   string // this one, to run beside itself: a test may be built otherwise
}

// start starts the engine and builds foster, this program and the child's image.
func (l *load) start(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if l.lab, err = lab.Start(ctx, lab.Options{}); err != nil {
		return err
	}
	l.node = l.lab.Node(1)
	if l.work, err = os.MkdirTemp("", "foster-load-"); err != nil {
		return err
	}
	l.foster, l.self = filepath.Join(l.work, "foster"), filepath.Join(l.work, "load")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", l.work+"/", "foster/cmd/foster", "foster/test/load")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build foster and load: %w\n%s", err, out)
	}
	child := filepath.Join(l.work, "child")
	if err := os.Mkdir(child, 0o755); err != nil {
		return err
	}
	text := "FROM " + lab.BusyboxImage + "\nSTOPSIGNAL SIGKILL\nCMD [\"sleep\", \"1000000\"]\n"
	if err := os.WriteFile(filepath.Join(child, "Dockerfile"), []byte(text), 0o644); err != nil {
		return err
	}
	return l.node.Build(ctx, childImage, child)
}

func (l *load) close() error {
	var errs []error
	if l.lab != nil {
		errs = append(errs, l.lab.Close())
	}
	if l.work != "" {
		errs = append(errs, os.RemoveAll(l.work))
	}
	return errors.Join(errs...)
}

func (l *load) api() *client.Client { return l.node.Client() }

// left says what of a project is still on the engine.
func (l *load) left(ctx context.Context, project string) error {
	mine := filters.NewArgs(filters.Arg("label", spec.LabelProject+"="+project))
	containers, err := l.api().ContainerList(ctx, container.ListOptions{All: true, Filters: mine})
	if err != nil {
		return err
	}
	networks, err := l.api().NetworkList(ctx, network.ListOptions{Filters: mine})
	if err != nil {
		return err
	}
	if len(containers)+len(networks) > 0 {
		return fmt.Errorf("%d containers and %d networks of project %s are left", len(containers), len(networks), project)
	}
	return nil
}

// process is a running foster.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed at its end

	mu   sync.Mutex
	said map[string]int       // log entries by their message
	at   map[string]time.Time // when the last of each came
	tail []string             // the last of all
	err  bytes.Buffer
}

// tailSize is how much of the log an error shows.
const tailSize = 40

// launch starts foster as a process beside the engine. It dies with this program.
func (l *load) launch(project, host string, settings ...string) (*process, error) {
	cmd := exec.Command(l.foster)
	for _, kv := range l.node.Env() {
		if !strings.HasPrefix(kv, "LAUNCH_") && !strings.HasPrefix(kv, "FOSTER_") && !strings.HasPrefix(kv, "LOGIN_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "DOCKER_HOST="+host, "LAUNCH_IMAGE="+childImage, "LAUNCH_PULL=never", "LAUNCH_PROJECT_NAME="+project,
		"LAUNCH_SERVICE_NAME=child", "FOSTER_STABLE_AFTER="+stableAfter.String(), "FOSTER_LOG_FORMAT=json")
	cmd.Env = append(cmd.Env, settings...)
	cmd.Dir = l.work
	p := &process{cmd: cmd, done: make(chan struct{}), said: map[string]int{}, at: map[string]time.Time{}}
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, &p.err
	ended, err := lab.Launch(cmd)
	if err != nil {
		return nil, err
	}
	go func() {
		<-ended
		in.Close() // all that it said has been copied by then
	}()
	go func() {
		defer close(p.done)
		p.read(out)
	}()
	return p, nil
}

func (p *process) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var entry struct{ Message string }
		_ = json.Unmarshal(lines.Bytes(), &entry) // else it is shown only
		kind, _, _ := strings.Cut(entry.Message, ":")
		p.mu.Lock()
		p.said[kind]++
		p.at[kind] = time.Now()
		p.keep(lines.Text())
		p.mu.Unlock()
	}
	if err := lines.Err(); err != nil {
		p.mu.Lock()
		p.keep(fmt.Sprintf("(not read any more: %v)", err))
		p.mu.Unlock()
		_, _ = io.Copy(io.Discard, out) // foster does not wait for a reader
	}
}

// keep adds to the tail; mu is held.
func (p *process) keep(line string) {
	if p.tail = append(p.tail, line); len(p.tail) > tailSize {
		p.tail = p.tail[1:]
	}
}

// told counts the log entries that begin with these words, up to their colon.
func (p *process) told(kind string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said[kind]
}

// last is when the last entry of a kind came.
func (p *process) last(kind string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at[kind]
}

// log is the end of what it said.
func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.tail, "\n")
}

// await waits until so many entries of a kind were told.
func (p *process) await(ctx context.Context, kind string, n int) error {
	return await(ctx, fmt.Sprintf("%d of %q", n, kind), func() error {
		if got := p.told(kind); got < n {
			return fmt.Errorf("there are %d", got)
		}
		return nil
	})
}

// stop ends it as Swarm does; it must obey, with exit code 0.
func (p *process) stop(ctx context.Context) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-p.done:
	case <-ctx.Done():
		p.kill()
		return errors.New("foster does not stop")
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("foster ended with %d: %s", code, p.err.String())
	}
	return nil
}

// kill ends it whatever it does; one that has ended is as well.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// await asks again and again, until there is no error or patience is over.
func await(ctx context.Context, what string, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return lab.Await(ctx, what, ask)
}

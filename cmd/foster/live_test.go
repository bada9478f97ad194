package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"foster/test/engine"
)

// ownID is the container that the fosters here believe to run in.
const ownID = "00000000000000000000000000000000000000000000000000000000000000bb"

// lived is a whole foster against the in-memory engine, with a real socket and
// so in real time.
type lived struct {
	t       *testing.T
	outside outside
	engine  Engine
	signals chan os.Signal
	out     syncBuffer
	code    chan int
}

// liveFoster is one that believes to be in a container, with its socket at
// the first of the paths that it can write. It runs from its start on.
func liveFoster(t *testing.T, e Engine, own string, sockets []string, environ ...string) *lived {
	t.Helper()
	l := &lived{t: t, engine: e, signals: make(chan os.Signal, 2), code: make(chan int, 1)}
	mounts := os.DevNull
	if own != "" {
		mounts = insideOf(t, own)
	}
	l.outside = outside{
		environ: append([]string{"LAUNCH_IMAGE=app:1", "LAUNCH_PROJECT_NAME=p", "LAUNCH_SERVICE_NAME=web", "FOSTER_LOG_LEVEL=debug"}, environ...),
		signals: func() <-chan os.Signal { return l.signals }, procMountinfo: mounts, engine: e, sockets: sockets,
	}
	return l
}

func (l *lived) start(args ...string) *lived {
	out := l.outside
	out.args, out.stdout, out.stderr = append([]string{}, args...), &l.out, &l.out
	go func() { l.code <- exitCode(execute(context.Background(), out), &l.out) }()
	l.t.Cleanup(func() { l.end() })
	return l
}

func (l *lived) end() {
	l.t.Helper()
	if l.code == nil {
		return
	}
	l.signals <- syscall.SIGTERM
	select {
	case <-l.code:
	case <-time.After(20 * time.Second):
		l.t.Errorf("foster does not end\n%s", l.out.String())
	}
	l.code = nil
}

// call runs another command beside it.
func (l *lived) call(args ...string) (code int, stdout, stderr string) {
	l.t.Helper()
	var out, errs bytes.Buffer
	o := l.outside
	o.args, o.stdout, o.stderr = args, &out, &errs
	ctx, cancel := context.WithTimeout(l.t.Context(), 10*time.Second)
	defer cancel()
	return exitCode(execute(ctx, o), &errs), out.String(), errs.String()
}

// await calls until the answer has these words.
func (l *lived) await(code int, words string, args ...string) {
	l.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		got, stdout, stderr := l.call(args...)
		if got == code && strings.Contains(stdout+stderr, words) {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("foster %q: exit %d, %s%s, want %d and %q\n%s", args, got, stdout, stderr, code, words, l.out.String())
		}
	}
}

func memoryEngine(t *testing.T) *engine.Engine {
	t.Helper()
	e := engine.New(engine.Options{Version: "28.0"})
	t.Cleanup(e.Close)
	e.AddImage("app:1", engine.Image{})
	return e
}

// staleSocket leaves one that nobody listens at.
func staleSocket(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
}

// at is an engine at a host.
type at struct {
	memory
	host string
}

func (e at) DaemonHost() string { return e.host }

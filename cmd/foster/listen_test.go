package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/rs/zerolog"

	"foster/report"
	"foster/report/web"
	"foster/state"
)

// TestEndpoints: where HTTP can be served, and what is said of anywhere else.
func TestEndpoints(t *testing.T) {
	for value, want := range map[string]endpoint{
		":9180": {"tcp", ":9180"}, "127.0.0.1:9180": {"tcp", "127.0.0.1:9180"}, "[::1]:9180": {"tcp", "[::1]:9180"}, "localhost:1": {"tcp", "localhost:1"},
		"[fe80::1%eth0]:80": {"tcp", "[fe80::1%eth0]:80"}, "unix:///run/foster/http.sock": {"unix", "/run/foster/http.sock"},
	} {
		if got, err := parseEndpoint(value); err != nil || got != want {
			t.Errorf("%s: %v, %v", value, got, err)
		}
	}
	for value, what := range map[string]string{
		"9180": "is not an address and a port", "127.0.0.1": "is not an address and a port", "::1:9180": "is not an address and a port", "http://:9180": "is not an address",
		":": "has no port", ":0": "has no port", ":http": "has no port", ":65536": "has no port", ":-1": "has no port",
		"foster.example.org:9180": "has a name", "256.0.0.1:80": "has a name",
		"unix://run/x.sock": "whole path", "unix:///": "whole path", "unix:///run/": "whole path", "unix:///run/../x": "whole path", "unix:/run/x": "has no port",
		"unix:///" + strings.Repeat("x", socketPathMax): "is longer than the 107 characters",
	} {
		code, stdout, stderr := call(t, memory{}, []string{"LAUNCH_IMAGE=app:1", "FOSTER_LISTEN=" + value}, "config")
		if code != exitConfig || stdout != "" || !strings.HasPrefix(stderr, "foster: FOSTER_LISTEN=") || !strings.Contains(stderr, what) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %q %q, want %q", value, code, stdout, stderr, what)
		}
	}
}

// TestListenSocket: a socket is for the owner and the group, replaces one that
// nobody listens on, and goes with its listener; anything else is left alone.
func TestListenSocket(t *testing.T) {
	e := endpoint{"unix", filepath.Join(t.TempDir(), "http.sock")}
	leave := func() { // as a foster that was killed
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: e.Address, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		_ = l.Close()
	}
	leave()
	l, err := e.listen(t.Context())
	if err != nil {
		t.Fatalf("a stale socket is in the way: %v", err)
	}
	if info, err := os.Stat(e.Address); err != nil || info.Mode() != os.ModeSocket|0o660 {
		t.Errorf("the socket: %v, %v", info, err)
	}
	if second, err := e.listen(t.Context()); err == nil || !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a second listener took the place of the first: %v, %v", second, err)
	}
	_ = l.Close()
	if _, err := os.Lstat(e.Address); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
	if err := os.WriteFile(e.Address, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := e.listen(t.Context()); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("a file is in the way: %v", err)
	}
	if b, _ := os.ReadFile(e.Address); string(b) != "mine" {
		t.Error("the file was replaced")
	}
}

// said waits for a word among the log's.
type said struct {
	bytes.Buffer
	word  string
	found chan struct{}
}

func (s *said) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.word) {
		close(s.found)
	}
	return s.Buffer.Write(p)
}

// TestServeWaitsForItsPlace: as long as the place is taken it is tried for, with
// one warning; and the children do not wait for that.
func TestServeWaitsForItsPlace(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		e := endpoint{"unix", filepath.Join(dir, "late", "http.sock")} // not there yet
		log := &said{word: "serving HTTP", found: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		server := web.New(report.NewBoard(report.Config{}, state.State{}), web.Options{})
		go func() { ended <- serve(ctx, e, server, zerolog.New(log)) }()
		time.Sleep(5 * time.Minute)
		if err := os.Mkdir(filepath.Dir(e.Address), 0o700); err != nil {
			t.Fatal(err)
		}
		<-log.found
		resp, err := unixClient(e.Address).Get("http://foster/healthz")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("serve ended with %v", err)
		}
		if text := log.String(); strings.Count(text, `"level":"warn"`) != 1 || strings.Count(text, "cannot be served") < 10 || strings.Count(text, "cannot be served") > 20 {
			t.Errorf("five minutes were told as\n%s", text)
		}
	})
}

func unixClient(path string) *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
	}}
}

// TestListen: a run serves its board from the launch to the end, and takes its
// socket with it; no answer has a secret. In real time: a bubble's clock stands
// still while somebody listens.
func TestListen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "http.sock")
	p := start(t, "28.0", append(twoNetworks, "FOSTER_LISTEN=unix://"+path, "FOSTER_WEBHOOK_URL=http://127.0.0.1:1/hunter2",
		"FOSTER_STABLE_AFTER=1h", "LAUNCH_ENVIRONMENTS=TOKEN=hunter2", "LAUNCH_COMMAND=serve --password hunter2", "LAUNCH_LABELS=key=hunter2")...)
	ask := func(of, until string) string {
		var answer strings.Builder
		resp, err := unixClient(path).Get("http://foster" + of)
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			answer.WriteString(lines.Text() + "\n")
			if until != "" && strings.Contains(lines.Text(), until) {
				break
			}
		}
		return answer.String()
	}
	await := func(of, want string) {
		t.Helper()
		for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			got := ask(of, "")
			if strings.Contains(got, want) {
				return
			}
			if time.Since(began) > 20*time.Second {
				t.Fatalf("%s never said %q: %s\n%s", of, want, got, p.out.String())
			}
		}
	}
	await("/readyz", "whole: ")
	if err := p.engine.Kill(p.child().ID); err != nil {
		t.Fatal(err)
	}
	await("/metrics", `foster_recoveries_total{cause="died",outcome="recovered"} 1`)
	p.must(p.engine.Probed(p.child().ID, 1, "the password hunter2 is refused"))
	p.must(p.engine.SetHealth(p.child().ID, container.Unhealthy))
	await("/metrics", `foster_recoveries_total{cause="unhealthy",outcome="recovered"} 1`)
	if log := p.out.String(); !strings.Contains(log, "the password hunter2 is refused") {
		t.Errorf("the log does not have what the healthcheck said: %s", log)
	}
	for of, has := range map[string]string{"/status": `"kind":"recovered"`, "/events": `"kind":"recovered"`, "/metrics": "foster_child_up", "/": "<html", "/healthz": "unstable"} {
		until := ""
		if of == "/events" {
			until = has // it has no end
		}
		if answer := ask(of, until); !strings.Contains(answer, has) || strings.Contains(answer, "hunter2") {
			t.Errorf("%s has no %q, or a secret: %s", of, has, answer)
		}
	}
	p.child()
	p.signals <- syscall.SIGTERM
	if code := p.exit(20 * time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
	p.nothingLeft()
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/cmd/foster/chaos"
	"foster/spec"
	"foster/test/engine"
)

// chaosOn runs foster chaos against a running program's engine.
func (p *program) chaosOn(signals chan os.Signal, args ...string) (code int, stdout, stderr string) {
	p.t.Helper()
	var out, errs bytes.Buffer
	err := execute(context.Background(), outside{
		args: append([]string{"chaos", "--on-host"}, args...), stdout: &out, stderr: &errs, procMountinfo: os.DevNull,
		signals: func() <-chan os.Signal { return signals }, engine: memory{Engine: p.engine},
	})
	return exitCode(err, &errs), out.String(), errs.String()
}

// TestChaosAgainstFoster: the whole of foster recovers from every fault that
// chaos has, and chaos sees it.
func TestChaosAgainstFoster(t *testing.T) {
	for _, version := range []string{"20.10", "28.0"} {
		synctest.Test(t, func(t *testing.T) {
			p := start(t, version, append(twoNetworks, "FOSTER_STABLE_AFTER=1s")...)
			time.Sleep(5 * time.Second)
			code, stdout, stderr := p.chaosOn(nil, "--kill", "--stop", "--rm", "--cut", "back", "--cut", "front", "--pause", "--rounds", "40", "--seed", "1", "--json")
			if code != 0 {
				t.Fatalf("exit %d\n%s%s\n%s", code, stdout, stderr, p.out.String())
			}
			lines := strings.Split(strings.TrimSpace(stdout), "\n")
			kinds := map[string]int{}
			for _, l := range lines[:len(lines)-1] {
				var r struct {
					Fault     string
					Recovered bool
					Recovery  *float64 `json:"recovery_ms"`
				}
				if err := json.Unmarshal([]byte(l), &r); err != nil || !r.Recovered || r.Recovery == nil || *r.Recovery > 5000 {
					t.Errorf("%v: %s", err, l)
				}
				kinds[r.Fault]++
			}
			if len(lines) != 41 || len(kinds) != len(chaos.Kinds) {
				t.Errorf("%d lines, kinds %v", len(lines), kinds)
			}
			p.child()
			p.signals <- syscall.SIGTERM
			if code := p.exit(time.Minute); code != 0 {
				t.Errorf("exit code %d", code)
			}
			p.nothingLeft()
		})
	}
}

// TestChaosSignals: the first ends after the round, the second at once.
func TestChaosSignals(t *testing.T) {
	for _, second := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := start(t, "28.0", twoNetworks...)
			time.Sleep(11 * time.Second)
			signals := make(chan os.Signal, 2)
			time.AfterFunc(time.Second, func() {
				signals <- syscall.SIGINT
				if second {
					signals <- syscall.SIGINT
				}
			})
			began := time.Now()
			code, stdout, stderr := p.chaosOn(signals, "--pause", "--pause-for", "5s", "--rounds", "0")
			took := time.Since(began)
			switch {
			case !second && (code != 0 || took < 5*time.Second || took > 7*time.Second || !strings.Contains(stdout, "1 fault (1 pause)")):
				t.Errorf("exit %d after %s\n%s%s", code, took, stdout, stderr)
			case second && (code != 130 || took > 2*time.Second || !strings.Contains(stdout, "was interrupted and is not counted")):
				t.Errorf("exit %d after %s\n%s%s", code, took, stdout, stderr)
			}
			p.child()
			p.signals <- syscall.SIGTERM
			if code := p.exit(time.Minute); code != 0 {
				t.Errorf("exit code %d", code)
			}
			p.nothingLeft()
		})
	}
}

// TestChaosExitCodes: what an end without a fault says, and that nothing was broken.
func TestChaosExitCodes(t *testing.T) {
	e := engine.New(engine.Options{Version: "28.0"})
	t.Cleanup(e.Close)
	e.AddImage("app:1", engine.Image{})
	parent, err := e.Run(engine.Container{Name: "foster", Config: &container.Config{Image: "app:1", Labels: map[string]string{spec.LabelLauncher: "true"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, project := range []string{"p", "q"} {
		reaping{memory: memory{Engine: e}}.child(t, project, parent)
	}
	for _, x := range []struct {
		engine Engine
		args   []string
		code   int
		says   string
	}{
		{memory{Engine: e}, nil, exitConfig, "name one or more: p, q"},
		{memory{Engine: e}, []string{"--child", "foster"}, exitConfig, "is not foster's"},
		{memory{Engine: e}, []string{"--project", "p", "--project", "q"}, exitConfig, "say --yes if that is meant"},
		{memory{Engine: e}, []string{"--jitter", "2", "--rounds", "-1", "--probe", "web"}, exitConfig, "--probe"},
		{memory{Engine: e}, []string{"--every", "soon"}, exitConfig, "--every"},
		{memory{pingErr: engine.Refused}, nil, exitUnavailable, "docker.sock"},
	} {
		if code, _, stderr := call(t, x.engine, nil, append([]string{"chaos"}, x.args...)...); code != x.code || !strings.Contains(stderr, x.says) {
			t.Errorf("%q: exit %d, %s", x.args, code, stderr)
		}
	}
	for _, verb := range []engine.Verb{engine.ContainerKill, engine.ContainerStop, engine.ContainerRemove, engine.NetworkDisconnect, engine.ContainerPause} {
		if n := e.Count(verb); n > 0 {
			t.Errorf("%d times %s", n, verb)
		}
	}
	for flag, want := range map[string][]string{"--project": {"p", "q"}, "--child": {"p/web", "q/web"}, "--cut": {"bridge"}} {
		code, stdout, _ := call(t, memory{Engine: e}, nil, "__complete", "chaos", flag, "")
		got := strings.Split(strings.TrimSpace(stdout), "\n")
		if code != 0 || !slices.Equal(got[:len(got)-1], want) {
			t.Errorf("completion of %s: %q, want %q", flag, got, want)
		}
	}
	if code, stdout, _ := call(t, memory{Engine: e}, nil, "chaos", "--help"); code != 0 || !strings.Contains(stdout, "1    something did not") || !strings.Contains(stdout, "foster chaos --project ci") || strings.Contains(stdout, "125") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}

func TestSpeaksUTF8(t *testing.T) {
	for _, x := range []struct {
		environ []string
		want    bool
	}{
		{nil, false},
		{[]string{"LANG=en_US.UTF-8"}, true},
		{[]string{"LANG=en_US.UTF-8", "LC_ALL=C"}, false},
		{[]string{"LC_CTYPE=C.utf8", "LANG=C"}, true},
	} {
		if got := speaksUTF8(x.environ); got != x.want {
			t.Errorf("%v: %v", x.environ, got)
		}
	}
	if isTerminal(io.Discard) {
		t.Error("what is no file is no terminal")
	}
}

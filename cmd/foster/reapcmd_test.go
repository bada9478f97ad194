package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"foster/spec"
	"foster/test/engine"
)

// reaping is an engine in memory with what reap is to find.
type reaping struct {
	memory
	host string // "": not told
}

func (r reaping) DaemonHost() string { return r.host }

func newReaping(t *testing.T) reaping {
	t.Helper()
	e := engine.New(engine.Options{Version: "20.10"})
	t.Cleanup(e.Close)
	e.AddImage("app:1", engine.Image{})
	e.AddImage("foster:1", engine.Image{Config: dockerspec.DockerOCIImageConfig{ImageConfig: ocispec.ImageConfig{Labels: map[string]string{spec.LabelLauncher: "true"}}}})
	return reaping{memory: memory{Engine: e}}
}

// child is one as foster makes it; parent "" is a foster outside of containers.
func (r reaping) child(t *testing.T, project, parent string) {
	t.Helper()
	labels := map[string]string{
		spec.LabelProject: project, spec.LabelChild: "web", spec.LabelSpecHash: "h", spec.LabelVersion: "v",
		spec.LabelContainer: project + "-web-1", spec.LabelImage: "app:1",
		"com.docker.compose.project": project, "com.docker.compose.service": "web", "com.docker.compose.config-hash": "h",
	}
	if parent != "" {
		labels[spec.LabelParent] = parent
	}
	if _, err := r.Run(engine.Container{Name: project + "-web-1", Config: &container.Config{Image: "app:1", Labels: labels}}); err != nil {
		t.Fatal(err)
	}
}

// reap runs the command to its end.
func (r reaping) reap(t *testing.T, out outside, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var o, e bytes.Buffer
	out.args, out.stdout, out.stderr, out.engine = append([]string{"reap"}, args...), &o, &e, r
	if out.procMountinfo == "" {
		out.procMountinfo = os.DevNull
	}
	if out.signals == nil {
		out.signals = func() <-chan os.Signal { return nil }
	}
	err := execute(t.Context(), out)
	return exitCode(err, &e), o.String(), e.String()
}

const goneParent = "00000000000000000000000000000000000000000000000000000000000000aa"

func TestReapCommand(t *testing.T) {
	r := newReaping(t)
	r.child(t, "left", goneParent)
	r.child(t, "other", goneParent)
	// A setting that means nothing to reap is not its business.
	environ := []string{"LAUNCH_VOLUME=misspelt", "FOSTER_RESTART=perhaps"}

	code, stdout, _ := r.reap(t, outside{environ: environ}, "--dry-run", "--project", "left")
	if code != 0 || !strings.Contains(stdout, "left-web-1") || strings.Contains(stdout, "other") || !strings.Contains(stdout, "1 orphan") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	code, stdout, _ = r.reap(t, outside{environ: environ}, "--dry-run", "--format", "json")
	var found []map[string]any
	if err := json.Unmarshal([]byte(stdout), &found); code != 0 || err != nil || len(found) != 2 || found[0]["verdict"] != "orphan" {
		t.Errorf("exit %d, %v\n%s", code, err, stdout)
	}
	if got := r.Containers(); len(got) != 2 {
		t.Fatalf("a dry run leaves %q", got)
	}

	code, stdout, stderr := r.reap(t, outside{environ: environ}, "--grace", "0s", "--project", "left")
	if got := strings.Join(r.Containers(), " "); code != 0 || got != "other-web-1" || !strings.Contains(stdout, "1 removed") {
		t.Errorf("exit %d, left is %s\n%s%s", code, got, stdout, stderr)
	}
	r.Inject(engine.ContainerRemove, -1, engine.Fault{Err: os.ErrInvalid})
	code, stdout, stderr = r.reap(t, outside{environ: environ}, "--grace", "0s")
	if code != exitFailure || !strings.Contains(stderr, "remove container other-web-1: invalid argument") || !strings.Contains(stdout, "1 failed") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestReapFlags(t *testing.T) {
	r := newReaping(t)
	for _, c := range []struct{ args, says string }{
		{"--grace soon", `--grace="soon": is not a duration`},
		{"--grace -1s", `--grace="-1s": is a negative duration`},
		{"--format xml", "table, json"},
		{"--watch --dry-run", "does not go with --dry-run"},
		{"--watch --format json", "--log-format"},
		{"--project=", "names no project"},
		{"--log-level loud", "FOSTER_LOG_LEVEL"},
		{"--everything", "unknown flag"},
		{"now", "unknown command"},
	} {
		code, _, stderr := r.reap(t, outside{}, strings.Fields(c.args)...)
		if code != exitConfig || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d, want %q in %s", c.args, code, c.says, stderr)
		}
	}
	if calls := r.Calls(); len(calls) > 0 {
		t.Errorf("the engine was asked: %v", calls)
	}
	code, stdout, _ := r.reap(t, outside{}, "--help")
	for _, want := range []string{"foster reap --dry-run", "--grace DURATION", "--project PROJECT", `(default "1m0s")`, "a single run tries once", "  1    something could not be removed"} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit %d, no %q in its help\n%s", code, want, stdout)
		}
	}
	if strings.Count(stdout, "Exit codes:") != 1 {
		t.Errorf("its help has the exit codes of others too\n%s", stdout)
	}
	if code, stdout, _ := call(t, r, nil, "__complete", "reap", "--format", ""); code != 0 || !strings.HasPrefix(stdout, "table\njson\n") {
		t.Errorf("exit %d, completed are %q", code, stdout)
	}
	if code, stdout, _ := call(t, r, nil, "__complete", "rea"); code != 0 || !strings.HasPrefix(stdout, "reap\t") {
		t.Errorf("exit %d, completed are %q", code, stdout)
	}
}

// TestReapWithoutAnEngine: at the start, and in the middle.
func TestReapWithoutAnEngine(t *testing.T) {
	r := newReaping(t)
	r.pingErr = engine.Refused
	if code, _, stderr := r.reap(t, outside{}); code != exitUnavailable || !strings.Contains(stderr, "docker.sock") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	r.pingErr = nil
	r.Inject(engine.ContainerList, -1, engine.Fault{Err: engine.Refused})
	if code, _, stderr := r.reap(t, outside{}); code != exitUnavailable || !strings.Contains(stderr, "list containers") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// TestReapOfAnEngineThatRestores: it answers a ping before it describes the
// container that reap runs in. A single run says so, a watch waits.
func TestReapOfAnEngineThatRestores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReaping(t)
		r.child(t, "left", goneParent)
		out := outside{procMountinfo: insideOf(t, goneParent), environ: []string{"FOSTER_LOG_FORMAT=json"}}
		r.Inject(engine.ContainerInspect, 1, engine.Fault{For: goneParent, Hang: true})
		if code, _, stderr := r.reap(t, out, "--grace", "0s"); code != exitUnavailable || !strings.Contains(stderr, "inspect foster's own container") {
			t.Errorf("a single run: exit %d: %s", code, stderr)
		}

		r.Inject(engine.ContainerInspect, 3, engine.Fault{For: goneParent, Hang: true})
		signals := make(chan os.Signal, 1)
		out.signals = func() <-chan os.Signal { return signals }
		time.AfterFunc(5*time.Minute, func() { signals <- syscall.SIGTERM })
		code, stdout, stderr := r.reap(t, out, "--watch", "--grace", "0s", "--engine-timeout", "4m")
		if code != 0 || stderr != "" || !strings.Contains(stdout, "the engine does not answer, trying again") || len(r.Containers()) > 0 {
			t.Errorf("a watch: exit %d, left %q\n%s%s", code, r.Containers(), stdout, stderr)
		}
		if code, stdout, _ = r.reap(t, out, "--dry-run"); code != 0 {
			t.Errorf("exit %d\n%s", code, stdout)
		}

		// The watch's own time has an end too.
		r.Inject(engine.ContainerInspect, -1, engine.Fault{For: goneParent, Hang: true})
		began := time.Now()
		if code, _, stderr := r.reap(t, out, "--watch", "--engine-timeout", "2m"); code != exitUnavailable || time.Since(began) < 2*time.Minute {
			t.Errorf("after %s exit %d: %s", time.Since(began), code, stderr)
		}
	})
}

// insideOf is the mount table of a container.
func insideOf(t *testing.T, id string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "mountinfo")
	line := "100 99 254:0 /var/lib/docker/containers/" + id + "/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n"
	if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestReapWatches beside a whole foster: its end in order leaves nothing to
// reap, one that is gone does, and a signal is the watch's own end.
func TestReapWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "20.10", twoNetworks...)
		time.Sleep(11 * time.Second)
		before := p.child()
		r := reaping{memory: memory{Engine: p.engine}}
		r.child(t, "left", goneParent)

		signals := make(chan os.Signal, 1)
		var out, errs syncBuffer
		code := make(chan int, 1)
		go func() {
			code <- exitCode(execute(context.Background(), outside{
				args: []string{"reap", "--watch", "--grace", "30s", "--log-format", "json"}, stdout: &out, stderr: &errs,
				signals: func() <-chan os.Signal { return signals }, procMountinfo: os.DevNull, engine: r,
			}), &errs)
		}()
		time.Sleep(20 * time.Minute)
		if after := p.child(); after.ID != before.ID || after.State.StartedAt != before.State.StartedAt {
			t.Error("the child of a foster that runs was touched")
		}
		if len(p.engine.Containers()) != 1 || !strings.Contains(out.String(), `"container":"left-web-1","parent":"000000000000","detail":"its parent is gone"`) {
			t.Errorf("what is left was not removed:\n%s", out.String())
		}
		if n := strings.Count(out.String(), "kept, although no foster is seen"); n != 1 {
			t.Errorf("it tells %d times of a child that it knows nothing of, want once:\n%s", n, out.String())
		}
		signals <- syscall.SIGTERM
		if got := <-code; got != 0 || errs.String() != "" || !strings.Contains(out.String(), "foster reap ends") {
			t.Errorf("exit %d: %s", got, errs.String())
		}
		p.signals <- syscall.SIGTERM
		p.exit(time.Minute)
		p.nothingLeft()
	})
}

// TestReapIsStopped: a run that waits ends with the signal's code, and has
// changed nothing.
func TestReapIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReaping(t)
		r.child(t, "left", goneParent)
		signals := make(chan os.Signal, 1)
		time.AfterFunc(10*time.Second, func() { signals <- syscall.SIGINT })
		began := time.Now()
		code, stdout, stderr := r.reap(t, outside{signals: func() <-chan os.Signal { return signals }})
		if code != exitSignal+2 || time.Since(began) > 11*time.Second || !strings.Contains(stderr, "waiting 1m0s") || len(r.Containers()) != 1 {
			t.Errorf("exit %d after %s\n%s%s", code, time.Since(began), stdout, stderr)
		}
	})
}

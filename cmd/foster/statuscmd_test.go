package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/report"
	"foster/spec"
	"foster/test/engine"
)

// TestStatus of a foster that runs: in words and as a document, with its past.
func TestStatus(t *testing.T) {
	t.Parallel()
	e := memoryEngine(t)
	l := liveFoster(t, memory{Engine: e}, ownID, []string{filepath.Join(t.TempDir(), "s")}, "FOSTER_STABLE_AFTER=100ms", "LAUNCH_ENVIRONMENTS=TOKEN=hunter2")
	l.await(1, "nothing here carries foster's labels", "status")
	l.start()
	l.await(0, "p  whole: 1 child is whole\n", "status")
	time.Sleep(200 * time.Millisecond)
	if err := e.Kill("p-web-1"); err != nil {
		t.Fatal(err)
	}
	l.await(0, "1 recovery: median", "status")
	code, stdout, stderr := l.call("status")
	for _, want := range []string{"web    running  -       1/1   1 ", "died ", "web: fault: the child died with exit code 137", "web: recovered: the child is whole again (died, "} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit %d, no %q in\n%s%s", code, want, stdout, stderr)
		}
	}
	code, stdout, stderr = l.call("status", "--format", "json", "--project", "p")
	var s report.Status
	if err := json.Unmarshal([]byte(stdout), &s); code != 0 || err != nil || s.Schema != 1 || s.Source != "" || !s.Health.Ready || len(s.Children) != 1 || s.Children[0].Restarts != 1 || len(s.History) == 0 {
		t.Errorf("exit %d (%v): %+v\n%s", code, err, s, stderr)
	}
	if strings.Contains(stdout, "hunter2") {
		t.Error("it shows a secret")
	}
	l.await(1, `no project "other"`, "status", "--project", "other")
}

// TestStatusFromLabels: what the engine alone can tell, and the exit codes.
func TestStatusFromLabels(t *testing.T) {
	t.Parallel()
	r := newReaping(t)
	if code, stdout, stderr := call(t, r, nil, "status"); code != 1 || stdout != "" || !strings.Contains(stderr, "nothing here carries foster's labels") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	parent, err := r.Run(engine.Container{Name: "foster", Config: &container.Config{Image: "foster:1", Labels: map[string]string{"com.docker.swarm.task.name": "ci.1.abc"}}})
	if err != nil {
		t.Fatal(err)
	}
	r.child(t, "ci", parent)
	code, stdout, stderr := call(t, r, nil, "status")
	for _, want := range []string{"ci  whole: 1 child runs\n", "no foster answers, foster v, task ci.1.abc\n", "web    running  -       1/1   -         "} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit %d, no %q in\n%s%s", code, want, stdout, stderr)
		}
	}
	r.child(t, "left", goneParent)
	if err := r.Pause("ci-web-1"); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = call(t, r, nil, "status", "--all", "--format", "json")
	var all []report.Status
	if err := json.Unmarshal([]byte(stdout), &all); code != 0 || err != nil || len(all) != 2 {
		t.Fatalf("exit %d (%v): %s%s", code, err, stdout, stderr)
	}
	for i, want := range []report.Verdict{
		{Healthy: true, State: "paused", Reason: "web: somebody paused it"},
		{State: "orphaned", Reason: "web: its parent, container 000000000000, does not run"},
	} {
		if all[i].Health != want || all[i].Source != "labels" || all[i].Schema != 1 {
			t.Errorf("%+v, want %+v", all[i], want)
		}
	}
	if code, stdout, _ := call(t, r, nil, "status", "--all"); code != 0 || strings.Count(stdout, "\n") != 3 {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	for _, x := range []struct {
		engine Engine
		args   []string
		code   int
		says   string
	}{
		{r, nil, exitConfig, "there are several: ci, left"},
		{r, []string{"--project", "other"}, 1, `no project "other"`},
		{r, []string{"--no-engine"}, 1, "no foster runs here"},
		{r, []string{"--format", "xml"}, exitConfig, "table, json"},
		{r, []string{"--all", "--project", "ci"}, exitConfig, "--project"},
		{r, []string{"--all", "--no-engine"}, exitConfig, "--no-engine"},
		{memory{pingErr: engine.Refused}, nil, exitUnavailable, "docker.sock"},
	} {
		if code, _, stderr := call(t, x.engine, nil, append([]string{"status"}, x.args...)...); code != x.code || !strings.Contains(stderr, x.says) {
			t.Errorf("%q: exit %d, %s", x.args, code, stderr)
		}
	}
	for flag, want := range map[string][]string{"--project": {"ci", "left"}, "--format": {"table", "json"}} {
		code, stdout, _ := call(t, r, nil, "__complete", "status", flag, "")
		if got := strings.Split(strings.TrimSpace(stdout), "\n"); code != 0 || !slices.Equal(got[:len(got)-1], want) {
			t.Errorf("completion of %s: %q, want %q", flag, got, want)
		}
	}
}

// TestStatusAsksInside: a foster in a container is asked there; one that does
// not answer so is known by its labels.
func TestStatusAsksInside(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct{ says, want string }{
		"an answer":       {`{"schema":1,"project":"ci","health":{"state":"backoff","reason":"from inside"}}`, "ci  backoff: from inside\n"},
		"another schema":  {`{"schema":2,"project":"ci","health":{"state":"backoff","reason":"from inside"}}`, "ci  whole: 1 child runs\n"},
		"another project": {`{"schema":1,"project":"q","health":{"state":"backoff","reason":"from inside"}}`, "ci  whole: 1 child runs\n"},
		"no answer":       {"unknown command\n", "ci  whole: 1 child runs\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReaping(t)
			r.BehaveExec("/foster status --no-engine --format json", engine.Command{Says: x.says})
			parent, err := r.Run(engine.Container{Name: "foster", Config: &container.Config{Image: "foster:1", Labels: map[string]string{spec.LabelLauncher: "true"}}})
			if err != nil {
				t.Fatal(err)
			}
			r.child(t, "ci", parent)
			args, several := []string{"status", "--project", "ci"}, name == "another project"
			if code, stdout, stderr := call(t, r, nil, args...); code != 0 || !strings.HasPrefix(stdout, x.want) {
				t.Errorf("exit %d\n%s%s", code, stdout, stderr)
			}
			code, stdout, stderr := call(t, r, nil, "status")
			if several && (code != exitConfig || !strings.Contains(stderr, "there are several: ci, q")) || !several && !strings.HasPrefix(stdout, x.want) {
				t.Errorf("exit %d\n%s%s", code, stdout, stderr)
			}
			if code, stdout, _ := call(t, r, nil, "status", "--all"); code != 0 || !strings.Contains(stdout, "\nci") {
				t.Errorf("exit %d\n%s", code, stdout)
			}
		})
	}
}

// TestStatusWatch of a running foster on a pipe: what changes is appended, one
// that is gone is waited for, and a signal is its end.
func TestStatusWatch(t *testing.T) {
	t.Parallel()
	e := memoryEngine(t)
	sockets := []string{filepath.Join(t.TempDir(), "s")}
	l := liveFoster(t, memory{Engine: e}, ownID, sockets, "FOSTER_STABLE_AFTER=100ms").start()
	l.await(0, "whole", "health")
	watch := liveFoster(t, memory{Engine: e}, ownID, sockets)
	watch.start("status", "--watch", "--format", "json")
	awaitWords(t, &watch.out, `"state":"whole"`)
	watch.out.forget()
	if err := e.Kill("p-web-1"); err != nil {
		t.Fatal(err)
	}
	awaitWords(t, &watch.out, `"kind":"recovered"`)
	for line := range strings.Lines(watch.out.String()) {
		var s report.Status
		if err := json.Unmarshal([]byte(line), &s); err != nil || s.Project != "p" {
			t.Errorf("%v: %s", err, line)
		}
	}
	l.end()
	awaitWords(t, &watch.out, "trying again")
	watch.out.forget()
	l.code = make(chan int, 1)
	l.start()
	awaitWords(t, &watch.out, `"state":"whole"`)
	watch.end()
}

// TestStatusWatchesLabels: without a foster the engine is looked at again.
func TestStatusWatchesLabels(t *testing.T) {
	t.Parallel()
	r := newReaping(t)
	r.child(t, "ci", "")
	watch := liveFoster(t, r, "", nil)
	watch.start("status", "--watch", "--all")
	awaitWords(t, &watch.out, "ci       whole  web    running")
	r.child(t, "web", "")
	awaitWords(t, &watch.out, "\n\nPROJECT")
	awaitWords(t, &watch.out, "web      whole  web    running")
	watch.end()
}

func awaitWords(t *testing.T, out *syncBuffer, words string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(out.String(), words); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %q in\n%s", words, out.String())
		}
	}
}

// TestStatusOnAHost: --all has the fosters outside of containers that use this
// engine, and what the labels say of the rest.
func TestStatusOnAHost(t *testing.T) {
	dir := filepath.Join(ownHost(t), "own")
	r := newReaping(t)
	r.host = "unix:///run/docker.sock"
	r.child(t, "left", goneParent)
	l := liveFoster(t, r, "", []string{})
	l.outside.lockDir = dir
	l.start().await(0, "whole", "health")
	l.await(0, "p  whole: 1 child is whole", "status")
	l.await(0, "left  orphaned", "status", "--project", "left")
	code, stdout, stderr := l.call("status", "--all")
	if code != 0 || !strings.Contains(stdout, "\np        whole     web    running  -       1/1   0 ") || !strings.Contains(stdout, "\nleft     orphaned  web    running  -       1/1   - ") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	elsewhere := newReaping(t)
	elsewhere.host = "tcp://other:2375"
	o := l.outside
	var out, errs syncBuffer
	o.args, o.stdout, o.stderr, o.engine = []string{"status", "--all"}, &out, &errs, elsewhere
	if code := exitCode(execute(context.Background(), o), &errs); code != 1 {
		t.Errorf("another engine: exit %d\n%s%s", code, out.String(), errs.String())
	}
}

// TestStatusWatchResumes: a stream that is cut goes on behind what was seen;
// that it is alive hides nothing that came just before.
func TestStatusWatchResumes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	streams := 0
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(controlOwner, ownID)
		const now = `{"schema":1,"project":"p","foster":{"instance":"i"},"seq":%d}`
		if r.URL.Path == "/status" {
			fmt.Fprintf(w, now, 0)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		if streams++; streams == 2 && r.Header.Get("Last-Event-ID") != "i-1" {
			t.Errorf("the second stream goes on behind %q", r.Header.Get("Last-Event-ID"))
		}
		fmt.Fprintf(w, "retry: 1000\n\nevent: status\nid: i-%d\ndata: "+now+"\n\n: quiet\n\nevent: alive\ndata:\n\nevent: entry\nid: i-%d\ndata: {\"seq\":%d,\"text\":\"entry %d\"}\n\nevent: alive\ndata:\n\n", streams-1, streams, streams, streams, streams)
	})}}
	server.Start()
	defer server.Close()
	watch := liveFoster(t, memory{}, ownID, []string{path})
	watch.start("status", "--watch", "--format", "json")
	awaitWords(t, &watch.out, `[{"seq":1,"at":"0001-01-01T00:00:00Z","kind":"","level":"","text":"entry 1"},{"seq":2,`)
	awaitWords(t, &watch.out, "is gone: EOF, trying again")
	watch.end()
}

// TestRedraw: what was there is written over line by line, without a flicker.
func TestRedraw(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	redraw(&out, "a\nb\n", true)
	redraw(&out, "c\n", false)
	if want := "\x1b[2J\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J\x1b[Hc\x1b[K\n\x1b[J"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

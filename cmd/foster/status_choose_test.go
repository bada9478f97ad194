package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/cmd/foster/status"
	"foster/report"
	"foster/spec"
	"foster/test/engine"
)

// TestTeller: of the fosters that answer for one project the one is shown that
// has it.
func TestTeller(t *testing.T) {
	t.Parallel()
	r := newReaping(t)
	var ids []string
	for _, name := range []string{"old", "new"} {
		id, err := r.Run(engine.Container{Name: name, Config: &container.Config{Image: "foster:1", Labels: map[string]string{spec.LabelLauncher: "true"}}})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	r.child(t, "ci", ids[1])
	r.child(t, "host", "")
	found, err := status.Survey(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	says := func(project, stage, id string) report.Status {
		return report.Status{Project: project, Stage: stage, Foster: report.Foster{Container: id}}
	}
	for name, x := range map[string]struct {
		project string
		answers []report.Status
		stage   string // of the one that is taken, "" for none
	}{
		"the parent":               {"ci", []report.Status{says("ci", "up", ids[0]), says("ci", "closing", ids[1])}, "closing"},
		"the parent first":         {"ci", []report.Status{says("ci", "closing", ids[1]), says("ci", "up", ids[0])}, "closing"},
		"no parent, one waits":     {"host", []report.Status{says("host", "standby", "x"), says("host", "up", "")}, "up"},
		"no parent, one begins":    {"host", []report.Status{says("host", "away", "x"), says("host", "opening", "y")}, "away"},
		"only one, and it waits":   {"host", []report.Status{says("other", "up", "x"), says("host", "standby", "y")}, "standby"},
		"nobody of this project's": {"host", []report.Status{says("other", "up", "x")}, ""},
	} {
		if s, ok := teller(found, x.project, x.answers); s.Stage != x.stage || ok != (x.stage != "") {
			t.Errorf("%s: %q (%t), want %q", name, s.Stage, ok, x.stage)
		}
	}
}

// hanging is an engine that does not say what one container is like.
type hanging struct {
	reaping
	name string
}

func (e hanging) ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error) {
	c, err := e.reaping.ContainerInspect(ctx, id)
	if err == nil && c.Name == e.name {
		<-ctx.Done()
		return container.InspectResponse{}, ctx.Err()
	}
	return c, err
}

// TestStatusOfAHangingContainer: it is shown as the list has it, like the rest.
func TestStatusOfAHangingContainer(t *testing.T) {
	t.Parallel()
	r := newReaping(t)
	r.child(t, "bad", "")
	r.child(t, "good", "")
	if err := r.Pause("bad-web-1"); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := call(t, hanging{r, "/bad-web-1"}, nil, "status", "--all")
	for _, want := range []string{"\nbad      paused  web    paused   -       1/1 ", "\ngood     whole   web    running  -       1/1 "} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit %d, no %q in\n%s%s", code, want, stdout, stderr)
		}
	}
}

// TestStatusOfAFollower: what foster follows is not taken for foster.
func TestStatusOfAFollower(t *testing.T) {
	t.Parallel()
	r := newReaping(t)
	parent, err := r.Run(engine.Container{Name: "gitlab", Config: &container.Config{Image: "app:1"}})
	if err != nil {
		t.Fatal(err)
	}
	r.child(t, "ci", parent)
	if code, stdout, stderr := call(t, r, nil, "status"); code != 0 || !strings.Contains(stdout, "\nas the engine has it: no foster answers, foster v, follows gitlab\n") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

// TestStatusOfBeginners: fosters that do not know their project yet are shown
// each, as what they are, and hide no project.
func TestStatusOfBeginners(t *testing.T) {
	t.Parallel()
	r := newReaping(t)
	r.BehaveExec("/foster status --no-engine --format json", engine.Command{
		Says: `{"schema":1,"project":"","stage":"opening","foster":{"container":"` + ownID + `"},"health":{"state":"starting","reason":"waiting for the engine"}}`,
	})
	for _, name := range []string{"one", "two"} {
		if _, err := r.Run(engine.Container{Name: name, Config: &container.Config{Image: "foster:1", Labels: map[string]string{spec.LabelLauncher: "true"}}}); err != nil {
			t.Fatal(err)
		}
	}
	code, stdout, stderr := call(t, r, nil, "status")
	if code == 0 || stdout != "" || !strings.Contains(stderr, "2 fosters run, and none knows its project yet: see foster status --all") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	r.child(t, "ci", goneParent)
	code, stdout, stderr = call(t, r, nil, "status", "--all")
	lines := strings.Split(stdout, "\n")
	for i, want := range []string{"PROJECT ", "(foster in 000000000000)  starting  -    ", "(foster in 000000000000)  starting  -    ", "ci                        orphaned  web  "} {
		if code != 0 || len(lines) != 5 || !strings.HasPrefix(lines[i], want) {
			t.Fatalf("exit %d, line %d does not begin with %q\n%s%s", code, i, want, stdout, stderr)
		}
	}
}

// TestAsker: what has not moved is asked again only after a while.
func TestAsker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReaping(t)
		r.BehaveExec("/foster status --no-engine --format json", engine.Command{Says: `{"schema":1,"project":"ci","now":"2026-03-01T12:00:00Z"}`})
		parent, err := r.Run(engine.Container{Name: "foster", Config: &container.Config{Image: "foster:1", Labels: map[string]string{spec.LabelLauncher: "true"}}})
		if err != nil {
			t.Fatal(err)
		}
		r.child(t, "ci", parent)
		var a status.Asker
		look := func(execs int, what string) []report.Status {
			t.Helper()
			found, err := status.Survey(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			answers := a.Ask(t.Context(), r, found, found.Launchers)
			if n := len(r.Execs()); n != execs || len(answers) != 1 {
				t.Fatalf("%s: asked %d times, want %d; %d answers", what, n, execs, len(answers))
			}
			time.Sleep(2 * time.Second)
			return answers
		}
		first := look(1, "the first look")[0]
		look(2, "it rests")
		aged := look(2, "nothing moves")[0]
		if got := aged.Now.Sub(first.Now); got < 2*time.Second || got > 3*time.Second {
			t.Errorf("an answer of two seconds ago is %s older", got)
		}
		if err := r.Pause("ci-web-1"); err != nil {
			t.Fatal(err)
		}
		look(3, "it moves")
		look(4, "it rests again")
		for range 6 {
			look(4, "nothing moves")
		}
		time.Sleep(2 * time.Second)
		look(5, "a while later")
	})
}

// TestStatusWatchOfNothing: a stream of documents has nothing else in it, and
// goes on when there is something.
func TestStatusWatchOfNothing(t *testing.T) {
	t.Parallel()
	r := newReaping(t)
	var stdout, stderr syncBuffer
	signals, code := make(chan os.Signal, 1), make(chan int, 1)
	out := outside{
		args: []string{"status", "--all", "--watch", "--format", "json"}, stdout: &stdout, stderr: &stderr, engine: r,
		signals: func() <-chan os.Signal { return signals }, procMountinfo: os.DevNull,
	}
	go func() { code <- exitCode(execute(context.Background(), out), &stderr) }()
	awaitWords(t, &stdout, "[]\n")
	r.child(t, "ci", "")
	awaitWords(t, &stdout, `"project":"ci"`)
	signals <- syscall.SIGTERM
	if got := <-code; got != 0 || stderr.String() != "" {
		t.Errorf("exit %d: %s", got, stderr.String())
	}
	for line := range strings.Lines(stdout.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no document: %q", line)
		}
	}
}

// TestScreenOfNobody: what is told no more stays on the terminal as it was,
// below the reason.
func TestScreenOfNobody(t *testing.T) {
	t.Parallel()
	tty, read := openTerminal(t)
	s := &screen{out: outside{stdout: tty, stderr: &bytes.Buffer{}, environ: []string{"NO_COLOR=1"}}, flags: &statusFlags{format: "table", watch: true}}
	now := report.Status{Project: "ci", Now: time.Now(), Foster: report.Foster{Started: time.Now().Add(-time.Hour), Version: "v"}, Health: report.Verdict{State: "whole"}}
	s.show([]report.Status{now}, time.Now())
	if text := read(); !strings.Contains(text, "ci  whole") || strings.Contains(text, "trying again") {
		t.Errorf("%q", text)
	}
	s.say(fmt.Errorf("it is gone"))
	if text := read(); !strings.HasPrefix(text, "\x1b[Hfoster: it is gone, trying again\x1b[K") || !strings.Contains(text, "ci  whole") {
		t.Errorf("%q", text)
	}
	s.say(fmt.Errorf("it is gone"))
	s.age()
	if text := read(); text != "" {
		t.Errorf("drawn again: %q", text)
	}
	s.show([]report.Status{now}, time.Now())
	if text := read(); !strings.Contains(text, "ci  whole") || strings.Contains(text, "trying again") {
		t.Errorf("%q", text)
	}
}

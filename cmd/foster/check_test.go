package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"foster/test/engine"
)

// checked is one run of the check on a compose document.
type checked struct {
	s         *surveyed
	command   string // check when ""
	document  string
	settings  []string // more than FOSTER_FILE
	args      []string
	mountinfo string // "" on a host
}

func (c checked) run(t *testing.T) (code int, stdout, stderr string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "compose.yaml")
	if err := os.WriteFile(path, []byte(c.document), 0o600); err != nil {
		t.Fatal(err)
	}
	if c.command == "" {
		c.command = "check"
	}
	if c.mountinfo == "" {
		c.mountinfo = os.DevNull
	}
	// A launch that is not refused goes on until it is ended.
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out, errs bytes.Buffer
	err := execute(ctx, outside{
		args: append([]string{c.command}, c.args...), environ: append([]string{"FOSTER_FILE=" + path, "LAUNCH_PROJECT_NAME=p"}, c.settings...),
		stdout: &out, stderr: &errs, signals: func() <-chan os.Signal { return nil }, procMountinfo: c.mountinfo, engine: c.s,
	})
	code = exitCode(err, &errs)
	for _, call := range c.s.Calls() {
		switch call.Verb {
		case engine.ContainerCreate, engine.ContainerStart, engine.ContainerStop, engine.ContainerRemove, engine.NetworkConnect, engine.NetworkDisconnect,
			engine.NetworkCreate, engine.NetworkRemove, engine.VolumeCreate, engine.VolumeRemove, engine.ImagePull:
			t.Errorf("the check made a %s", call.Verb)
		}
	}
	return code, out.String(), errs.String()
}

// finds runs the check: each wanted line must begin so, problems on stderr and
// the others on stdout. No problem is found that is not wanted.
func (c checked) finds(t *testing.T, want ...string) {
	t.Helper()
	code, stdout, stderr := c.run(t)
	problems := 0
	for _, w := range want {
		where := stdout
		if strings.HasPrefix(w, "problem ") {
			where = stderr
			problems++
		}
		if !strings.Contains("\n"+where, "\n"+w) {
			t.Errorf("no line begins with %q", w)
		}
	}
	if got := strings.Count(stderr, "\n"); got != problems || strings.Contains(stdout, "problem ") {
		t.Errorf("%d lines on stderr, want %d", got, problems)
	}
	lines := map[string]bool{}
	for l := range strings.Lines(stdout + stderr) {
		if lines[l] {
			t.Errorf("said twice: %s", l)
		}
		lines[l] = true
	}
	if wantCode := map[bool]int{false: 0, true: exitConfig}[problems > 0]; code != wantCode {
		t.Errorf("exit %d, want %d", code, wantCode)
	}
	if t.Failed() {
		t.Logf("stdout:\n%sstderr:\n%s", stdout, stderr)
	}
}

const plainDocument = "services: {web: {image: 'app:1'}}\n"

func TestCheckOfNothingSpecial(t *testing.T) {
	c := checked{s: newSurveyed(t, ""), document: plainDocument}
	c.finds(t,
		"ok      configuration is right: project p, 1 child",
		"ok      engine is 20.10.24 with API 1.41",
		"ok      rights foster may list",
		"ok      swarm this node is in none",
		"ok      foster runs outside any container",
		"ok      image app:1 is present",
		"ok      container names 1 is free",
		"ok      network p_default will be created",
		"ok      stop grace the children may take 10s (web 10s): whoever ends foster has to wait 13s",
		"9 ok, 0 notes, 0 problems\n",
	)
}

func TestCheckAsJSON(t *testing.T) {
	s := newSurveyed(t, "")
	c := checked{s: s, document: "services: {web: {image: 'gone:1', pull_policy: never}}\n", args: []string{"--format", "json"}}
	code, stdout, stderr := c.run(t)
	var all []finding
	if err := json.Unmarshal([]byte(stdout), &all); err != nil || code != exitConfig || stderr != "" {
		t.Fatalf("exit %d, %v\n%s%s", code, err, stdout, stderr)
	}
	levels := map[level]int{}
	for _, f := range all {
		levels[f.Level]++
		if f.Subject == "" || f.Text == "" {
			t.Errorf("an empty finding: %+v", f)
		}
		if f.Level == levelProblem && (f.Subject != "image gone:1" || f.Hint == "") {
			t.Errorf("%+v", f)
		}
	}
	if levels[levelProblem] != 1 || levels[levelOK] < 5 {
		t.Errorf("%v\n%s", levels, stdout)
	}

	// What ends the check early is a finding too.
	c.document = "services: {web: {image: 'UPPER CASE'}}\n"
	code, stdout, stderr = c.run(t)
	if err := json.Unmarshal([]byte(stdout), &all); err != nil || code != exitConfig || len(all) != 1 || all[0].Level != levelProblem || stderr != "" {
		t.Errorf("exit %d, %v\n%s%s", code, err, stdout, stderr)
	}
	s.pingErr = engine.Refused
	c.document = plainDocument
	code, stdout, stderr = c.run(t)
	if err := json.Unmarshal([]byte(stdout), &all); err != nil || code != exitUnavailable || len(all) != 1 || all[0].Subject != "engine" || !strings.Contains(stderr, "docker.sock") {
		t.Errorf("exit %d, %v\n%s%s", code, err, stdout, stderr)
	}
	c.args = []string{"--format", "xml"}
	if code, _, stderr = c.run(t); code != exitConfig || !strings.Contains(stderr, "text, json") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// TestCheckBehindAProxy: what is denied is told, and only what foster cannot
// do without is a problem.
func TestCheckBehindAProxy(t *testing.T) {
	s := newSurveyed(t, "")
	s.refuse = []string{"info", "networks"}
	checked{s: s, document: plainDocument}.finds(t,
		"ok      engine API 1.41",
		"note    rights foster could not ask the engine about itself",
		"note    rights foster could not list networks",
		"note    network p_default could not be looked at",
	)
	s.refuse = []string{"events", "containers"}
	checked{s: s, document: plainDocument}.finds(t,
		"problem rights foster may not list containers",
		"problem rights foster may not read the engine's events",
	)
}

// TestCheckOfSilentEngine: each call has a deadline.
func TestCheckOfSilentEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSurveyed(t, "")
		s.Inject(engine.ImageInspect, -1, engine.Fault{Hang: true})
		s.Inject(engine.NetworkInspect, -1, engine.Fault{Err: engine.Internal})
		checked{s: s, document: plainDocument}.finds(t,
			"note    image app:1 could not be looked for: context deadline exceeded",
			"note    network p_default could not be looked at: Error response from daemon",
		)
	})
}

func TestCheckWarnings(t *testing.T) {
	s := newSurveyed(t, "")
	checked{s: s, document: plainDocument, settings: []string{"LAUNCH_IMAGE=other"}}.finds(t, "note    configuration ")
}

func TestCheckTooOldAnAPI(t *testing.T) {
	checked{s: newSurveyed(t, "1.40"), document: plainDocument}.finds(t, "problem engine has API 1.40, which is too old")
}

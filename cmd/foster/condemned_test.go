package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/engine"
)

// TestStoppedSinceUnhealthy: the end of a foster whose own healthcheck had
// given up is a failure, and any other one that was asked for is none.
func TestStoppedSinceUnhealthy(t *testing.T) {
	for status, want := range map[string]int{"": 0, container.Starting: 0, container.Healthy: 0, container.Unhealthy: exitFailure} {
		synctest.Test(t, func(t *testing.T) {
			e := memoryEngine(t)
			own := &container.Config{Image: "app:1"}
			if status != "" {
				own.Healthcheck = &container.HealthConfig{Test: []string{"CMD", "/foster", "health"}}
			}
			id, err := e.Run(engine.Container{Name: "foster", Config: own})
			if err != nil {
				t.Fatal(err)
			}
			if status != "" {
				if err := e.SetHealth(id, status); err != nil {
					t.Fatal(err)
				}
			}
			p := &program{t: t, engine: e, signals: make(chan os.Signal, 4), code: make(chan int, 1)}
			out := outside{
				args: []string{}, environ: []string{"LAUNCH_IMAGE=app:1", "LAUNCH_PROJECT_NAME=p", "LAUNCH_SERVICE_NAME=web"}, stdout: &p.out, stderr: &p.out,
				signals: func() <-chan os.Signal { return p.signals }, procMountinfo: insideOf(t, id), engine: memory{Engine: e},
			}
			go func() { p.code <- exitCode(execute(context.Background(), out), &p.out) }()
			time.Sleep(11 * time.Second)
			p.signals <- syscall.SIGTERM
			if code := p.exit(time.Minute); code != want {
				t.Errorf("%q: exit %d, want %d\n%s", status, code, want, p.out.String())
			}
			if says := strings.Contains(p.out.String(), "this end is a failure"); says != (want != 0) {
				t.Errorf("%q: the log says\n%s", status, p.out.String())
			}
			if left := e.Containers(); len(left) != 1 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// TestStoppedSinceRefused: where no engine can say that the healthcheck had
// given up, foster's own answers do.
func TestStoppedSinceRefused(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		engine Engine
		asked  int
		code   int
	}{
		"no engine, asked twice":      {memory{pingErr: engine.Refused}, 2, exitOK},
		"no engine, asked thrice":     {memory{pingErr: engine.Refused}, 3, exitFailure},
		"another engine, asked twice": {memory{Engine: engine.New(engine.Options{Version: "28.0"})}, 2, exitOK},
		"another engine":              {memory{Engine: engine.New(engine.Options{Version: "28.0"})}, 4, exitFailure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if e := x.engine.(memory).Engine; e != nil { // where the child ends at once
				e.AddImage("app:1", engine.Image{Process: engine.Process{Exits: true, Code: 1}})
				t.Cleanup(e.Close)
			}
			l := liveFoster(t, x.engine, ownID, []string{filepath.Join(t.TempDir(), "s")}).start()
			awaitWords(t, &l.out, "foster starts")
			for bad := 0; bad < x.asked; {
				switch code, stdout, _ := l.call("health"); {
				case code == 0: // the launch is under way
					bad = 0
				case stdout != "": // it answers
					bad++
				}
			}
			l.signals <- syscall.SIGTERM
			if code := <-l.code; code != x.code {
				t.Errorf("exit %d, want %d\n%s", code, x.code, l.out.String())
			}
			log := l.out.String()
			if says := strings.Contains(log, refusedWords) && strings.Contains(log, errRefused.Error()); says != (x.code != 0) {
				t.Errorf("the log says\n%s", log)
			}
			if strings.Contains(log, errCondemned.Error()) || strings.Contains(log, "had given up: this end is a failure") {
				t.Errorf("it claims what nobody knows\n%s", log)
			}
			l.code = nil
		})
	}
}

// TestRefusals: only bad answers in a row, and lately.
func TestRefusals(t *testing.T) {
	now := time.Now()
	for name, x := range map[string]struct {
		answers []int
		ago     time.Duration
		want    bool
	}{
		"none":           {nil, 0, false},
		"two":            {[]int{503, 503}, 0, false},
		"three":          {[]int{503, 503, 503}, 0, true},
		"three, and one": {[]int{503, 503, 503, 200}, 0, false},
		"not in a row":   {[]int{503, 503, 200, 503}, 0, false},
		"long ago":       {[]int{503, 503, 503}, time.Minute, false},
	} {
		var r refusals
		for _, code := range x.answers {
			r.add(code, now.Add(-x.ago))
		}
		if got := r.condemn(now); got != x.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

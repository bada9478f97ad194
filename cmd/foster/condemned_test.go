package main

import (
	"context"
	"os"
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

package main

import (
	"context"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"go.uber.org/goleak"

	"foster/test/engine"
)

// TestMain: the crash tests make a thousand engines, which are garbage at once.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	goleak.VerifyTestMain(m)
}

// TestRecovers plays single faults against the whole program, on engines that
// tell of a death in either order.
func TestRecovers(t *testing.T) {
	faults := []struct {
		name  string
		act   func(*engine.Engine, string) error
		fresh bool // the child is another container afterwards
		says  string
	}{
		{"exit 0", func(e *engine.Engine, id string) error { return e.Exit(id, 0) }, true, `"cause":"died"`},
		{"exit 3", func(e *engine.Engine, id string) error { return e.Exit(id, 3) }, true, `"exit_code":3`},
		{"kill", func(e *engine.Engine, id string) error { return e.Kill(id) }, true, `"exit_code":137`},
		{"oom", func(e *engine.Engine, id string) error { return e.OOM(id) }, true, `"cause":"oom"`},
		{"rm -f", func(e *engine.Engine, id string) error { return e.Destroy(id) }, true, `"message":"fault: the child `}, // died, or gone already when a look is faster
		{"rm -f without -v", func(e *engine.Engine, id string) error {
			return e.ContainerRemove(context.Background(), id, container.RemoveOptions{Force: true})
		}, true, `"message":"fault: the child `},
		{"stop", func(e *engine.Engine, id string) error { return e.Stop(id) }, true, `"cause":"stopped"`},
		{"restart", func(e *engine.Engine, id string) error { return e.Restart(id) }, false, `"cause":"stopped"`},
		{"cut external", func(e *engine.Engine, id string) error { return e.Cut("front", id) }, false, `"cause":"disconnected"`},
		{"cut created", func(e *engine.Engine, id string) error { return e.Cut("p_back", id) }, false, `"cause":"disconnected"`},
	}
	for _, version := range []string{"20.10", "28.0"} {
		for _, f := range faults {
			t.Run(version+" "+f.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := start(t, version, twoNetworks...)
					time.Sleep(11 * time.Second) // launched, and stable
					before := p.child()
					if err := f.act(p.engine, before.ID); err != nil {
						t.Fatal(err)
					}
					time.Sleep(5 * time.Second)
					if after := p.child(); (after.ID != before.ID) != f.fresh {
						t.Errorf("the child was %s, is %s", before.ID, after.ID)
					}
					if log := p.out.String(); !strings.Contains(log, f.says) || strings.Count(log, "recovered:") != 1 {
						t.Errorf("the log lacks %s, or does not tell of one recovery\n%s", f.says, log)
					}
					p.signals <- syscall.SIGTERM
					if code := p.exit(time.Minute); code != 0 {
						t.Errorf("exit code %d", code)
					}
					p.nothingLeft()
				})
			})
		}
	}
}

// TestCrashLoopIsBounded: a child that always dies costs a bounded number of
// engine calls, each pause longer than the last.
func TestCrashLoopIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "20.10", twoNetworks...)
		p.engine.Behave("p-web-1", engine.Process{Exits: true, ExitAfter: 100 * time.Millisecond, Code: 1})
		time.Sleep(10 * time.Minute)
		// 1 s doubling to 60 s: about 6 to get there, then one a minute.
		if n := p.engine.Count(engine.ContainerCreate); n < 10 || n > 20 {
			t.Errorf("%d creates in ten minutes", n)
		}
		if n := len(p.engine.Calls()); n > 20*15 {
			t.Errorf("%d engine calls in ten minutes", n)
		}
		p.signals <- syscall.SIGTERM
		if code := p.exit(time.Minute); code != 0 {
			t.Errorf("exit code %d", code)
		}
		p.nothingLeft()
	})
}

// TestExitCodes: how a run ends, and what it says with its code.
func TestExitCodes(t *testing.T) {
	cases := []struct {
		name    string
		environ []string
		act     func(*program)
		code    int
	}{
		{"none passes the code on", []string{"FOSTER_RESTART=none"}, func(p *program) { _ = p.engine.Exit("p-web-1", 7) }, 7},
		{"on-failure completes", []string{"FOSTER_RESTART=on-failure"}, func(p *program) { _ = p.engine.Exit("p-web-1", 0) }, 0},
		{"second signal", []string{"LAUNCH_STOP_GRACE_PERIOD=5m"}, func(p *program) {
			p.engine.Behave("p-web-1", engine.Process{IgnoreTerm: true})
			_ = p.engine.Restart("p-web-1")
			time.Sleep(2 * time.Second)
			p.signals <- syscall.SIGTERM
			time.Sleep(time.Second)
			p.signals <- syscall.SIGTERM
		}, 128 + 15},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := start(t, "20.10", append(twoNetworks, c.environ...)...)
				time.Sleep(11 * time.Second)
				c.act(p)
				if code := p.exit(time.Minute); code != c.code {
					t.Errorf("exit code %d, want %d\n%s", code, c.code, p.out.String())
				}
				p.nothingLeft()
			})
		})
	}
}

// TestBadConfiguration: everything that is wrong in one go, exit 78, and the
// engine was never asked for anything.
func TestBadConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "20.10", "LAUNCH_IMAGE=app:1", "LAUNCH_VOLUME=/a:/b", "FOSTER_RESTART=maybe",
			"FOSTER_WINDOW=soon", "LAUNCH_PRIVILEGED=perhaps", "FOSTER_MAX_ATTEMPTS=-1")
		if code := p.exit(time.Second); code != exitConfig {
			t.Errorf("exit code %d", code)
		}
		for _, want := range []string{
			"LAUNCH_VOLUME", "LAUNCH_VOLUMES", "FOSTER_RESTART", "any, on-failure, none",
			"FOSTER_WINDOW", "LAUNCH_PRIVILEGED", "FOSTER_MAX_ATTEMPTS",
		} {
			if !strings.Contains(p.out.String(), want) {
				t.Errorf("nothing about %s in\n%s", want, p.out.String())
			}
		}
		if lines := strings.Count(p.out.String(), "\n"); lines != 5 {
			t.Errorf("%d lines for 5 problems\n%s", lines, p.out.String())
		}
		if calls := p.engine.Calls(); len(calls) > 0 {
			t.Errorf("the engine was asked: %v", calls)
		}
	})
}

// TestEngineUnreachable: tried for FOSTER_ENGINE_TIMEOUT, then exit 69.
func TestEngineUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &program{t: t, signals: make(chan os.Signal, 1), code: make(chan int, 1)}
		began := time.Now()
		p.launch(memory{pingErr: engine.Refused}, []string{"LAUNCH_IMAGE=app:1", "FOSTER_ENGINE_TIMEOUT=30s"})
		if code := p.exit(time.Minute); code != exitUnavailable {
			t.Errorf("exit code %d\n%s", code, p.out.String())
		}
		if took := time.Since(began); took < 20*time.Second {
			t.Errorf("gave up after %s", took)
		}
	})
}

// TestSignalWhileReaching: a stop does not wait for an engine that is not there.
func TestSignalWhileReaching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &program{t: t, signals: make(chan os.Signal, 1), code: make(chan int, 1)}
		p.launch(memory{pingErr: engine.Refused}, []string{"LAUNCH_IMAGE=app:1"})
		time.Sleep(time.Second)
		p.signals <- syscall.SIGTERM
		if code := p.exit(time.Second); code != exitOK {
			t.Errorf("exit code %d", code)
		}
	})
}

// TestStopByHandSettles: a stop by hand gets its time to become a restart, and
// no more than that.
func TestStopByHandSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "20.10", twoNetworks...)
		time.Sleep(11 * time.Second)
		if err := p.engine.Stop("p-web-1"); err != nil {
			t.Fatal(err)
		}
		before := p.engine.Count(engine.ContainerCreate)
		time.Sleep(settleTime - 50*time.Millisecond)
		if n := p.engine.Count(engine.ContainerCreate); n != before {
			t.Errorf("replaced within the time that a restart has:\n%s", p.out.String())
		}
		time.Sleep(time.Second)
		p.child()
		if settleTime < 300*time.Millisecond {
			t.Errorf("%s is less than an engine takes from stop to start", settleTime)
		}
		p.signals <- syscall.SIGTERM
		p.exit(time.Minute)
		p.nothingLeft()
	})
}

package main

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	dockernet "github.com/docker/docker/api/types/network"

	"foster/state"
	"foster/test/engine"
)

// entries are the lines of the log so far, but for those that only debug.
func (p *program) entries() []map[string]any {
	p.t.Helper()
	var all []map[string]any
	for line := range strings.Lines(p.out.String()) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			p.t.Fatalf("%v in %s", err, line)
		}
		if e["level"] != "debug" {
			all = append(all, e)
		}
	}
	return all
}

// TestRecoveriesAreToldInOneLine: whatever the fault and however much was done
// about it, the last that is told of it is one line with what it was, what was
// done, how often, and how long it took.
func TestRecoveriesAreToldInOneLine(t *testing.T) {
	const web = "p-web-1"
	shared := "services:\n  web: {image: 'app:1', networks: [back, front]}\n  side: {image: 'app:1', network_mode: 'service:web'}\nnetworks: {back: {}, front: {external: true}}\n"
	file := filepath.Join(composeFiles(t, map[string]string{"c.yaml": shared}), "c.yaml")
	busy := errors.New("the engine is busy")
	slow := engine.Fault{Delay: 10 * time.Millisecond} // the events of one act come before a look's answer
	vpn := engine.Container{Name: "vpn", Config: &container.Config{Image: "app:1"}}
	cases := []struct {
		name       string
		environ    []string
		prepare    func(p *program)
		act        func(p *program)
		child      string // "": web
		cause, did string // "": there is nothing to recover from
		attempts   float64
		least      time.Duration // that it was down; the engine itself takes no time
	}{
		{name: "exit", act: func(p *program) { p.must(p.engine.Exit(web, 3)) }, cause: "died", did: state.DidRecreate, attempts: 1},
		{name: "oom", act: func(p *program) { p.must(p.engine.OOM(web)) }, cause: "oom", did: state.DidRecreate, attempts: 1},
		{name: "rm -f", act: func(p *program) {
			p.engine.Inject(engine.ContainerInspect, -1, slow)
			p.must(p.engine.Destroy(web))
		}, cause: "died", did: state.DidRecreate, attempts: 1},
		{name: "docker stop", act: func(p *program) { p.must(p.engine.Stop(web)) }, cause: "stopped", did: state.DidRecreate, attempts: 1, least: 300 * time.Millisecond},
		{name: "docker restart", act: func(p *program) { p.must(p.engine.Restart(web)) }, cause: "stopped", did: state.DidNothing},
		{name: "cut", act: func(p *program) { p.must(p.engine.Cut("front", web)) }, cause: "disconnected", did: state.DidReattach, attempts: 1},
		{name: "created network destroyed", act: func(p *program) {
			p.engine.Inject(engine.ContainerInspect, -1, slow)
			p.must(p.engine.NetworkDestroy("p_back"))
		}, cause: "disconnected", did: state.DidReattach, attempts: 1},
		{name: "external network destroyed, and back", act: func(p *program) {
			p.must(p.engine.NetworkDestroy("front"))
			time.Sleep(10 * time.Second)
			_, err := p.engine.AddNetwork("front", dockernet.CreateOptions{})
			p.must(err)
		}, cause: "disconnected", did: state.DidReattach, attempts: 5, least: 10 * time.Second},
		{name: "unhealthy", environ: []string{"LAUNCH_IMAGE=checked:1"}, prepare: becomesHealthy, act: func(p *program) {
			p.must(p.engine.SetHealth(web, container.Unhealthy))
			time.Sleep(5 * time.Second)
			becomesHealthy(p)
		}, cause: "unhealthy", did: state.DidRecreate, attempts: 1, least: 5 * time.Second},
		{name: "unhealthy for a while", environ: []string{"LAUNCH_IMAGE=checked:1", "FOSTER_ON_UNHEALTHY=ignore"}, prepare: becomesHealthy, act: func(p *program) {
			p.must(p.engine.SetHealth(web, container.Unhealthy))
			time.Sleep(5 * time.Second)
			becomesHealthy(p)
		}, cause: "unhealthy", did: state.DidNothing, least: 5 * time.Second},
		{name: "a death that the stream does not tell", act: func(p *program) {
			p.engine.DropEvents(20)
			p.must(p.engine.Exit(web, 1))
			p.engine.CutStreams(nil)
			time.Sleep(time.Second)
			p.engine.Tamper(nil)
		}, cause: "died", did: state.DidRecreate, attempts: 1},
		{name: "the engine restarts", act: func(p *program) {
			p.engine.Down(true)
			time.Sleep(20 * time.Second)
			p.engine.Up()
		}, cause: "stopped", did: state.DidRecreate, attempts: 1, least: 20 * time.Second},
		{name: "creates that fail", act: func(p *program) {
			p.engine.Inject(engine.ContainerCreate, 3, engine.Fault{Err: busy})
			p.must(p.engine.Exit(web, 1))
		}, cause: "died", did: state.DidRecreate, attempts: 4, least: 5 * time.Second},
		{name: "a start that fails", act: func(p *program) {
			p.engine.Inject(engine.ContainerStart, 1, engine.Fault{Err: busy})
			p.must(p.engine.Exit(web, 1))
		}, cause: "died", did: state.DidRecreate, attempts: 2, least: 700 * time.Millisecond},
		{name: "no manager for an overlay", act: func(p *program) {
			p.engine.Inject(engine.ContainerStart, 2, engine.Fault{Err: engine.NoManager})
			p.must(p.engine.Exit(web, 1))
		}, cause: "died", did: state.DidRecreate, attempts: 3, least: 2 * time.Second},
		{name: "a create whose answer never comes", act: func(p *program) {
			p.engine.Inject(engine.ContainerCreate, 1, engine.Fault{Late: true})
			p.must(p.engine.Exit(web, 1))
		}, cause: "died", did: state.DidRecreate, attempts: 2, least: time.Minute},
		{name: "an engine that hangs", act: func(p *program) {
			p.engine.Inject(engine.ContainerInspect, -1, engine.Fault{Hang: true})
			p.must(p.engine.Exit(web, 1))
			time.Sleep(15 * time.Second)
			p.engine.Heal()
		}, cause: "died", did: state.DidRecreate, attempts: 1, least: 15 * time.Second},
		{name: "connects that fail", act: func(p *program) {
			p.engine.Inject(engine.NetworkConnect, 3, engine.Fault{Err: busy})
			p.must(p.engine.Cut("front", web))
		}, cause: "disconnected", did: state.DidReattach, attempts: 4, least: 5 * time.Second},
		{name: "a death while it is cut", act: func(p *program) {
			p.engine.Inject(engine.NetworkConnect, 2, engine.Fault{Err: busy})
			p.must(p.engine.Cut("front", web))
			time.Sleep(1500 * time.Millisecond)
			p.must(p.engine.Exit(web, 1))
		}, cause: "disconnected", did: state.DidBoth, attempts: 3, least: 1500 * time.Millisecond},
		{name: "paused", act: func(p *program) {
			p.must(p.engine.Pause(web))
			time.Sleep(5 * time.Second)
			p.must(p.engine.Unpause(web))
		}},
		{name: "renamed", act: func(p *program) { p.must(p.engine.Rename(web, "else")) }},
		{name: "the followed container stops, and is back", environ: []string{"FOSTER_PARENT=vpn"}, prepare: func(p *program) {
			_, err := p.engine.Run(vpn)
			p.must(err)
		}, act: func(p *program) {
			p.must(p.engine.Stop("vpn"))
			time.Sleep(5 * time.Second)
			p.must(p.engine.Start("vpn"))
		}, cause: "parent-down", did: state.DidRecreate, attempts: 1},
		{name: "the owner of its network dies", environ: []string{"FOSTER_FILE=" + file, "LAUNCH_PROJECT_NAME=p", "FOSTER_LOG_LEVEL=debug"}, act: func(p *program) {
			p.must(p.engine.Exit(web, 1))
		}, child: "side", cause: "owner-recreated", did: state.DidRecreate, attempts: 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				environ := c.environ
				if len(environ) == 0 || !strings.HasPrefix(environ[0], "FOSTER_FILE=") {
					environ = append(append([]string(nil), twoNetworks...), environ...)
				}
				p := start(t, "28.0", environ...)
				addChecked(p.engine)
				time.Sleep(time.Second)
				if c.prepare != nil {
					c.prepare(p)
				}
				time.Sleep(15 * time.Second) // launched, and stable
				child := c.child
				if child == "" {
					child = "web"
				}
				p.out.forget()
				c.act(p)
				time.Sleep(2 * time.Minute)

				var told []map[string]any
				last := ""
				for _, e := range p.entries() {
					if e["child"] != child {
						continue
					}
					if last, _ = e["message"].(string); strings.HasPrefix(last, "recovered") {
						told = append(told, e)
					}
				}
				p.stop()
				_ = p.engine.Destroy("vpn") // where there is one
				p.nothingLeft()
				if c.did == "" {
					if len(told) > 0 {
						t.Errorf("there was nothing to recover from: %v", told)
					}
					return
				}
				if len(told) != 1 {
					t.Fatalf("%d recoveries are told\n%s", len(told), p.out.String())
				}
				e := told[0]
				if e["level"] != "info" || e["cause"] != c.cause || e["did"] != c.did || e["attempt"] != c.attempts {
					t.Errorf("told %v, want cause %s, did %s, attempt %v", e, c.cause, c.did, c.attempts)
				}
				if down, err := time.ParseDuration(e["down"].(string)); err != nil || down < c.least || down > 2*c.least+time.Second {
					t.Errorf("down for %v, want at least %s and not much more: %v", e["down"], c.least, err)
				}
				if !strings.HasPrefix(last, "recovered") && !strings.HasPrefix(last, "stable again") {
					t.Errorf("the last that is told is %q\n%s", last, p.out.String())
				}
			})
		})
	}
}

// becomesHealthy: the healthcheck of the child succeeds.
func becomesHealthy(p *program) {
	p.must(p.engine.SetHealth("p-web-1", container.Healthy))
	time.Sleep(time.Second)
}

package main

import (
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"foster/test/engine"
)

// sickProgram runs foster with a child that has a healthcheck, which has not
// succeeded yet.
func sickProgram(t *testing.T, environ ...string) *program {
	t.Helper()
	p := start(t, "28.0", append(append(twoNetworks, "LAUNCH_IMAGE=checked:1"), environ...)...)
	addChecked(p.engine)
	time.Sleep(11 * time.Second)
	return p
}

// addChecked makes the image checked:1, which has a healthcheck.
func addChecked(e *engine.Engine) {
	e.AddImage("checked:1", engine.Image{Config: dockerspec.DockerOCIImageConfig{
		DockerOCIImageConfigExt: dockerspec.DockerOCIImageConfigExt{Healthcheck: &dockerspec.HealthcheckConfig{Test: []string{"CMD", "true"}}},
	}})
}

func (p *program) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// probed is a probe of the child that failed, and the engine's verdict after it.
func (p *program) probed(id, verdict string) {
	p.t.Helper()
	p.must(p.engine.Probed(id, 7, "curl: (7) Failed to connect\nto localhost"))
	p.must(p.engine.SetHealth(id, verdict))
	time.Sleep(100 * time.Millisecond)
}

// stop ends foster as Swarm does.
func (p *program) stop() {
	p.t.Helper()
	p.signals <- syscall.SIGTERM
	if code := p.exit(time.Minute); code != 0 {
		p.t.Errorf("exit code %d", code)
	}
}

// TestStartPeriod: as long as the engine gives a child time to start, failing
// probes are nothing; after that the log says what the last one said.
func TestStartPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sickProgram(t)
		before := p.child()
		for range 60 {
			p.probed(before.ID, container.Starting)
			time.Sleep(time.Second)
		}
		if p.child().ID != before.ID || strings.Contains(p.out.String(), "fault:") || strings.Contains(p.out.String(), "launched:") {
			t.Fatalf("a child that is starting was not left alone\n%s", p.out.String())
		}
		p.probed(before.ID, container.Unhealthy)
		time.Sleep(5 * time.Second)
		if p.child().ID == before.ID || !strings.Contains(p.out.String(), `"cause":"unhealthy","detail":"exit 7: curl: (7) Failed to connect to localhost"`) {
			t.Errorf("it was not recreated, or the log does not say why\n%s", p.out.String())
		}
		p.stop()
		p.nothingLeft()
	})
}

// TestUnhealthyAfter: a child that is unhealthy is told of at once, and
// recreated when it was that for FOSTER_UNHEALTHY_AFTER.
func TestUnhealthyAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sickProgram(t, "FOSTER_UNHEALTHY_AFTER=30s")
		first := p.child()
		p.must(p.engine.SetHealth(first.ID, container.Healthy))
		p.probed(first.ID, container.Unhealthy)
		if n := strings.Count(p.out.String(), "fault: the child's healthcheck gave up"); n != 1 {
			t.Errorf("%d faults are told", n)
		}
		time.Sleep(29 * time.Second)
		p.must(p.engine.SetHealth(first.ID, container.Healthy))
		time.Sleep(time.Minute)
		if p.child().ID != first.ID {
			t.Fatalf("it was recreated although it was healthy again in time\n%s", p.out.String())
		}
		if !strings.Contains(p.out.String(), `"did":"nothing"`) {
			t.Errorf("its own recovery is not told\n%s", p.out.String())
		}
		p.probed(first.ID, container.Unhealthy)
		time.Sleep(29 * time.Second)
		if p.child().ID != first.ID {
			t.Errorf("it was recreated too early")
		}
		time.Sleep(2 * time.Second)
		if p.child().ID == first.ID {
			t.Errorf("it was not recreated\n%s", p.out.String())
		}
		p.stop()
		p.nothingLeft()
	})
}

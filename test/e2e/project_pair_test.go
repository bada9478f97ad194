package e2e

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
)

// TestPair: a gate and an app that lives in its network namespace, through
// every order of deaths. Each time both are whole again, the app in the gate's
// present namespace, and whoever had no reason to change is the same run.
func TestPair(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.composed(`
services:
  gate: {image: ` + sickImage + `, networks: [front]}
  app: {image: ` + childImage + `, network_mode: "service:gate"}
  other: {image: ` + childImage + `, networks: [front]}
networks:
  front:
`)
	gate, app := w.awaitRuns("gate", on(w.net("front"))), w.awaitRuns("app", w.shares("gate"))
	other := w.awaitRuns("other")
	f.awaitSaid("launched", "child=app")
	const (
		sameGate = 1 << iota
		sameApp
		restartedGate
	)
	for _, row := range []struct {
		name  string
		keeps int
		fault func(gate, app container.InspectResponse)
	}{
		{"kill gate", 0, func(gate, _ container.InspectResponse) { w.docker("kill", gate.ID) }},
		{"kill app", sameGate, func(_, app container.InspectResponse) { w.docker("kill", app.ID) }},
		{"kill both, gate first", 0, func(gate, app container.InspectResponse) { w.docker("kill", gate.ID, app.ID) }},
		{"kill both, app first", 0, func(gate, app container.InspectResponse) { w.docker("kill", app.ID, gate.ID) }},
		{"SIGKILL of the gate's process", 0, func(gate, _ container.InspectResponse) { w.signalChild(gate, syscall.SIGKILL) }},
		{"SIGKILL of the app's process", sameGate, func(_, app container.InspectResponse) { w.signalChild(app, syscall.SIGKILL) }},
		{"rm -f gate", 0, func(gate, _ container.InspectResponse) { w.docker("rm", "--force", "--volumes", gate.ID) }},
		{"rm -f app", sameGate, func(_, app container.InspectResponse) { w.docker("rm", "--force", "--volumes", app.ID) }},
		{"rm -f both", 0, func(gate, app container.InspectResponse) {
			w.docker("rm", "--force", "--volumes", gate.ID, app.ID)
		}},
		{"stop gate", 0, func(gate, _ container.InspectResponse) { w.docker("stop", gate.ID) }},
		{"stop app", sameGate, func(_, app container.InspectResponse) { w.docker("stop", app.ID) }},
		{"restart gate", restartedGate, func(gate, _ container.InspectResponse) { w.docker("restart", gate.ID) }},
		{"restart app", sameGate, func(_, app container.InspectResponse) { w.docker("restart", app.ID) }},
		{"cut gate", sameGate | sameApp, func(gate, _ container.InspectResponse) {
			w.docker("network", "disconnect", w.net("front"), gate.ID)
		}},
		{"unhealthy gate", 0, func(gate, _ container.InspectResponse) { w.docker("exec", gate.ID, "touch", "/tmp/sick") }},
		{"crash loop of the gate", 0, func(gate, _ container.InspectResponse) {
			w.signalChild(gate, syscall.SIGKILL)
			for range 2 {
				gate = w.awaitRuns("gate", newer(gate))
				w.signalChild(gate, syscall.SIGKILL)
			}
		}},
	} {
		time.Sleep(2 * stableAfter) // or the next fault is one of a series
		begin := time.Now()
		row.fault(gate, app)
		checkGate, checkApp := newer(gate), changed(app)
		switch {
		case row.keeps&sameGate != 0:
			checkGate = same(gate)
		case row.keeps&restartedGate != 0:
			checkGate = restarted(gate)
		}
		if row.keeps&sameApp != 0 {
			checkApp = same(app)
		}
		gate = w.awaitRuns("gate", on(w.net("front")), checkGate)
		app = w.awaitRuns("app", w.shares("gate"), checkApp)
		if now := w.awaitRuns("other"); same(other)(now) != nil {
			t.Errorf("%s: who has nothing to do with it was touched: %v", row.name, same(other)(now))
		}
		t.Logf("%s: %s", row.name, time.Since(begin).Round(time.Millisecond))
		if t.Failed() {
			t.FailNow()
		}
	}
	f.stop()
	w.nothingLeft()
}

// changed: it is another run than before, in the same container or another.
func changed(before container.InspectResponse) check {
	return func(c container.InspectResponse) error {
		if same(before)(c) == nil {
			return errors.New("it is still the old run")
		}
		return nil
	}
}

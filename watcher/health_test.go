package watcher

import (
	"errors"
	"strings"
	"testing"
	"time"

	"foster/state"
	"foster/test/engine"

	"github.com/docker/docker/api/types/container"
)

func TestLastProbe(t *testing.T) {
	probe := func(code int, said string) []*container.HealthcheckResult {
		return []*container.HealthcheckResult{{ExitCode: 0, Output: "fine"}, {ExitCode: code, Output: said}}
	}
	for _, c := range []struct {
		name, status string
		log          []*container.HealthcheckResult
		want         string
	}{
		{"plain", container.Unhealthy, probe(7, "curl: (7) Failed to connect\n"), "exit 7: curl: (7) Failed to connect"},
		{"silent", container.Unhealthy, probe(1, " \n"), "exit 1"},
		{"several lines and colours", container.Unhealthy, probe(1, "one\r\n\ttwo\x00\x1b[31m three\u0085\n\n"), "exit 1: one two [31m three"},
		{"not a text", container.Unhealthy, probe(1, "a\xff\xfeb"), "exit 1: a b"},
		{"timed out", container.Unhealthy, probe(-1, "Health check exceeded timeout (5s)"), "Health check exceeded timeout (5s)"},
		{"with secrets", container.Unhealthy, probe(1, "GET http://bob:hunter2@db/: token=hunter2 refused"), "exit 1: GET http://***@db/: token=*** refused"},
		{"long", container.Unhealthy, probe(1, strings.Repeat("ü", 200)), "exit 1: " + strings.Repeat("ü", 150) + "…"},
		{"long, cut within a letter", container.Unhealthy, probe(1, "x"+strings.Repeat("ü", 200)), "exit 1: x" + strings.Repeat("ü", 149) + "…"},
		{"healthy", container.Healthy, probe(0, "fine"), ""},
		{"starting, with failures", container.Starting, probe(1, "not yet"), ""},
		{"forgotten", container.Unhealthy, nil, ""},
	} {
		if got := lastProbe(&container.Health{Status: c.status, Log: c.log}); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := lastProbe(nil); got != "" {
		t.Errorf("without a healthcheck: %q", got)
	}
}

// sickBench has a container that a probe has just failed in.
func sickBench(t *testing.T, test func(t *testing.T, b *bench, id string)) {
	t.Helper()
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.network()
		id := b.child("app")
		b.run()
		b.expect("StreamBack")
		b.must(b.Probed(id, 7, "no route\n"))
		test(t, b, id)
	})
}

func TestUnhealthyIsTold(t *testing.T) {
	sickBench(t, func(t *testing.T, b *bench, id string) {
		b.must(b.SetHealth(id, container.Unhealthy))
		told := b.heard(time.Second)
		if len(told) != 1 {
			t.Fatalf("heard %+v", told)
		}
		if ev, ok := told[0].(state.ChildHealth); !ok || ev.ID != id || ev.Healthy || ev.Detail != "exit 7: no route" || ev.At.IsZero() {
			t.Errorf("heard %+v", told)
		}
		b.observe <- state.Observe{Op: 1, Child: "app", ID: id}
		told = b.heard(time.Second)
		if len(told) != 1 {
			t.Fatalf("heard %+v", told)
		}
		look, ok := told[0].(state.Observed)
		if !ok || len(look.Children) != 1 {
			t.Fatalf("the look says %+v", told[0])
		}
		seen := look.Children[0]
		if seen.Health != state.Unhealthy || seen.Probe != "exit 7: no route" {
			t.Errorf("the look says %s, %q", seen.Health, seen.Probe)
		}
	})
}

// TestUnhealthyWithoutAnAnswer: an engine that does not say why makes nobody
// wait for long, and nobody else at all.
func TestUnhealthyWithoutAnAnswer(t *testing.T) {
	for name, fault := range map[string]engine.Fault{"hangs": {Hang: true}, "refuses": {Err: errors.New("no")}} {
		t.Run(name, func(t *testing.T) {
			sickBench(t, func(t *testing.T, b *bench, id string) {
				b.Inject(engine.ContainerInspect, -1, fault)
				began := time.Now()
				b.must(b.SetHealth(id, container.Unhealthy))
				b.must(b.Cut("br1", "app"))
				var lost, sick time.Duration = -1, -1
				for late := time.After(probeDeadline + time.Second); lost < 0 || sick < 0; {
					var ev state.Event
					select {
					case ev = <-b.out:
					case <-late:
						t.Fatalf("told after: the lost network %s, the sick child %s", lost, sick)
					}
					switch ev := ev.(type) {
					case state.NetLost:
						lost = time.Since(began)
					case state.ChildHealth:
						sick = time.Since(began)
						if ev.Detail != "" || ev.Healthy {
							t.Errorf("told %+v", ev)
						}
					}
				}
				if lost != 0 {
					t.Errorf("the lost network is told after %s", lost)
				}
				if want := map[string]time.Duration{"hangs": probeDeadline}[name]; sick != want {
					t.Errorf("the sick child is told after %s, want %s", sick, want)
				}
			})
		})
	}
}

// TestUnhealthyNoMore: what happened to the container while it was asked for
// its probe goes before the older verdict.
func TestUnhealthyNoMore(t *testing.T) {
	for _, c := range []struct {
		name string
		act  func(b *bench, id string) error
		want string
	}{
		{"healthy again", func(b *bench, id string) error { return b.SetHealth(id, container.Healthy) }, "ChildHealth"},
		{"healthy again, which was lost", func(b *bench, id string) error {
			b.DropEvents(1)
			return b.SetHealth(id, container.Healthy)
		}, ""},
		{"died", func(b *bench, id string) error { return b.Exit(id, 1) }, "ChildDied NetLost"},
		{"removed", func(b *bench, id string) error { return b.Destroy(id) }, "ChildSignalled ChildDied NetLost ChildGone"},
		{"another verdict", func(b *bench, id string) error {
			b.must(b.SetHealth(id, container.Healthy))
			return b.SetHealth(id, container.Unhealthy)
		}, "ChildHealth ChildHealth"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sickBench(t, func(t *testing.T, b *bench, id string) {
				b.Inject(engine.ContainerInspect, 1, engine.Fault{Delay: time.Second})
				b.must(b.SetHealth(id, container.Unhealthy))
				time.Sleep(time.Millisecond)
				b.must(c.act(b, id))
				told := b.heard(30 * time.Second)
				if got := kinds(told); got != c.want {
					t.Errorf("heard %q, want %q", got, c.want)
				}
				for i, ev := range told {
					if h, ok := ev.(state.ChildHealth); ok && h.Healthy == (i > 0) {
						t.Errorf("event %d is %+v", i, h)
					}
				}
			})
		})
	}
}

// TestUnhealthyAtTheEnd: the watcher ends while a container is asked.
func TestUnhealthyAtTheEnd(t *testing.T) {
	sickBench(t, func(t *testing.T, b *bench, id string) {
		b.Inject(engine.ContainerInspect, -1, engine.Fault{Hang: true})
		b.must(b.SetHealth(id, container.Unhealthy))
		time.Sleep(time.Millisecond)
		began := time.Now()
		_ = b.stop() // it says that it was told to
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %s", took)
		}
	})
}

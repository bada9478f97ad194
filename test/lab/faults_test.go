package lab_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/docker/docker/api/types/swarm"

	"foster/test/lab"
)

func TestSwarm(t *testing.T) {
	began := time.Now()
	l := lab.New(t, lab.Options{Nodes: 2, Swarm: true})
	t.Logf("a swarm of two started in %s", time.Since(began).Round(time.Millisecond))
	manager, worker := l.Node(1), l.Node(2)
	mustDocker(t, manager, "network", "create", "--driver", "overlay", "--attachable", "ov1")
	mustDocker(t, manager, "service", "create", "--detach", "--no-resolve-image", "--endpoint-mode", "dnsrr", "--init",
		"--constraint", "node.hostname==n1", "--network", "ov1", "--name", "web", lab.BusyboxImage, "httpd", "-f", "-h", "/www")
	mustDocker(t, worker, "run", "--detach", "--init", "--name", "alone", "--network", "ov1", lab.BusyboxImage, "sleep", "600")
	lab.Eventually(t, 15*time.Second, "the service, as seen from a container on another node", func() error {
		_, err := worker.Docker(t.Context(), "exec", "alone", "timeout", "3", "wget", "-q", "-O", "-", "http://web/")
		return err
	})

	ctx := within(t, 10*time.Second)
	if err := worker.Cut(ctx); err != nil {
		t.Fatal(err)
	}
	lab.Eventually(t, 5*time.Second, "silence on the cut wire", func() error {
		_, err := worker.Exec(ctx, "ping", "-c", "1", "-W", "1", manager.Address())
		if err == nil {
			return errors.New("the manager answers")
		}
		return nil
	})
	if err := worker.Heal(ctx); err != nil {
		t.Fatal(err)
	}
	lab.Eventually(t, 10*time.Second, "the worker, ready again", func() error {
		nodes, err := manager.Client().NodeList(ctx, swarm.NodeListOptions{})
		for _, n := range nodes {
			if n.Status.State != swarm.NodeStateReady {
				err = fmt.Errorf("%s is %s", n.Description.Hostname, n.Status.State)
			}
		}
		return err
	})
}

func TestEngineFaults(t *testing.T) {
	l := lab.New(t, lab.Options{})
	n := l.Node(1)
	rec := n.RecordEvents(t.Context())
	id := mustDocker(t, n, "run", "--detach", "--init", "--restart", "always", lab.BusyboxImage, "sleep", "600")
	ping := func(wait time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		defer cancel()
		_, err := n.Client().Ping(ctx)
		return err
	}
	running := func() error {
		c, err := n.Client().ContainerInspect(t.Context(), id)
		if err == nil && !c.State.Running {
			err = fmt.Errorf("it is %s", c.State.Status)
		}
		return err
	}

	ctx := within(t, 30*time.Second)
	step := func(what string, do func(context.Context) error) {
		t.Helper()
		if err := do(ctx); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	step("pause", n.Pause)
	if err := ping(200 * time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a paused engine answers: %v", err)
	}
	step("resume", n.Resume)
	if err := ping(2 * time.Second); err != nil {
		t.Errorf("the engine after a pause: %v", err)
	}

	step("kill", n.KillEngine)
	if err := ping(time.Second); err == nil {
		t.Error("a killed engine answers")
	}
	if err := n.KillContainerProcess(ctx, id, 9); err == nil {
		t.Error("found a container without an engine")
	}
	start := func(ctx context.Context) error { return n.StartEngine(ctx) }
	step("start after kill", start)
	lab.Eventually(t, 10*time.Second, "the container after a kill of the engine", running)
	if err := n.StartEngine(ctx); err == nil {
		t.Error("started a second engine on one node")
	}
	lab.Eventually(t, time.Second, "the recorder's notice of the gap", func() error {
		if rec.Losses() == 0 {
			return errors.New("none")
		}
		return nil
	})

	step("stop", n.StopEngine)
	step("start after stop", start)
	lab.Eventually(t, 10*time.Second, "the container after a stop of the engine", running)

	before := mustDocker(t, n, "info", "--format", "{{.ID}}")
	step("crash", n.Crash)
	step("crash of a crashed node", n.Crash)
	step("boot", func(ctx context.Context) error { return n.Boot(ctx) })
	lab.Eventually(t, 10*time.Second, "the container after a power cut", running)
	if after := mustDocker(t, n, "info", "--format", "{{.ID}}"); after != before {
		t.Errorf("the engine was %s, is %s", before, after)
	}
	lab.Eventually(t, 5*time.Second, "four starts in the recording", func() error {
		if starts := rec.All(lab.Container(id), lab.Action("start")); len(starts) != 4 {
			return fmt.Errorf("%d starts", len(starts))
		}
		return nil
	})
	if pid, err := n.EnginePID(); err != nil {
		t.Error(err)
	} else if _, _, _, ok := stat(pid); !ok {
		t.Errorf("no process %d", pid)
	}
}

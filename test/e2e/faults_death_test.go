package e2e

import (
	"syscall"
	"testing"

	"github.com/docker/docker/api/types/container"
)

// signalChild sends a signal to the child's process as the kernel would: the engine knows nothing of it.
func (w *world) signalChild(c container.InspectResponse, s syscall.Signal) {
	w.t.Helper()
	if err := w.KillContainerProcess(w.t.Context(), c.ID, s); err != nil {
		w.t.Fatal(err)
	}
}

// TestDeath: the child ends in every way there is. A new container takes its
// place, on all networks, and the fault is told once.
func TestDeath(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		fault func(w *world, c container.InspectResponse)
		cause string
	}{
		{"exit 0", func(w *world, c container.InspectResponse) { w.signalChild(c, syscall.SIGUSR1) }, "died"},
		{"exit 3", func(w *world, c container.InspectResponse) { w.signalChild(c, syscall.SIGUSR2) }, "died"},
		{"SIGKILL", func(w *world, c container.InspectResponse) { w.signalChild(c, syscall.SIGKILL) }, "died"},
		{"docker kill", func(w *world, c container.InspectResponse) { w.docker("kill", c.ID) }, "died"},
		{"docker stop", func(w *world, c container.InspectResponse) { w.docker("stop", c.ID) }, "stopped"},
		{"docker rm -f", func(w *world, c container.InspectResponse) { w.docker("rm", "--force", "--volumes", c.ID) }, ""},
		{"compose down", func(w *world, c container.InspectResponse) {
			// What `docker compose down -p` asks of the engine: stop, then remove; foster may have removed it first.
			ctx := w.t.Context()
			if err := w.Client().ContainerStop(ctx, c.ID, container.StopOptions{}); err != nil {
				w.t.Fatal(err)
			}
			_ = w.Client().ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		}, "stopped"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plainEngine(t))
			ext := w.externalNetwork("ext")
			f := w.foster("LAUNCH_NETWORKS=front", "LAUNCH_EXT_NETWORKS="+ext)
			want := wanted(w.net("front"), ext)
			before := w.awaitWhole(want)
			f.awaitSaid("launched")
			row.fault(w, before)
			w.awaitWhole(want, newer(before))
			f.awaitSaid("recovered")
			f.stop()
			w.nothingLeft()
			w.created(2)
			if got := f.said("fault:"); len(got) != 1 || row.cause != "" && got[0].text("cause") != row.cause {
				t.Errorf("the faults told are %v, want one of cause %q", got, row.cause)
			}
		})
	}
}

// TestDockerRestart: a person who restarts the child by hand gets what was
// asked for: the CLI succeeds, and the same container runs on.
func TestDockerRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_NETWORKS=front back")
	want := wanted(w.net("front"), w.net("back"))
	before := w.awaitWhole(want)
	f.awaitSaid("launched")
	for range 3 {
		w.docker("restart", before.ID)
		before = w.awaitWhole(want, restarted(before))
	}
	f.awaitSaid("recovered")
	f.stop()
	w.nothingLeft()
	w.created(1)
}

// TestOutOfMemory: the kernel kills the child at its limit. The limit comes
// from a compose file, which foster reads in a container.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.fosterContainer(w.composeFile(`
services:
  child:
    image: `+childImage+`
    mem_limit: 24m
    memswap_limit: 24m
    networks: [front]
networks:
  front:
`), "LAUNCH_IMAGE=", "LAUNCH_SERVICE_NAME=", "LAUNCH_PULL=")
	want := wanted(w.net("front"))
	before := w.awaitWhole(want)
	if before.HostConfig.Memory != 24<<20 {
		t.Fatalf("the limit is %d", before.HostConfig.Memory)
	}
	f.awaitSaid("launched")
	w.signalChild(before, syscall.SIGHUP)
	w.awaitWhole(want, newer(before))
	f.awaitSaid("recovered")
	oom, die := w.events("oom"), w.events("die")
	if len(oom) == 0 {
		t.Fatal("the engine saw no oom: the test tests nothing")
	}
	cause := "oom"
	if die[0].TimeNano < oom[0].TimeNano {
		cause = "died" // a busy engine may tell of the death first; nobody can know then
	}
	f.stop()
	w.nothingLeft()
	w.created(2)
	if got := f.said("fault:"); len(got) != 1 || got[0].text("cause") != cause {
		t.Errorf("the faults told are %v, want one of cause %s", got, cause)
	}
}

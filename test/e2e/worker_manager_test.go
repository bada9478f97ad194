package e2e

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"foster/test/lab"
)

// TestWorkerManagerUnreachable is for-linux#787: a container on an attachable
// overlay that ends while its worker cannot reach a manager is not started
// again. The engine asks for the attachment, gives up after 20 s, and its
// restart manager takes that for the end, also when the manager is back: here
// that happens to a container with `--restart always` beside each of foster's
// children, whose engines are left alone, or restarted, while the manager is
// cut off for a minute. What a call of 20 s must not do is to hold back a
// child that wants no overlay.
func TestWorkerManagerUnreachable(t *testing.T) {
	t.Parallel()
	const outage = time.Minute
	s := newWorkers(t)

	killed := s.newWorker(t, 0)
	killing := killed.composed(`
services:
  child: {image: `+childImage+`, networks: [ov]}
  plain: {image: `+childImage+`, networks: [front]}
networks:
  ov: {external: true, name: `+killed.overlay+`}
  front:
`, "FOSTER_BACKOFF_MAX="+overlayBackoff.String())
	killedChild := killed.awaitReached(patience)
	plain := killed.awaitRuns("plain")
	killed.leaveAlone(killed.overlay, 1)

	tasked := s.newWorker(t, 0)
	taskedChild := tasked.deploy()

	restarted := s.newWorker(t, 1)
	restarting, restartedChild := restarted.launch()
	restarted.leaveAlone(restarted.overlay, 1)

	calls := [2]int{killed.calls(), restarted.calls()}
	if err := s.manager.Cut(t.Context()); err != nil {
		t.Fatal(err)
	}
	cut := time.Now()
	for _, id := range []string{killedChild.ID, plain.ID, killed.alone[0], taskedChild.ID} {
		if err := killed.KillContainerProcess(t.Context(), id, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	again := killed.awaitRuns("plain", newer(plain))
	t.Logf("the child that wants no overlay: whole %s after the kill", killed.restored(again, cut))
	if err := restarted.StopEngine(t.Context()); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := restarted.StartEngine(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("the restarted engine answers after %s", time.Since(start).Round(10*time.Millisecond))
	lab.Eventually(t, 2*outage, "the end of the outage", func() error {
		if d := time.Since(cut); d < outage {
			return fmt.Errorf("it has lasted for %s", d)
		}
		return nil
	})
	for i, w := range []*worker{killed, restarted} {
		n := w.calls() - calls[i]
		t.Logf("%s: %d changes were asked of the engine during %s", w.project, n, time.Since(cut).Round(time.Second))
		if n > 60 {
			t.Errorf("%s: that is too many", w.project)
		}
	}
	if err := s.manager.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
	healed := time.Now()
	s.ready(t, 3)
	t.Logf("all nodes are ready %s after the heal", time.Since(healed).Round(10*time.Millisecond))
	killedNow := killed.awaitReached(overlayPatience, newer(killedChild))
	taskedNow := tasked.awaitReached(overlayPatience, newer(taskedChild))
	restartedNow := restarted.awaitReached(overlayPatience, newer(restartedChild))
	t.Logf("killed: whole %s after the heal", killed.restored(killedNow, healed))
	t.Logf("killed, foster as a task: whole %s after the heal", tasked.restored(taskedNow, healed))
	t.Logf("engine restarted: whole %s after the heal", restarted.restored(restartedNow, healed))
	for _, w := range []*worker{killed, restarted} {
		t.Logf("%s: left to the engine: %q", w.project, w.lost(1))
	}
	killing.stop()
	restarting.stop()
	tasked.withdraw()
	for _, w := range []*worker{killed, tasked, restarted} {
		w.neverTwo(0)
		w.bare()
	}
}

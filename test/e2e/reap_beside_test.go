package e2e

import (
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

// TestReapBesideTen: among ten projects whose fosters run, in containers and
// outside, what two killed ones have left is found without a hint.
func TestReapBesideTen(t *testing.T) {
	t.Parallel()
	e := ownEngine(t, lab.Options{})
	type project struct {
		*world
		foster *foster
		child  container.InspectResponse
	}
	var all []project
	launch := func(start func(w *world) *foster) {
		w := newWorld(t, e)
		all = append(all, project{world: w, foster: start(w)})
	}
	inside := func(w *world) *foster { return w.fosterContainer(nil, "LAUNCH_NETWORKS=front") }
	outside := func(w *world) *foster { return w.foster("LAUNCH_NETWORKS=front") }
	for range 7 {
		launch(inside)
	}
	for range 5 {
		launch(outside)
	}
	for i, p := range all {
		all[i].child = p.awaitWhole(wanted(p.net("front")))
	}
	dead, alive := []project{all[0], all[11]}, all[1:11]
	for _, p := range dead {
		p.foster.kill()
	}

	began := time.Now()
	out, _ := dead[0].reap("--grace", "0s", "--format", "json")
	t.Logf("reap beside %d projects took %s", len(alive), time.Since(began).Round(time.Millisecond))
	found := reapFindings(t, out)
	removed := 0
	for _, f := range found {
		if f.Verdict == "removed" {
			removed++
		}
	}
	if removed != 2*3 {
		t.Errorf("%d objects were removed, want a container, its volume and its network of each of two projects\n%s", removed, out)
	}
	for _, p := range dead {
		p.nothingLeft()
	}
	for _, p := range alive {
		p.awaitWhole(wanted(p.net("front")), same(p.child))
		p.created(1)
		if n := len(p.events("kill")); n != 0 {
			t.Errorf("%s was signalled %d times", p.container(), n)
		}
		p.foster.stop()
		p.nothingLeft()
	}
}

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

// clockFile has a child that lives in the namespace of somebody else's container,
// one that lives in that of another child, and one that has nothing to do with either.
const clockFile = `
services:
  guest: {image: ` + childImage + `, network_mode: "container:OWNER"}
  host: {image: ` + childImage + `, networks: [front]}
  lodger: {image: ` + childImage + `, network_mode: "service:host"}
  child: {image: ` + childImage + `, networks: [front]}
networks: {front: }
`

// TestClockStep: the engine's clock is set by an hour while the children run:
// what happens from then on seems to be long after, or before, all that happened
// until then. Every fault is seen and recovered from, once, and nothing is
// recreated without a reason.
func TestClockStep(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		by   time.Duration
	}{{"forward", time.Hour}, {"back", -time.Hour}} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plainEngine(t))
			r, address := w.relay()
			owner := w.outsider("owner")
			owner.run()
			f := w.composed(strings.ReplaceAll(clockFile, "OWNER", owner.name), address)
			all := map[string][]check{"guest": {owner.inside}, "host": {on(w.net("front"))}, "lodger": {w.shares("host")}, "child": {on(w.net("front"))}}
			containers := map[string]container.InspectResponse{}
			runs := map[string]int{}
			// settled: all of them are whole, in as many containers as there were reasons for.
			settled := func(renewed ...string) {
				t.Helper()
				for _, child := range renewed {
					runs[child]++
				}
				for child, checks := range all {
					if runs[child] > 1 && containers[child].ID != "" && slices.Contains(renewed, child) {
						checks = append(checks, newer(containers[child]))
					}
					containers[child] = w.awaitRuns(child, checks...)
				}
				for child, want := range runs {
					if got := len(w.about(child, "create")); got != want {
						t.Errorf("%d containers of %s were created, want %d", got, child, want)
					}
				}
			}
			faults := func(n int, child string) {
				t.Helper()
				lab.Eventually(t, patience, "a recovery of "+child, func() error {
					if got := len(f.said("recovered", "child="+child)); got < n {
						return fmt.Errorf("there are %d, want %d", got, n)
					}
					return nil
				})
			}
			settled("guest", "host", "lodger", "child")
			for child := range all {
				f.awaitSaid("launched", "child="+child)
			}

			r.StepClock(row.by)

			w.docker("kill", containers["child"].ID)
			faults(1, "child")
			settled("child")
			w.cut(containers["child"].ID, w.net("front"))
			faults(2, "child")
			settled()

			// The stream breaks off: the next one is asked for from the last stamp on.
			r.CutStreams()
			w.docker("kill", containers["child"].ID)
			faults(3, "child")
			settled("child")
			w.cut(containers["child"].ID, w.net("front"))
			faults(4, "child")
			settled()

			// Who shares is younger than the other, whatever the stamps say.
			w.docker("kill", containers["guest"].ID)
			faults(1, "guest")
			settled("guest")
			w.docker("kill", containers["lodger"].ID)
			faults(1, "lodger")
			settled("lodger")

			// And is too old as soon as the other has a new run.
			owner.does("restart --time 0", "die", "start")
			faults(2, "guest")
			settled("guest")
			w.docker("restart", "--time", "0", containers["host"].ID)
			faults(1, "host")
			faults(2, "lodger")
			settled("lodger")
			w.docker("kill", containers["host"].ID)
			faults(2, "host")
			faults(3, "lodger")
			settled("host", "lodger")

			f.stop()
			owner.untouched()
			w.docker("rm", "--force", owner.name)
			w.docker("volume", "rm", owner.volume)
			w.nothingLeft()
			w.neverTwo(0)
		})
	}
}

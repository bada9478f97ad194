package e2e

import (
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

// The engine stands still, as under a debugger or on a disk that hangs: calls are
// taken and not answered, and nothing is told. A child that dies meanwhile is made
// anew, once; one that lives is not touched, though every look at it fails for as
// long. These are tests of their own so that the long one is not the last.

func TestEngineSleeps5s(t *testing.T)  { engineSleeps(t, 5*time.Second) }
func TestEngineSleeps30s(t *testing.T) { engineSleeps(t, 30*time.Second) }
func TestEngineSleeps2m(t *testing.T)  { engineSleeps(t, 2*time.Minute) }

func engineSleeps(t *testing.T, pause time.Duration) {
	t.Parallel()
	e := ownEngine(t, lab.Options{})
	var dies, lives sleeper
	for _, s := range []*sleeper{&dies, &lives} {
		s.world = newWorld(t, e)
		ext := s.externalNetwork("ext")
		s.want = wanted(s.net("front"), ext)
		// It asks in vain, again and again.
		s.f = s.foster("LAUNCH_NETWORKS=front", "LAUNCH_EXT_NETWORKS="+ext, "FOSTER_RESYNC=3s")
		s.child = s.awaitWhole(s.want)
		s.f.awaitSaid("launched")
	}

	if err := e.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	dies.killUnseen(dies.child)
	// The length of the pause is what is tried here.
	sleep := time.NewTimer(pause)
	<-sleep.C
	if err := e.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	awake := time.Now()

	before := dies.child
	dies.child = dies.awaitWhole(dies.want, newer(before))
	t.Logf("whole %.2f s after the engine went on", startedAt(t, dies.child).Sub(awake).Seconds())
	lives.awaitWhole(lives.want, same(lives.child))
	for _, s := range []*sleeper{&dies, &lives} {
		s.f.stop()
		s.nothingLeft()
	}
	dies.created(2)
	lives.created(1)
}

// sleeper is a project on an engine that sleeps.
type sleeper struct {
	*world
	want  want
	child container.InspectResponse
	f     *foster
}

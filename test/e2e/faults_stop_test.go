package e2e

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"

	"foster/spec"
	"foster/test/lab"
)

// The tests here that are not parallel mean their seconds: other tests would
// make the engine slow.

// TestStopOfALoyalChild: it gets its signal and the time that it needs.
func TestStopOfALoyalChild(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_COMMAND=loyal", "LAUNCH_NETWORKS=front")
	w.awaitWhole(wanted(w.net("front")))
	f.stop()
	w.nothingLeft()
	w.created(1)
	for _, kill := range w.events("kill") {
		if s := kill.Actor.Attributes["signal"]; s != "15" {
			t.Errorf("the child got signal %s", s)
		}
	}
	if die := w.events("die"); len(die) != 1 || die[0].Actor.Attributes["exitCode"] != "0" {
		t.Errorf("the child died so: %v", die)
	}
}

// TestStopOfAStubbornChild: it is killed early enough for foster to clean up within its own grace.
func TestStopOfAStubbornChild(t *testing.T) {
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_COMMAND=stubborn", "LAUNCH_NETWORKS=front", "FOSTER_STOP_GRACE=5s")
	w.awaitWhole(wanted(w.net("front")))
	f.signal(syscall.SIGTERM)
	f.ended(0, 5*time.Second)
	w.nothingLeft()
	signals := w.events("kill")
	if len(signals) != 2 || signals[0].Actor.Attributes["signal"] != "15" || signals[1].Actor.Attributes["signal"] != "9" {
		t.Fatalf("the child got these signals: %v", signals)
	}
	if grace := time.Duration(signals[1].TimeNano - signals[0].TimeNano); grace < 1500*time.Millisecond {
		t.Errorf("the child had %s, want about 2 s of foster's 5", grace)
	}
}

// TestDockerStopOfFoster: in a container of its own, by docker stop.
func TestDockerStopOfFoster(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.fosterContainer(nil, "LAUNCH_NETWORKS=front")
	c := w.awaitWhole(wanted(w.net("front")))
	self, err := w.Client().ContainerInspect(t.Context(), f.container)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Config.Labels[spec.LabelParent]; got != self.ID {
		t.Errorf("the child's parent is %q, want %q", got, self.ID)
	}
	w.docker("stop", f.container)
	f.ended(0, patience)
	w.nothingLeft()
	w.created(1)
}

// TestStopDuringPull: the registry takes the connection and never answers.
func TestStopDuringPull(t *testing.T) {
	w := newWorld(t, plainEngine(t))
	r, err := w.Registry(t.Context(), lab.RegistryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := r.Push(t.Context(), childImage, "slow/app:1")
	if err != nil {
		t.Fatal(err)
	}
	w.docker("rmi", ref)
	if err := r.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := w.foster("LAUNCH_IMAGE="+ref, "LAUNCH_PULL=missing", "LAUNCH_NETWORKS=front")
	f.awaitSaid("prepare")
	f.signal(syscall.SIGTERM)
	f.ended(0, 2*time.Second)
	w.nothingLeft()
	if err := r.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The same image is launched by the next foster.
	f = w.foster("LAUNCH_IMAGE="+ref, "LAUNCH_PULL=missing", "LAUNCH_NETWORKS=front")
	want := wanted(w.net("front"))
	want.image = ref
	w.awaitWhole(want)
	f.stop()
	w.nothingLeft()
	w.created(1)
	if _, err := w.Client().ImageRemove(t.Context(), ref, image.RemoveOptions{}); err != nil {
		t.Error(err)
	}
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestStopAtAnyMoment: SIGTERM somewhere between foster's start and the whole
// child. Everything that is on the engine is counted, so it has its own.
func TestStopAtAnyMoment(t *testing.T) {
	t.Parallel()
	e := ownEngine(t, lab.Options{})
	w := newWorld(t, e)
	ext := w.externalNetwork("ext")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	const rounds = 15
	for round := range rounds {
		f := w.foster("LAUNCH_NETWORKS=front back", "LAUNCH_EXT_NETWORKS="+ext)
		f.awaitSaid("foster starts")
		// One in each fifteenth of the way.
		moment := time.NewTimer(time.Duration((float64(round) + chance.Float64()) / rounds * float64(500*time.Millisecond)))
		<-moment.C
		f.stop()
		w.nothingLeft()
		if err := e.noVolumes(t.Context()); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		all, err := e.Client().ContainerList(t.Context(), container.ListOptions{All: true})
		if err != nil || len(all) != 1 {
			t.Fatalf("round %d: %d containers beside the canary: %v", round, len(all)-1, err)
		}
	}
	if n := len(w.events("create")); n == 0 || n == rounds {
		t.Logf("%d of %d rounds created a container: the moments were badly chosen", n, rounds)
	}
}

// TestStopWhileTheEngineSleeps: the answer to the create is late. Whatever
// comes of it is found and removed.
func TestStopWhileTheEngineSleeps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ownEngine(t, lab.Options{}))
	f := w.foster("LAUNCH_NETWORKS=front back")
	f.awaitSaid("ensure-network")
	if err := w.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.signal(syscall.SIGTERM)
	f.awaitSaid("stopping")
	if err := w.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.ended(0, patience)
	w.nothingLeft()
	if err := w.noVolumes(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestStopDuringBackoff: nothing runs, and foster waits to try again.
func TestStopDuringBackoff(t *testing.T) {
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_IMAGE="+lab.BusyboxImage, "LAUNCH_COMMAND=sh -c 'exit 1'", "LAUNCH_NETWORKS=front", "FOSTER_STABLE_AFTER=10s")
	f.awaitSaid("waiting before", "attempt=2")
	f.signal(syscall.SIGTERM)
	f.ended(0, 2*time.Second)
	w.nothingLeft()
	w.created(2)
}

// TestSecondSignal: it skips the grace of a child that ignores the first.
func TestSecondSignal(t *testing.T) {
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_COMMAND=stubborn", "LAUNCH_NETWORKS=front", "LAUNCH_STOP_GRACE_PERIOD=60s", "FOSTER_STOP_GRACE=2m")
	w.awaitWhole(wanted(w.net("front")))
	f.signal(syscall.SIGTERM)
	if s := w.awaitEvent(0, "kill").Actor.Attributes["signal"]; s != "15" {
		t.Errorf("the child got signal %s first", s)
	}
	f.signal(syscall.SIGTERM)
	f.ended(128+15, 3*time.Second)
	w.nothingLeft()
	w.created(1)
}

// TestThirdSignal: foster leaves though the engine does not answer; the next
// foster of the project collects what is left.
func TestThirdSignal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ownEngine(t, lab.Options{}))
	settings := []string{"LAUNCH_COMMAND=stubborn", "LAUNCH_NETWORKS=front", "FOSTER_STOP_GRACE=2m"}
	f := w.foster(settings...)
	before := w.awaitWhole(wanted(w.net("front")))
	f.awaitSaid("launched")
	if err := w.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n, answer := range []string{"stopping", "second signal"} {
		f.signal(syscall.SIGINT)
		f.awaitSaid(answer)
		select {
		case <-f.done:
			t.Fatalf("foster ended at signal %d", n+1)
		default:
		}
	}
	f.signal(syscall.SIGINT)
	f.ended(128+2, 2*time.Second)
	if err := w.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.left(); err == nil {
		t.Log("nothing was left: the engine carried out what it had been told")
	}
	f = w.foster("LAUNCH_NETWORKS=front")
	w.awaitWhole(wanted(w.net("front")), newer(before), func(c container.InspectResponse) error {
		if len(c.Config.Cmd) != 0 {
			return fmt.Errorf("it still runs %q", c.Config.Cmd)
		}
		return nil
	})
	f.stop()
	w.nothingLeft()
}

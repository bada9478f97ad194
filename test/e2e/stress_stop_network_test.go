package e2e

import (
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"

	"foster/test/lab"
)

// TestStopWithAForeignerOnTheNetwork: somebody else's container is on a network
// that foster made. The network stays, with who uses it told by name, until a
// foster of the project stops after the foreigner has left.
func TestStopWithAForeignerOnTheNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	want := wanted(w.net("front"), w.net("back"))
	guest := w.name("guest")
	var id string // of the network
	for round := range 3 {
		f := w.foster("LAUNCH_NETWORKS=front back")
		w.awaitWhole(want)
		f.awaitSaid("launched")
		n, err := w.Client().NetworkInspect(t.Context(), w.net("front"), network.InspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		switch round {
		case 0:
			id = n.ID
			w.docker("run", "--detach", "--init", "--name", guest, "--network", w.net("front"), lab.BusyboxImage, "sleep", "600")
		case 2:
			w.docker("rm", "--force", guest)
		}
		if n.ID != id {
			t.Errorf("round %d: the network is another one", round)
		}
		f.stop()
		if round == 2 {
			break
		}
		left := f.said("left behind: network "+w.net("front"), "level=error", "net="+w.net("front"))
		if len(left) != 1 || !strings.Contains(left[0].text("detail"), "in use by "+guest) {
			t.Errorf("it does not say who uses the network: %v", left)
		}
		if len(f.said("left behind")) != 1 {
			t.Errorf("it leaves more than the one network: %v", f.said("left behind"))
		}
		c, err := w.Client().ContainerInspect(t.Context(), guest)
		if err != nil {
			t.Fatalf("the foreigner: %v", err)
		}
		if !c.State.Running || !w.attached(c.ID, w.net("front")) {
			t.Fatalf("the foreigner was not left alone: %+v", c.State)
		}
		if got := w.remains(); len(got) != 1 || got[0] != id {
			t.Errorf("there is left %q, want only network %s", got, id)
		}
	}
	w.nothingLeft()
	w.created(3)
}

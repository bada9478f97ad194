package e2e

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/network"

	"foster/test/lab"
)

// TestForeignPort: a stranger publishes the child's port. It is named and left
// alone, and its end is the end of the wait.
func TestForeignPort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	port := w.port()
	s := w.stranger("--name", w.name("stranger"), "--publish", port+":80", "--label", "com.docker.compose.project=shop")
	f := w.foster("LAUNCH_NETWORKS=front", "LAUNCH_PORTS="+port+":80")
	f.heldBy("port "+port+"/tcp", "container "+s.name(), s.before.ID[:12], "of project shop")
	f.awaitSaid("waiting before", "attempt=4") // it means to wait for 8 s
	s.untouched()
	s.does("stop", "kill", "die", "stop")
	c := w.awaitWhole(wanted(w.net("front")))
	freed := s.left(lab.Type("network"), lab.Action("disconnect"))
	f.soon("Freed", "the child runs", freed, w.startOf(c))
	w.calm(freed)
	if b := c.NetworkSettings.Ports["80/tcp"]; len(b) == 0 || b[0].HostPort != port {
		t.Errorf("its ports are %v", c.NetworkSettings.Ports)
	}
	if n := len(f.said("waiting: its place is held")); n != 1 {
		t.Errorf("it was told %d times", n)
	}
	s.does("rm", "destroy")
	f.stop()
	s.untouched()
	w.nothingLeft()
}

// TestForeignProcessOnThePort: no container has it, and no event tells of its
// end: it is found by the next try.
func TestForeignProcessOnThePort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	const most = 2 * time.Second
	port := w.port()
	l, err := w.Listen(t.Context(), "tcp", "0.0.0.0:"+port)
	if err != nil {
		t.Fatal(err)
	}
	f := w.foster("LAUNCH_NETWORKS=front", "LAUNCH_PORTS="+port+":80", "FOSTER_BACKOFF_MAX="+most.String())
	f.heldBy("port "+port+"/tcp", "a process outside of the engine")
	f.awaitSaid("waiting before", "attempt=3")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	freed := time.Now()
	w.awaitWhole(wanted(w.net("front")))
	// How long the engine takes for a start is not foster's: its own pause is, to the next try's beginning. A try
	// that was under way before does not count, nor does the time that it took.
	waits, tries := f.said("waiting before"), f.said("create", "effect=create")
	from, try := freed, tries[len(tries)-1].at(t)
	if last := waits[len(waits)-1].at(t); last.After(from) {
		from = last
	}
	bound := most*12/10 + time.Second
	t.Logf("the next try came %s after the port was free, bound %s with FOSTER_BACKOFF_MAX=%s", try.Sub(from).Round(time.Millisecond), bound, most)
	if took := try.Sub(from); took > bound {
		t.Errorf("the next try came %s after the port was free", took)
	}
	if n := len(tries); n > 1 && tries[n-2].at(t).After(freed) {
		t.Error("a try after the port was free has failed")
	}
	f.stop()
	w.nothingLeft()
}

// TestForeignAddress: a stranger has the child's address. It gives it up
// without ending.
func TestForeignAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	n := w.subnet()
	ip := fmt.Sprintf("10.99.%d.77", n)
	net := w.externalNetwork("fixed", "--subnet", fmt.Sprintf("10.99.%d.0/24", n))
	s := w.stranger("--name", w.name("stranger"), "--network", net, "--ip", ip)
	f := w.foster("LAUNCH_EXT_NETWORKS_IPV4=" + net + ":" + ip)
	f.heldBy("address "+ip+" on network "+net, "container "+s.name(), s.before.ID[:12], "of no project")
	f.awaitSaid("waiting before", "attempt=4")
	s.untouched()
	w.docker("network", "disconnect", net, s.before.ID)
	c := w.awaitWhole(want{image: childImage, endpoints: []endpoint{{network: net, ipv4: ip}}})
	freed := s.left(lab.Type("network"), lab.Action("disconnect"))
	f.soon("Freed", "the child runs", freed, w.startOf(c))
	w.calm(freed)
	s.untouched()
	f.stop()
	s.does("rm --force", "kill", "die", "destroy")
	w.nothingLeft()
}

// TestForeignAddressOfARunningChild: the child was cut off, and a stranger took
// its address meanwhile. It runs on and is attached when the stranger is gone.
func TestForeignAddressOfARunningChild(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	n := w.subnet()
	ip := fmt.Sprintf("10.99.%d.77", n)
	net := w.externalNetwork("fixed", "--subnet", fmt.Sprintf("10.99.%d.0/24", n))
	f := w.foster("LAUNCH_NETWORKS=front", "LAUNCH_EXT_NETWORKS_IPV4="+net+":"+ip)
	want := want{image: childImage, endpoints: []endpoint{{network: net, ipv4: ip}, {network: w.net("front")}}}
	before := w.awaitWhole(want)
	f.awaitSaid("launched")
	f.signal(syscall.SIGSTOP)
	w.docker("network", "disconnect", net, before.ID)
	s := w.stranger("--name", w.name("stranger"), "--network", net, "--ip", ip)
	f.signal(syscall.SIGCONT)
	f.heldBy("address "+ip+" on network "+net, "container "+s.name())
	// Three tries and their pauses of 1, 2 and 4 s are over.
	lab.Eventually(t, patience, "the fourth try", func() error {
		if n := len(f.said("attach", "effect=attach", "net="+net)); n < 4 {
			return fmt.Errorf("there were %d", n)
		}
		return nil
	})
	s.untouched()
	s.does("rm --force", "kill", "die", "destroy")
	w.awaitWhole(want, same(before))
	freed := s.left(lab.Type("network"), lab.Action("disconnect"))
	joined := w.heard(lab.Type("network"), lab.Action("connect"), lab.Network(net), lab.Container(before.ID), lab.After(freed))
	f.soon("Freed", "the child is attached", freed, stamp(joined))
	f.stop()
	s.untouched()
	w.nothingLeft()
	w.created(1)
}

// TestForeignNetwork: a stranger's network has the name of a created one. It is
// neither used nor removed; its end is the end of the wait.
func TestForeignNetwork(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		flags []string
		says  string
	}{
		{"of nobody", nil, "not this project's"},
		{"of compose", []string{"--label", "com.docker.compose.project=shop"}, "Compose project shop's"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plainEngine(t))
			name := w.net("front")
			id := w.docker(append(append([]string{"network", "create"}, row.flags...), name)...)
			s := w.stranger("--name", w.name("stranger"), "--network", name)
			f := w.foster("LAUNCH_NETWORKS=front back")
			f.heldBy(`network "`+name+`"`, id[:12], row.says)
			lab.Eventually(t, patience, "the fourth try", func() error {
				if n := len(f.said("ensure-network", "net="+name)); n < 4 {
					return fmt.Errorf("there were %d", n)
				}
				return nil
			})
			s.untouched()
			if list, err := w.children(); err != nil || len(list) != 0 {
				t.Errorf("there are children without their network: %v, %v", list, err)
			}
			s.does("rm --force", "kill", "die", "destroy")
			w.docker("network", "rm", name)
			c := w.awaitWhole(wanted(name, w.net("back")))
			gone := w.heard(lab.Type("network"), lab.Action("destroy"), lab.Network(id))
			f.soon("NetGone", "the child runs", gone.TimeNano, w.startOf(c))
			if got := c.NetworkSettings.Networks[name]; got == nil || got.NetworkID == id {
				t.Errorf("it is on %+v", got)
			}
			if n := len(f.said("waiting: its place is held")); n != 1 {
				t.Errorf("it was told %d times", n)
			}
			f.stop()
			w.nothingLeft()
			w.created(1)
		})
	}
}

// TestForeignNetworkAtTheStop: a stop in the middle of the wait leaves the
// stranger's network where it is.
func TestForeignNetworkAtTheStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	id := w.docker("network", "create", w.net("front"))
	f := w.foster("LAUNCH_NETWORKS=front back")
	f.heldBy(w.net("front"))
	f.stop()
	n, err := w.Client().NetworkInspect(t.Context(), id, network.InspectOptions{})
	if err != nil || n.Name != w.net("front") {
		t.Fatalf("the stranger's network: %+v, %v", n, err)
	}
	if removed := w.rec.All(lab.Type("network"), lab.Action("destroy"), lab.Network(id)); len(removed) > 0 {
		t.Errorf("it was removed: %v", removed)
	}
	w.docker("network", "rm", id)
	w.nothingLeft()
}

package e2e

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/test/lab"
)

// TestCut: the running child is cut off networks. The same container is
// attached again, and nobody else is touched.
func TestCut(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		fault func(w *world, c container.InspectResponse, front, ext string)
	}{
		{"created", func(w *world, c container.InspectResponse, front, ext string) {
			w.docker("network", "disconnect", front, c.ID)
		}},
		{"external", func(w *world, c container.InspectResponse, front, ext string) {
			w.docker("network", "disconnect", ext, c.ID)
		}},
		{"forced", func(w *world, c container.InspectResponse, front, ext string) {
			w.docker("network", "disconnect", "--force", front, c.ID)
		}},
		{"both", func(w *world, c container.InspectResponse, front, ext string) {
			w.docker("network", "disconnect", front, c.ID)
			w.docker("network", "disconnect", ext, c.ID)
		}},
		{"twice", func(w *world, c container.InspectResponse, front, ext string) {
			w.docker("network", "disconnect", front, c.ID)
			// Again as soon as it is attached, be it in the middle of foster's repair.
			lab.Eventually(w.t, patience, "the second cut", func() error {
				return w.Client().NetworkDisconnect(w.t.Context(), front, c.ID, false)
			})
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plainEngine(t))
			ext := w.externalNetwork("ext")
			f := w.foster("LAUNCH_NETWORKS=front", "LAUNCH_EXT_NETWORKS="+ext)
			want := wanted(w.net("front"), ext)
			before := w.awaitWhole(want)
			f.awaitSaid("launched")
			cuts := w.cuts(before)
			row.fault(w, before, w.net("front"), ext)
			if w.cuts(before) == cuts {
				lab.Eventually(t, patience, "the engine's word of the cut", func() error {
					if w.cuts(before) == cuts {
						return errors.New("no disconnect event")
					}
					return nil
				})
			}
			w.awaitWhole(want, same(before))
			f.awaitSaid("recovered")
			f.stop()
			w.nothingLeft()
			w.created(1)
		})
	}
}

// cuts counts the disconnects of a container so far.
func (w *world) cuts(c container.InspectResponse) int {
	return len(w.rec.All(lab.Type("network"), lab.Action("disconnect"), lab.Container(c.ID)))
}

// TestCutWithFixedAddresses: aliases, static IPv4 and IPv6 and the MAC address
// are what they were, and the child answers under all of its names.
func TestCutWithFixedAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	n := w.subnet()
	ip4, ip6, mac := fmt.Sprintf("10.99.%d.77", n), fmt.Sprintf("fd00:99:%d::77", n), fmt.Sprintf("02:42:0a:63:%02x:4d", n)
	net := w.externalNetwork("mixed", "--subnet", fmt.Sprintf("10.99.%d.0/24", n), "--ipv6", "--subnet", fmt.Sprintf("fd00:99:%d::/64", n))
	peer := w.docker("run", "--detach", "--init", "--name", w.name("peer"), "--network", net, lab.BusyboxImage, "sleep", "600")
	f := w.foster("LAUNCH_EXT_NETWORKS_MIXED="+net+"-"+ip4+"-"+ip6, "LAUNCH_MAC_ADDRESS="+mac)
	want := want{image: childImage, endpoints: []endpoint{{network: net, ipv4: ip4, ipv6: ip6, mac: mac}}}
	before := w.awaitWhole(want)
	f.awaitSaid("launched")
	answers := func() {
		t.Helper()
		for _, name := range []string{childName, w.container(), ip4} {
			lab.Eventually(t, patience, "an answer of "+name, func() error { return w.reachable(peer, name) })
		}
	}
	answers()
	w.docker("network", "disconnect", net, before.ID)
	w.awaitWhole(want, same(before))
	answers()
	// The same with a death on top: the new container has them too.
	w.docker("network", "disconnect", net, before.ID)
	w.signalChild(before, syscall.SIGKILL)
	w.awaitWhole(want, newer(before))
	answers()
	f.stop()
	w.nothingLeft()
	w.created(2)
}

// TestCutWithAliasesAndDriverOptions: what only a compose file can say of an endpoint.
func TestCutWithAliasesAndDriverOptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.fosterContainer(w.composeFile(`
services:
  child:
    image: `+childImage+`
    networks:
      front:
        aliases: [first, second]
        driver_opts: {com.example.colour: blue}
      back: {}
networks:
  front:
  back:
`), "LAUNCH_IMAGE=", "LAUNCH_SERVICE_NAME=", "LAUNCH_PULL=")
	want := want{image: childImage, endpoints: []endpoint{
		{network: w.net("front"), aliases: []string{"first", "second"}, driverOpts: map[string]string{"com.example.colour": "blue"}},
		{network: w.net("back")},
	}}
	before := w.awaitWhole(want)
	f.awaitSaid("launched")
	w.docker("network", "disconnect", w.net("front"), before.ID)
	w.awaitWhole(want, same(before))
	f.awaitSaid("recovered")
	f.stop()
	w.nothingLeft()
	w.created(1)
}

// TestCutWhileFosterSleeps: foster finds the cut when it wakes.
func TestCutWhileFosterSleeps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_NETWORKS=front")
	want := wanted(w.net("front"))
	before := w.awaitWhole(want)
	f.awaitSaid("launched")
	f.signal(syscall.SIGSTOP)
	w.docker("network", "disconnect", w.net("front"), before.ID)
	if w.attached(before.ID, w.net("front")) {
		t.Fatal("the cut did not cut")
	}
	f.signal(syscall.SIGCONT)
	w.awaitWhole(want, same(before))
	f.awaitSaid("recovered")
	f.stop()
	w.nothingLeft()
	w.created(1)
}

// TestCutOffOverlay: the same on an attachable overlay, with a fixed address,
// and with the overlay beside a bridge.
func TestCutOffOverlay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, swarmEngine(t))
	n := w.subnet()
	ip4 := fmt.Sprintf("10.99.%d.77", n)
	ov := w.externalNetwork("ov", "--driver", "overlay", "--attachable", "--subnet", fmt.Sprintf("10.99.%d.0/24", n))
	f := w.foster("LAUNCH_NETWORKS=front", "LAUNCH_EXT_NETWORKS_IPV4="+ov+":"+ip4)
	want := want{image: childImage, endpoints: []endpoint{{network: ov, ipv4: ip4}, {network: w.net("front")}}}
	before := w.awaitWhole(want)
	f.awaitSaid("launched")
	w.docker("network", "disconnect", ov, before.ID)
	w.awaitWhole(want, same(before))
	w.docker("network", "disconnect", "--force", ov, before.ID)
	w.docker("network", "disconnect", w.net("front"), before.ID)
	w.awaitWhole(want, same(before))
	w.signalChild(before, syscall.SIGKILL)
	w.awaitWhole(want, newer(before))
	f.stop()
	w.nothingLeft()
	w.created(2)
}

// removeNetwork cuts the child off a network and removes it, as often as it
// takes: foster attaches the child again meanwhile.
func (w *world) removeNetwork(name string, c container.InspectResponse) {
	w.t.Helper()
	n, err := w.Client().NetworkInspect(w.t.Context(), name, network.InspectOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	lab.Eventually(w.t, patience, "the removal of "+name, func() error {
		ctx := w.t.Context()
		cut := w.Client().NetworkDisconnect(ctx, n.ID, c.ID, true)
		return errors.Join(w.Client().NetworkRemove(ctx, n.ID), cut)
	})
}

// TestCreatedNetworkRemoved: foster makes it again, with its labels, and
// attaches the same container.
func TestCreatedNetworkRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_NETWORKS=front back")
	want := wanted(w.net("front"), w.net("back"))
	before := w.awaitWhole(want)
	f.awaitSaid("launched")
	was, err := w.Client().NetworkInspect(t.Context(), w.net("front"), network.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w.removeNetwork(w.net("front"), before)
	w.awaitWhole(want, same(before))
	is, err := w.Client().NetworkInspect(t.Context(), w.net("front"), network.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if is.ID == was.ID || fmt.Sprint(is.Labels) != fmt.Sprint(was.Labels) || is.Driver != was.Driver || is.Attachable != was.Attachable {
		t.Errorf("the network is %+v, was %+v", is, was)
	}
	f.stop()
	w.nothingLeft()
	w.created(1)
}

// TestExternalNetworkRemovedAndCreatedAgain: the child lives on without it,
// and is attached as soon as it is back; foster does not make it.
func TestExternalNetworkRemovedAndCreatedAgain(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		engine func(testing.TB) *engine
		flags  []string
	}{
		{"bridge", plainEngine, nil},
		{"overlay", swarmEngine, []string{"--driver", "overlay", "--attachable"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, row.engine(t))
			ext := w.externalNetwork("ext", row.flags...)
			f := w.foster("LAUNCH_NETWORKS=front", "LAUNCH_EXT_NETWORKS="+ext)
			want := wanted(w.net("front"), ext)
			before := w.awaitWhole(want)
			f.awaitSaid("launched")
			w.removeNetwork(ext, before)
			f.awaitSaid("degraded", "net="+ext)
			if c, err := w.Client().ContainerInspect(t.Context(), before.ID); err != nil || same(before)(c) != nil {
				t.Fatalf("the child did not live on: %v", errors.Join(err, same(before)(c)))
			}
			if n, err := w.Client().NetworkInspect(t.Context(), ext, network.InspectOptions{}); err == nil {
				t.Fatalf("somebody made the network: %+v", n)
			}
			w.externalNetwork("ext", row.flags...)
			w.awaitWhole(want, same(before))
			f.awaitSaid("recovered")
			f.stop()
			w.nothingLeft()
			w.created(1)
		})
	}
}

// TestTwoFaultsAtOnce: one recovery answers both.
func TestTwoFaultsAtOnce(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		fault func(w *world, c container.InspectResponse)
		most  int // containers, with the first
	}{
		{"cut and killed", func(w *world, c container.InspectResponse) {
			w.docker("network", "disconnect", w.net("front"), c.ID)
			w.signalChild(c, syscall.SIGKILL)
		}, 2},
		{"killed and cut", func(w *world, c container.InspectResponse) {
			w.signalChild(c, syscall.SIGKILL)
			// It may be gone already.
			_ = w.Client().NetworkDisconnect(w.t.Context(), w.net("front"), c.ID, true)
		}, 2},
		// Foster hears of the two one after the other: it may have made a container before it knows that the network is
		// gone. The engine refuses to start that one, and it is made anew on the new network.
		{"removed with its network", func(w *world, c container.InspectResponse) {
			w.docker("rm", "--force", "--volumes", c.ID)
			w.docker("network", "rm", w.net("front"))
		}, 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plainEngine(t))
			f := w.foster("LAUNCH_NETWORKS=front back")
			want := wanted(w.net("front"), w.net("back"))
			before := w.awaitWhole(want)
			f.awaitSaid("launched")
			// Foster meets both at once.
			f.signal(syscall.SIGSTOP)
			row.fault(w, before)
			f.signal(syscall.SIGCONT)
			w.awaitWhole(want, newer(before))
			f.awaitSaid("recovered")
			f.stop()
			w.nothingLeft()
			if n := len(w.events("create")); n > row.most {
				t.Errorf("%d containers were created, want at most %d", n, row.most)
			}
			if n := len(w.events("start")); n != 2 {
				t.Errorf("%d containers ran, want 2", n)
			}
		})
	}
}

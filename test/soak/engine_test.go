package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/test/lab"
)

// one is a soak of one node without foster, with strangers on it.
func one(t *testing.T) *soak {
	t.Helper()
	l := lab.New(t, lab.Options{Swarm: true})
	s := newSoak(options{}, io.Discard)
	s.nodes = []*node{{Node: l.Node(1), index: 1}}
	s.ledger = newLedger(nil)
	following, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.follow(following, s.nodes[0])
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	files, err := childContext()
	if err == nil {
		err = s.nodes[0].BuildTar(t.Context(), childImage, bytes.NewReader(files))
	}
	if err == nil {
		_, err = s.nodes[0].Docker(t.Context(), "network", "create", "--driver", "overlay", "--attachable", sharedNetwork)
	}
	if err == nil {
		err = s.settle(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestEngine: strangers by themselves are no breach and nothing that is left, an engine's end included; what is done to
// them is, and so is whatever else is there, with foster's labels or without.
func TestEngine(t *testing.T) {
	s := one(t)
	n := s.nodes[0]
	clean := func() {
		t.Helper()
		if err := s.unharmed(t.Context(), n); err != nil {
			t.Error(err)
		}
		if lacks := s.left(t.Context()); len(lacks) > 0 {
			t.Errorf("left: %s", told(lacks))
		}
		if b := s.ledger.first(); b != nil {
			t.Error(b)
		}
	}
	clean()
	for _, kind := range []string{"engine-kill", "power-cut"} {
		if err := s.outage(t.Context(), fault{kind: kind, node: 1}); err != nil {
			t.Fatal(err)
		}
		s.revivals.Wait()
		for name, c := range s.strangers.nodes[n.Name].containers {
			if !c.running {
				t.Errorf("%s does not run after %s", name, kind)
			}
		}
		clean()
	}

	run := func(args ...string) string {
		t.Helper()
		out, err := n.Docker(t.Context(), args...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	run("network", "create", "soak_pair_store")
	id := run("run", "--detach", "--name", "stray", childImage)
	c, err := n.Client().ContainerInspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	volume := anonymousOf(c)[0]
	lacks := told(s.left(t.Context()))
	for _, want := range []string{"container /stray", "network soak_pair_store", "the anonymous volume " + volume[:12]} {
		if !strings.Contains(lacks, want) {
			t.Errorf("no %q in %q", want, lacks)
		}
	}
	run("rm", "--force", "--volumes", "stray")
	run("network", "rm", "soak_pair_store")
	clean()

	run("exec", "stranger", "true")
	lab.Eventually(t, 10*time.Second, "a breach", func() error {
		if b := s.ledger.first(); b == nil || !strings.Contains(b.Error(), "a stranger was touched: container exec_create") {
			return fmt.Errorf("there is %v", b)
		}
		return nil
	})
	for _, harm := range []func() error{
		func() error { // of the container that is gone: after the two with names
			return n.Client().VolumeRemove(t.Context(), s.strangers.nodes[n.Name].volumes[2], false)
		},
		func() error {
			return n.Client().NetworkDisconnect(t.Context(), sharedNetwork, "soak_everywhere-everywhere-2", true)
		},
		func() error {
			return n.Client().NetworkConnect(t.Context(), strangeNetwork, "pinned-pinned-10", &network.EndpointSettings{})
		},
		func() error {
			return n.Client().ContainerRestart(t.Context(), "soak_pair-web-2", container.StopOptions{})
		},
	} {
		before := fmt.Sprint(s.unharmed(t.Context(), n))
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		if after := fmt.Sprint(s.unharmed(t.Context(), n)); after == before {
			t.Errorf("no word of it: %s", after)
		}
	}
}

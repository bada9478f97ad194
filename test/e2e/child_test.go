package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/test/lab"
)

// endpoint is a wanted attachment. What is "" or nil may be anything, but for
// the aliases: the child's name and its container's are always wanted.
type endpoint struct {
	network         string
	ipv4, ipv6, mac string
	aliases         []string
	driverOpts      map[string]string
}

// want is a child as it should be.
type want struct {
	endpoints []endpoint
	image     string
}

// wanted is the child of childImage on networks without further wishes.
func wanted(networks ...string) want {
	w := want{image: childImage}
	for _, n := range networks {
		w.endpoints = append(w.endpoints, endpoint{network: n})
	}
	return w
}

// check is one more condition on the whole child.
type check func(c container.InspectResponse) error

// same: it is the same container, started once.
func same(before container.InspectResponse) check {
	return func(c container.InspectResponse) error {
		if c.ID != before.ID || c.State.StartedAt != before.State.StartedAt || c.State.Pid != before.State.Pid {
			return fmt.Errorf("it is not the same run: %.12s of %s, was %.12s of %s", c.ID, c.State.StartedAt, before.ID, before.State.StartedAt)
		}
		return nil
	}
}

// restarted: it is the same container, started again.
func restarted(before container.InspectResponse) check {
	return func(c container.InspectResponse) error {
		if c.ID != before.ID || c.State.StartedAt == before.State.StartedAt {
			return fmt.Errorf("it is %.12s of %s, was %.12s of %s", c.ID, c.State.StartedAt, before.ID, before.State.StartedAt)
		}
		return nil
	}
}

// newer: it is another container than before.
func newer(before container.InspectResponse) check {
	return func(c container.InspectResponse) error {
		if c.ID == before.ID {
			return errors.New("it is still the old container")
		}
		return nil
	}
}

// awaitWhole waits until the engine says that there is exactly one child, that
// it runs and is attached as wanted, and that the checks hold.
func (w *world) awaitWhole(want want, checks ...check) container.InspectResponse {
	w.t.Helper()
	return w.awaitWholeWithin(patience, want, checks...)
}

// awaitWholeWithin is awaitWhole with a time for it.
func (w *world) awaitWholeWithin(within time.Duration, want want, checks ...check) container.InspectResponse {
	w.t.Helper()
	var found container.InspectResponse
	last, seen, tries := errors.New("not looked at yet"), -1, 0
	lab.Eventually(w.t, within, "a whole child", func() error {
		// A look costs the engine several calls: look after events, and now and then without.
		now := len(w.rec.All())
		if tries++; now == seen && tries%25 != 0 {
			return last
		}
		seen = now
		c, err := w.whole(want)
		last = err
		if err != nil {
			return err
		}
		for _, check := range checks {
			if last = check(c); last != nil {
				return last
			}
		}
		found = c
		return nil
	})
	w.awaitReady(found)
	return found
}

// awaitReady waits until the first process of a child has set its traps: a
// signal that comes before is lost, for it is the first of its namespace.
func (w *world) awaitReady(c container.InspectResponse) {
	w.t.Helper()
	if !slices.Equal(c.Config.Entrypoint, []string{"/bin/child"}) {
		return // it does not run childScript
	}
	const winch = 1 << (28 - 1) // the trap that childScript sets last
	lab.Eventually(w.t, patience, "the child's traps", func() error {
		status, err := w.Exec(w.t.Context(), "cat", fmt.Sprintf("/proc/%d/status", c.State.Pid))
		if err != nil {
			if now, inspectErr := w.Client().ContainerInspect(w.t.Context(), c.ID); inspectErr != nil || !now.State.Running {
				return nil // ended already: the test will see to it
			}
			return err
		}
		if !strings.HasPrefix(status, "Name:\tchild\n") {
			return errors.New("it is still the engine's runtime, which catches every signal")
		}
		_, rest, _ := strings.Cut(status, "SigCgt:")
		caught, err := strconv.ParseUint(strings.Fields(rest)[0], 16, 64)
		if err != nil || caught&winch == 0 {
			return fmt.Errorf("it catches %x so far (%v)", caught, err)
		}
		return nil
	})
}

// whole looks once.
func (w *world) whole(want want) (container.InspectResponse, error) {
	c, err := w.only()
	if err == nil {
		err = w.wholeAs(c, want)
	}
	return c, err
}

// only is the one container of the child.
func (w *world) only() (container.InspectResponse, error) {
	list, err := w.children()
	if err != nil {
		return container.InspectResponse{}, err
	}
	if len(list) != 1 {
		return container.InspectResponse{}, fmt.Errorf("there are %d containers of the child", len(list))
	}
	return w.Client().ContainerInspect(w.t.Context(), list[0].ID)
}

// wholeAs says what a container lacks to be the whole child.
func (w *world) wholeAs(c container.InspectResponse, want want) error {
	errs := []error{running(c)}
	if c.Name != "/"+w.container() {
		errs = append(errs, fmt.Errorf("its name is %s", c.Name))
	}
	if c.Config.Image != want.image {
		errs = append(errs, fmt.Errorf("its image is %s", c.Config.Image))
	}
	var names []string
	for _, e := range want.endpoints {
		names = append(names, e.network)
		errs = append(errs, w.attachment(w.t.Context(), c, e))
	}
	slices.Sort(names)
	if got := slices.Sorted(maps.Keys(c.NetworkSettings.Networks)); len(names) > 0 && !slices.Equal(got, names) {
		errs = append(errs, fmt.Errorf("it is on %q, want %q", got, names))
	}
	return errors.Join(errs...)
}

func running(c container.InspectResponse) error {
	if !c.State.Running || c.State.Paused || c.State.Restarting {
		return fmt.Errorf("it is %s", c.State.Status)
	}
	return nil
}

// attachment compares an endpoint from both of its ends.
func (w *world) attachment(ctx context.Context, c container.InspectResponse, want endpoint) error {
	got := c.NetworkSettings.Networks[want.network]
	if got == nil || got.EndpointID == "" {
		return fmt.Errorf("it is not attached to %s", want.network)
	}
	n, err := w.Client().NetworkInspect(ctx, want.network, network.InspectOptions{})
	if err != nil {
		return err
	}
	errs := []error{}
	if _, ok := n.Containers[c.ID]; !ok || n.ID != got.NetworkID {
		errs = append(errs, fmt.Errorf("network %s does not know of it", want.network))
	}
	for _, x := range []struct{ what, want, got string }{
		{"IPv4 address", want.ipv4, got.IPAddress}, {"IPv6 address", want.ipv6, got.GlobalIPv6Address}, {"MAC address", want.mac, got.MacAddress},
	} {
		if x.want != "" && x.want != x.got {
			errs = append(errs, fmt.Errorf("its %s on %s is %q, want %q", x.what, want.network, x.got, x.want))
		}
	}
	for _, alias := range append([]string{childName, w.container()}, want.aliases...) {
		if !slices.Contains(got.Aliases, alias) && !slices.Contains(got.DNSNames, alias) {
			errs = append(errs, fmt.Errorf("its aliases on %s are %q, without %q", want.network, got.Aliases, alias))
		}
	}
	for k, v := range want.driverOpts {
		if got.DriverOpts[k] != v {
			errs = append(errs, fmt.Errorf("its driver options on %s are %v", want.network, got.DriverOpts))
		}
	}
	return errors.Join(errs...)
}

// reachable says whether a peer on the network gets the child's page by a name.
func (w *world) reachable(peer, name string) error {
	ctx := w.t.Context()
	out, err := w.Docker(ctx, "exec", peer, "timeout", "3", "wget", "-q", "-O", "-", "http://"+name+"/")
	if err == nil && out != "ok" {
		err = fmt.Errorf("it answers %q", out)
	}
	return err
}

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

// outsider is a container of somebody else's that children are bound to. Its
// acts are kept, to be compared with what happened to it.
type outsider struct {
	w      *world
	name   string
	volume string
	ids    []string
	acts   []string
}

func (w *world) outsider(what string) *outsider {
	return &outsider{w: w, name: w.name(what), volume: w.name(what + "-volume")}
}

// run makes a new container of that name.
func (o *outsider) run() {
	o.w.t.Helper()
	o.ids = append(o.ids, o.w.docker("run", "--detach", "--init", "--name", o.name, "--volume", o.volume+":/shared", lab.BusyboxImage, "sleep", "600"))
	o.acts = append(o.acts, "start")
}

// does is a docker command on it, and the events that the command brings.
func (o *outsider) does(command string, acts ...string) {
	o.w.t.Helper()
	o.w.docker(append(strings.Fields(command), o.name)...)
	o.acts = append(o.acts, acts...)
}

// untouched: nothing happened to it but what the test did.
func (o *outsider) untouched() {
	o.w.t.Helper()
	var got []string
	for _, m := range o.w.rec.All(lab.Type("container"), lab.Action("start", "die", "destroy", "rename", "pause", "unpause", "exec_start", "update")) {
		if slices.Contains(o.ids, m.Actor.ID) {
			got = append(got, string(m.Action))
		}
	}
	if !slices.Equal(got, o.acts) {
		o.w.t.Errorf("what happened to %s: %q, the test did %q", o.name, got, o.acts)
	}
}

// inside: it lives in the network namespace of the outsider's present run.
func (o *outsider) inside(c container.InspectResponse) error { return o.shares("net", c) }

// among: it lives among the processes of the outsider's present run.
func (o *outsider) among(c container.InspectResponse) error { return o.shares("pid", c) }

func (o *outsider) shares(kind string, c container.InspectResponse) error {
	ctx := o.w.t.Context()
	owner, err := o.w.Client().ContainerInspect(ctx, o.name)
	if err != nil {
		return err
	}
	link := func(c container.InspectResponse) string { return fmt.Sprintf("/proc/%d/ns/%s", c.State.Pid, kind) }
	theirs, err := o.w.Exec(ctx, "readlink", link(owner))
	if err != nil {
		return err
	}
	mine, err := o.w.Exec(ctx, "readlink", link(c))
	if err == nil && mine != theirs {
		err = fmt.Errorf("it lives in %s, %s in %s", mine, o.name, theirs)
	}
	return err
}

// heir: it was made with the outsider's volumes.
func (o *outsider) heir(c container.InspectResponse) error {
	if !slices.ContainsFunc(c.Mounts, func(m container.MountPoint) bool { return m.Name == o.volume && m.Destination == "/shared" }) {
		return fmt.Errorf("its mounts are %+v", c.Mounts)
	}
	return nil
}

// awaitNone waits until there is no container of a child.
func (w *world) awaitNone(child string) {
	w.t.Helper()
	lab.Eventually(w.t, patience, "the removal of "+child, func() error {
		c, err := w.of(child)
		if err == nil {
			return fmt.Errorf("%s is %s", child, c.State.Status)
		}
		return nil
	})
}

// TestOutsideOwner: children that share with a container of somebody else's are
// there exactly while it is, each time in its present namespace; one that only
// has its volumes lives on through its deaths, and those who have nothing to do
// with it through everything. Who lives among its processes is killed with it, by
// the kernel, and perhaps heard of first.
func TestOutsideOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	vpn := w.outsider("vpn")
	f := w.composed(`
services:
  app: {image: ` + childImage + `, network_mode: "container:` + vpn.name + `"}
  peer: {image: ` + childImage + `, pid: "container:` + vpn.name + `"}
  heir: {image: ` + childImage + `, volumes_from: ["container:` + vpn.name + `"]}
  other: {image: ` + childImage + `}
`)
	other := w.awaitRuns("other")
	for _, child := range []string{"app", "peer", "heir"} {
		f.awaitSaid("waiting for container "+vpn.name+", which is not there", "child="+child)
		if n := len(w.about(child, "create")); n != 0 {
			t.Errorf("%d containers were made for %s, which waits", n, child)
		}
	}
	vpn.run()
	app, peer, heir := w.awaitRuns("app", vpn.inside), w.awaitRuns("peer", vpn.among), w.awaitRuns("heir", vpn.heir)

	for _, row := range []struct {
		name  string
		fault func()
		app   func(container.InspectResponse) check
		peer  func(container.InspectResponse) check
		heir  func(container.InspectResponse) check
	}{
		{"kill and start", func() {
			vpn.does("kill", "die")
			w.awaitNone("app")
			w.awaitNone("peer")
			f.awaitSaid("waiting for container "+vpn.name+", which does not run", "child=app")
			vpn.does("start", "start")
		}, newer, newer, same},
		{"restart", func() { vpn.does("restart", "die", "start") }, newer, newer, same},
		{"pause", func() { vpn.does("pause", "pause"); vpn.does("unpause", "unpause") }, same, same, same},
		{"another of its name", func() { vpn.does("rm --force", "die", "destroy"); vpn.run() }, newer, newer, newer},
		{"the app's own death", func() { w.docker("kill", app.ID) }, newer, same, same},
		{"renamed away", func() {
			w.docker("rename", vpn.name, vpn.name+"-old")
			vpn.acts = append(vpn.acts, "rename")
			w.awaitNone("app")
			vpn.run()
		}, newer, newer, newer},
		{"the former one's end", func() {
			w.docker("rm", "--force", vpn.name+"-old")
			vpn.acts = append(vpn.acts, "die", "destroy")
		}, same, same, same},
	} {
		t.Log(row.name)
		row.fault()
		app, peer = w.awaitRuns("app", row.app(app), vpn.inside), w.awaitRuns("peer", row.peer(peer), vpn.among)
		heir = w.awaitRuns("heir", row.heir(heir), vpn.heir)
		if err := same(other)(w.awaitRuns("other")); err != nil {
			t.Fatalf("%s: who has nothing to do with it: %v", row.name, err)
		}
	}

	f.stop()
	vpn.untouched()
	vpn.does("rm --force", "die", "destroy")
	w.docker("volume", "rm", vpn.volume)
	w.nothingLeft()
	for child, want := range map[string]int{"app": 6, "heir": 3, "other": 1} {
		if got := len(w.about(child, "create")); got != want {
			t.Errorf("%d containers were made for %s, want %d", got, child, want)
		}
	}
}

// TestOwnerWithPrivateIPC: what an owner does not share is a mistake in the
// configuration, not something to wait for.
func TestOwnerWithPrivateIPC(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	w.docker("run", "--detach", "--init", "--name", w.name("desk"), lab.BusyboxImage, "sleep", "600")
	f := w.composed("services: {child: {image: '" + childImage + "', ipc: 'container:" + w.name("desk") + "'}}\n")
	f.ended(125, patience)
	w.nothingLeft()
	if l := f.said("giving up"); len(l) != 1 || !containsAll(l[0].text("detail"), "non-shareable IPC", "ipc: shareable") {
		t.Errorf("it says %v", l)
	}
}

// TestOwnerOfASingleChild: with LAUNCH_NETWORK_MODE, and by ID, whatever its
// name; its end while foster stops the child is no obstacle.
func TestOwnerOfASingleChild(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	vpn := w.outsider("vpn")
	vpn.run()
	f := w.foster("LAUNCH_NETWORK_MODE=container:"+vpn.ids[0][:12], "LAUNCH_COMMAND=loyal")
	first := w.awaitWhole(wanted(), vpn.inside)
	if mode := string(first.HostConfig.NetworkMode); mode != "container:"+vpn.ids[0] {
		t.Errorf("its network is %s", mode)
	}
	vpn.does("restart", "die", "start")
	second := w.awaitWhole(wanted(), newer(first), vpn.inside)
	w.docker("rename", vpn.name, vpn.name+"-new") // it is the same container still
	vpn.name += "-new"
	vpn.acts = append(vpn.acts, "rename")
	w.awaitWhole(wanted(), same(second), vpn.inside)

	f.signal(syscall.SIGTERM)
	w.awaitEvent(1, "kill") // the first was for the restart
	vpn.does("rm --force", "die", "destroy")
	f.ended(0, patience)
	vpn.untouched()
	w.docker("volume", "rm", vpn.volume)
	w.nothingLeft()
	w.created(2)
}

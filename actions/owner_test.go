package actions

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/docker/docker/api/types/container"

	"foster/spec"
	"foster/state"
)

// sharing is project() whose child lives in other containers' namespaces and volumes.
func sharing() *spec.Project {
	p := project()
	p.Children[0].Endpoints = nil
	p.Children[0].Host = &container.HostConfig{
		NetworkMode: "container:vpn", PidMode: "container:vpn", IpcMode: "container:desk", VolumesFrom: []string{"data:ro"},
	}
	return p
}

const sharesWith = "it shares with container vpn, desk, data, which is not there or does not run"

// TestOwnersThatAreAway: whatever the engine says of a container to share with
// that is not there or does not run, it is waited for, by name.
func TestOwnersThatAreAway(t *testing.T) {
	id := strings.Repeat("29ed0635", 8)
	for _, tc := range []struct {
		name          string
		create, start error
		class         state.Class
		words         string
	}{
		// Heard from 20.10.24. It takes a missing container for a network, and
		// answers 400 for the others.
		{name: "volumes of a missing one", create: invalid("No such container: data"), class: state.Transient, words: sharesWith},
		{name: "missing, of other kinds of answer", create: notFound("No such container: data"), class: state.Transient, words: sharesWith},
		{name: "network, missing", start: notFound("No such container: vpn"), class: state.Transient, words: sharesWith},
		{name: "network, exited", start: conflict("cannot join network of a non running container: " + id), class: state.Transient, words: sharesWith},
		{name: "network, restarting", start: conflict("Container " + id + " is restarting, wait until the container is running"), class: state.Transient, words: sharesWith},
		{name: "pid, exited", start: internal("container " + id + " is not running"), class: state.Transient, words: sharesWith},
		{name: "pid, gone", start: internal("cannot join PID of a non running container: " + id + ": No such container: " + id), class: state.Transient, words: sharesWith},
		{name: "ipc, exited", start: internal("can't join IPC of container " + id + ": container " + id + " is not running"), class: state.Transient, words: sharesWith},
		{name: "ipc, gone", start: internal("can't join IPC of container " + id + ": No such container: " + id), class: state.Transient, words: sharesWith},
		{name: "ipc, private", start: internal("can't join IPC of container " + id + ": non-shareable IPC (hint: use IpcMode:shareable for the donor container)"), class: state.Permanent, words: "with ipc: shareable"},
		// Found in the source of 28.5.
		{name: "28: network, exited", start: conflict("failed to set up container networking: cannot join network namespace of a non running container: container vpn is exited"), class: state.Transient, words: sharesWith},
		{name: "28: network, missing", start: notFound("joining network namespace of container: No such container: vpn"), class: state.Transient, words: sharesWith},
		{name: "28: ipc", start: invalid("failed to join IPC namespace: No such container: " + id), class: state.Transient, words: sharesWith},
		{name: "28: pid", start: conflict("failed to join PID namespace: container " + id + " is not running"), class: state.Transient, words: sharesWith},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got made
				e := &stub{
					t: t, create: answering(&got, tc.create), imgInspect: images("sha256:1"),
					start:   func(context.Context, string) error { return tc.start },
					inspect: found(false),
				}
				r := run(t, e, sharing())
				d := r.done(t, state.Create{Op: 1, Child: "web"})
				if tc.create == nil {
					check(t, d, state.OK, "c1", "")
					d = r.done(t, state.Start{Op: 2, Child: "web", ID: "c1"})
				}
				check(t, d, tc.class, d.ID, tc.words)
			})
		})
	}
}

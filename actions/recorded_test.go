package actions

import (
	"context"
	"testing"

	"github.com/containerd/errdefs"

	"foster/state"
)

// TestRecordedErrors: every way in which a start or a network is known to fail,
// in the engine's words but for the IDs, is classed; TestClassify has those that
// are not here. They were heard from 20.10.24 where nothing else is said; on a
// worker means that they need an overlay whose manager is elsewhere.
func TestRecordedErrors(t *testing.T) {
	const (
		id  = "4b0e7e4c1d1c5f6a7b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c"
		ov  = "m7s03m4i6ovkftpa1i2ub6ozn" // an overlay's ID
		ref = "127.0.0.1:5000/lab/bb:1"
	)
	for _, tc := range []struct {
		seen string
		v    Verb
		err  error
		want state.Class
		soon bool // it may be over in a moment: tried again here, before the core hears of it
	}{
		// What a start can fail of.
		{"image not here", VerbCreate, notFound("No such image: " + ref), state.NoImage, false},
		{"image not there either: no such tag, repository or digest", VerbPull, notFound("manifest for " + ref + " not found: manifest unknown: manifest unknown"), state.Permanent, false},
		{"image denied", VerbPull, internal("denied: requested access to the resource is denied"), state.Permanent, false},
		{"network not (yet) there", VerbStart, notFound("network ov1 not found"), state.NoNetwork, false},
		{"no manager in time, after a boot, on a worker", VerbStart, internal("attaching to network failed, make sure your network options are correct and check manager logs: context deadline exceeded"), state.Transient, false},
		{"engine not yet in its swarm (20.10, read)", VerbStart, internal("invalid cluster node while attaching to network"), state.Transient, true},
		{"overlay not attachable", VerbCreate, forbidden("Could not attach to network ov1: rpc error: code = PermissionDenied desc = network ov1 not manually attachable"), state.Permanent, false},
		{"bad parameter", VerbCreate, invalid("invalid restart policy 'perhaps'"), state.Permanent, false},
		{"owner of the namespace gone", VerbCreate, notFound("No such container: " + id), state.Transient, false},

		// A swarm of three.
		{"connect while a dying task has the network's name, on a worker", VerbConnect, internal("Could not attach to network ov1: rpc error: code = NotFound desc = network ov1 not found"), state.NoNetwork, false},
		{"start while a dying task has the network's name, on a worker", VerbStart, notFound("Could not attach to network ov1: rpc error: code = NotFound desc = network ov1 not found"), state.NoNetwork, false},
		{"network rm with a container on it", VerbNetworkRemove, reply{errdefs.ErrFailedPrecondition, "rpc error: code = FailedPrecondition desc = network " + ov + " is in use by task " + ov}, state.Transient, false},

		// Faults of engine and swarm.
		{"any call of a stopped engine", VerbRemove, context.DeadlineExceeded, state.Transient, false},
		{"create during the engine's shutdown", VerbCreate, internal("create " + id + ": database not open"), state.Transient, true},
		{"volume rm during the engine's shutdown", VerbVolumeRemove, internal("database not open"), state.Transient, true},
		{"connect on a worker that is cut off", VerbConnect, internal("Could not attach to network ov1: context deadline exceeded"), state.Transient, false},
		{"restart on a worker that is cut off", VerbStart, internal("Cannot restart container ww: Could not attach to network " + ov + ": context deadline exceeded"), state.Transient, false},
		{"start of a container that holds the network's ID, on a worker", VerbStart, internal("Could not attach to network " + ov + ": context deadline exceeded"), state.Transient, false},
		{"restart of the last user of an overlay, on a worker (19.03)", VerbStart, notFound("Cannot restart container X: network " + ov + " not found"), state.NoNetwork, false},
		{"the same (19.03)", VerbStart, internal("Cannot restart container X: network ID not found"), state.NoNetwork, false},
		{"the same (19.03)", VerbStart, internal("Cannot restart container X: failed to get network during CreateEndpoint: network " + ov + " not found"), state.NoNetwork, false},
		{"what the engine's own restart says of it", VerbStart, internal("restartmanger wait error: network " + ov + " not found"), state.NoNetwork, false},
		{"start with a network that was made anew", VerbStart, internal("Could not attach to network " + ov + ": rpc error: code = NotFound desc = network " + ov + " not found"), state.NoNetwork, false},

		// Containers and endpoints.
		{"nothing to run", VerbStart, invalid(`failed to create shim task: OCI runtime create failed: runc create failed: exec: "/no/such": stat /no/such: no such file or directory: unknown`), state.Permanent, false},

		// Registries.
		{"login, wrong password", VerbPull, internal("login attempt to http://127.0.0.1:5000/v2/ failed with status: 401 Unauthorized"), state.Permanent, false},
		{"inspect of an image that is not here", VerbInspectImage, notFound("no such image: " + ref + ": No such image: " + ref), state.NoImage, false},
	} {
		class, _, soon := judge(tc.v, tc.err)
		if class != tc.want || soon != tc.soon {
			t.Errorf("%s: %s: %v: class %v, soon %v; want %v, %v", tc.seen, tc.v, tc.err, class, soon, tc.want, tc.soon)
		}
	}
}

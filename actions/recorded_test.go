package actions

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/containerd/errdefs"

	"foster/state"
)

// again says whether a failed call is made once more, and by whom.
type again int

const (
	never  again = iota // what is asked for has to change first
	core                // by the core, with a growing delay
	inside              // here for a few seconds, then by the core
	done                // there is nothing left to do
)

// TestRecordedErrors: every way in which a start or a network is known to fail,
// in the engine's words but for the IDs, is classed and tried again or not. The
// words were heard from 20.10.24 where nothing else is said; on a worker means
// that they need an overlay whose manager is elsewhere.
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
		then again
	}{
		// What a start can fail of, one row for each class of failure.
		{"name in use; whose it is decides, see TestCreateNameTaken", VerbCreate, conflict(`Conflict. The container name "/c1" is already in use by container "` + id + `". You have to remove (or rename) that container to be able to reuse that name.`), state.Transient, core},
		{"image not here", VerbCreate, notFound("No such image: " + ref), state.NoImage, core},
		{"image not there either", VerbPull, notFound("manifest for " + ref + " not found: manifest unknown: manifest unknown"), state.Permanent, never},
		{"image denied", VerbPull, internal("denied: requested access to the resource is denied"), state.Permanent, never},
		{"network not (yet) there", VerbStart, notFound("network ov1 not found"), state.NoNetwork, core},
		{"no manager in time, on a worker", VerbStart, internal("Could not attach to network ov1: context deadline exceeded"), state.Transient, core},
		{"no manager in time, after a boot, on a worker", VerbStart, internal("attaching to network failed, make sure your network options are correct and check manager logs: context deadline exceeded"), state.Transient, core},
		{"engine not yet in its swarm (20.10, read)", VerbStart, internal("invalid cluster node while attaching to network"), state.Transient, inside},
		{"overlay not attachable", VerbCreate, forbidden("Could not attach to network ov1: rpc error: code = PermissionDenied desc = network ov1 not manually attachable"), state.Permanent, never},
		{"several endpoints below API 1.44", VerbCreate, invalid("Container cannot be created with multiple network endpoints: a, b"), state.Permanent, never},
		{"port taken", VerbStart, internal("driver failed programming external connectivity on endpoint c1 (" + id + "): Bind for 0.0.0.0:8080 failed: port is already allocated"), state.Transient, core},
		{"device unplugged", VerbStart, internal(`error gathering device information while adding custom device "/dev/ttyUSB0": no such file or directory`), state.Transient, core},
		{"bad parameter", VerbCreate, invalid("invalid restart policy 'perhaps'"), state.Permanent, never},
		{"nothing to run; there is no die event", VerbStart, invalid(`failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/no/such": stat /no/such: no such file or directory: unknown`), state.Permanent, never},
		{"owner of the namespace gone", VerbCreate, notFound("No such container: " + id), state.Transient, core},
		{"owner of the namespace does not run", VerbStart, conflict("cannot join network of a non running container: " + id), state.Transient, core},

		// A swarm of three.
		{"inspect of an overlay that nothing on the worker uses", VerbNetworkLook, notFound("network ov1 not found"), state.NoNetwork, core},
		{"create while a dying task has the name", VerbNetworkCreate, conflict("network with name ov1 already exists"), state.Exists, core},
		{"connect meanwhile, on a worker", VerbConnect, internal("Could not attach to network ov1: rpc error: code = NotFound desc = network ov1 not found"), state.NoNetwork, core},
		{"start meanwhile, on a worker", VerbStart, notFound("Could not attach to network ov1: rpc error: code = NotFound desc = network ov1 not found"), state.NoNetwork, core},
		{"network rm with a container on it", VerbNetworkRemove, reply{errdefs.ErrFailedPrecondition, "rpc error: code = FailedPrecondition desc = network " + ov + " is in use by task " + ov}, state.Transient, core},

		// Faults of engine and swarm.
		{"any call when the engine is killed", VerbRemove, io.ErrUnexpectedEOF, state.Transient, inside},
		{"any call of a stopped engine", VerbRemove, context.DeadlineExceeded, state.Transient, core},
		{"a create that may have been carried out", VerbCreate, context.DeadlineExceeded, state.Unsure, core},
		{"create during the engine's shutdown", VerbCreate, internal("create " + id + ": database not open"), state.Transient, inside},
		{"volume rm during the engine's shutdown", VerbVolumeRemove, internal("database not open"), state.Transient, inside},
		{"connect on a worker that is cut off", VerbConnect, internal("Could not attach to network ov1: context deadline exceeded"), state.Transient, core},
		{"restart on a worker that is cut off", VerbStart, internal("Cannot restart container ww: Could not attach to network " + ov + ": context deadline exceeded"), state.Transient, core},
		{"start of a container that holds the network's ID, on a worker", VerbStart, internal("Could not attach to network " + ov + ": context deadline exceeded"), state.Transient, core},
		{"restart of the last user of an overlay, on a worker (19.03)", VerbStart, notFound("Cannot restart container X: network " + ov + " not found"), state.NoNetwork, core},
		{"the same (19.03)", VerbStart, internal("Cannot restart container X: network ID not found"), state.NoNetwork, core},
		{"the same (19.03)", VerbStart, internal("Cannot restart container X: failed to get network during CreateEndpoint: network " + ov + " not found"), state.NoNetwork, core},
		{"what the engine's own restart says of it", VerbStart, internal("restartmanger wait error: network " + ov + " not found"), state.NoNetwork, core},
		{"connect right after one with a bad address", VerbConnect, notFound("network ov1 not found"), state.NoNetwork, core},
		{"start with a network that was made anew", VerbStart, internal("Could not attach to network " + ov + ": rpc error: code = NotFound desc = network " + ov + " not found"), state.NoNetwork, core},
		{"an engine that is told to do what its swarm forbids; foster never does", VerbStart, internal("--live-restore daemon configuration is incompatible with swarm mode"), state.Transient, core},

		// Containers and endpoints.
		{"start of one that is gone", VerbStart, notFound("No such container: c1"), state.Gone, done},
		{"disconnect of one that is not connected, also by force", VerbDisconnect, internal("container " + id + " is not connected to network br1"), state.OK, done},
		{"disconnect by force of one that is not known", VerbDisconnect, notFound("endpoint nosuch not found"), state.OK, done},
		{"connect twice, bridge", VerbConnect, forbidden("endpoint with name c1 already exists in network br1"), state.Exists, core},
		{"connect twice, overlay", VerbConnect, internal("app1 is already attached to network ov1"), state.Exists, core},
		{"network rm in use", VerbNetworkRemove, forbidden("error while removing network: network br1 id " + id + " has active endpoints"), state.Transient, core},
		{"nothing to run", VerbStart, invalid(`failed to create shim task: OCI runtime create failed: runc create failed: exec: "/no/such": stat /no/such: no such file or directory: unknown`), state.Permanent, never},

		// Registries.
		{"login, wrong password", VerbPull, internal("login attempt to http://127.0.0.1:5000/v2/ failed with status: 401 Unauthorized"), state.Permanent, never},
		{"pull, wrong password", VerbPull, internal("unauthorized: authentication required"), state.Permanent, never},
		{"pull, no credentials", VerbPull, internal(`Head "http://127.0.0.1:5000/v2/lab/bb/manifests/1": no basic auth credentials`), state.Permanent, never},
		{"pull, missing tag, repository or digest", VerbPull, notFound("manifest for " + ref + " not found: manifest unknown: manifest unknown"), state.Permanent, never},
		{"pull, registry down", VerbPull, internal(`Get "http://127.0.0.1:5000/v2/": dial tcp 127.0.0.1:5000: connect: connection refused`), state.Transient, core},
		{"pull over plain HTTP", VerbPull, internal(`Get "https://10.231.7.254:5000/v2/": http: server gave HTTP response to HTTPS client`), state.Permanent, never},
		{"inspect of an image that is not here", VerbInspectImage, notFound("no such image: " + ref + ": No such image: " + ref), state.NoImage, core},
		{"push of an image that is not here; foster pushes nothing", VerbPull, errors.New("An image does not exist locally with the tag: lab/bb"), state.Transient, core},
	} {
		class, _, soon := judge(tc.v, tc.err)
		if class != tc.want {
			t.Errorf("%s: %s: %v: class %v, want %v", tc.seen, tc.v, tc.err, class, tc.want)
		}
		if got := comesAgain(class, soon); got != tc.then {
			t.Errorf("%s: %s: %v: again %d, want %d", tc.seen, tc.v, tc.err, got, tc.then)
		}
	}
}

// comesAgain is what the core makes of a class: Permanent ends the project, OK
// and Gone end the operation, all else is looked into or tried again.
func comesAgain(class state.Class, soon bool) again {
	switch {
	case class == state.Permanent:
		return never
	case class == state.OK || class == state.Gone:
		return done
	case soon:
		return inside
	}
	return core
}

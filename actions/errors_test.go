package actions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/containerd/errdefs"

	"foster/state"
)

// The texts are what the engines said, word for word.
func TestClassify(t *testing.T) {
	const id = "4b0e7e4c1d1c5f6a7b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c"
	// These of the rows may be over in a moment: they are tried again here, before
	// the core hears of them.
	passing := map[string]bool{
		errRefused.Error(): true, io.ErrUnexpectedEOF.Error(): true, syscall.ECONNRESET.Error(): true,
		"Error response from daemon: shutting down": true, "Error response from daemon: invalid cluster node while attaching to network": true,
	}
	for _, tc := range []struct {
		v    Verb
		err  error
		want state.Class
		hint string // a part of it
	}{
		{VerbStart, nil, state.OK, ""},

		// The way to the engine, and the end of patience.
		{VerbCreate, errRefused, state.Transient, ""},
		{VerbCreate, context.DeadlineExceeded, state.Unsure, "in time"},
		{VerbStart, &url.Error{Op: "Post", URL: "x", Err: context.DeadlineExceeded}, state.Unsure, "in time"},
		{VerbStop, context.DeadlineExceeded, state.Transient, "in time"},
		{VerbPull, fmt.Errorf("x: %w", context.Canceled), state.Canceled, ""},
		{VerbRemove, io.ErrUnexpectedEOF, state.Transient, ""},
		{VerbRemove, syscall.ECONNRESET, state.Transient, ""},
		{VerbStart, reply{errdefs.ErrUnavailable, "shutting down"}, state.Transient, ""},

		// 404 by verb.
		{VerbStart, notFound("No such container: c1"), state.Gone, ""},
		{VerbStop, notFound("No such container: c1"), state.Gone, ""},
		{VerbConnect, notFound("No such container: c1"), state.Gone, ""},
		{VerbCreate, notFound("No such container: c1"), state.Transient, "namespace"},
		{VerbCreate, notFound("No such image: app:1"), state.NoImage, ""},
		{VerbStart, invalid("failed to create shim task: OCI runtime create failed: runc create failed: unable to create new parent process: namespace path: lstat /proc/12122/ns/net: no such file or directory: unknown"), state.Transient, "shares"},
		{VerbCreate, errors.New(`"specify health-check start interval" requires API version 1.44, but the Docker daemon API version is 1.41`), state.Permanent, "newer engine"},
		{VerbCreate, errors.New("bind-recursive=readonly requires API v1.44 or later"), state.Permanent, "newer engine"},
		{VerbInspectImage, notFound("no such image: app:1: No such image: app:1"), state.NoImage, ""},
		{VerbCreate, notFound("network front not found"), state.NoNetwork, ""},
		{VerbStart, notFound("network " + id + " not found"), state.NoNetwork, ""},
		{VerbConnect, notFound("network ov1 not found"), state.NoNetwork, ""},
		{VerbNetworkLook, notFound("network ov1 not found"), state.NoNetwork, ""},
		{VerbVolumeCreate, notFound(`plugin "nfs" not found`), state.Permanent, ""},

		// Overlay networks.
		{VerbStart, internal("Could not attach to network " + id + ": rpc error: code = NotFound desc = network " + id + " not found"), state.NoNetwork, ""},
		{VerbStart, internal("Could not attach to network ov1: context deadline exceeded"), state.Transient, "manager"},
		{VerbConnect, internal("attaching to network failed, make sure your network options are correct and check manager logs: context deadline exceeded"), state.Transient, "manager"},
		{VerbConnect, forbidden("Could not attach to network ov1: rpc error: code = PermissionDenied desc = network ov1 not manually attachable"), state.Permanent, "--attachable"},
		{VerbConnect, internal("invalid cluster node while attaching to network"), state.Transient, "swarm"},
		{VerbStart, internal("failed to set up container networking: network back not found"), state.NoNetwork, ""},

		// Attachments.
		{VerbConnect, forbidden("endpoint with name c1 already exists in network br1"), state.Exists, ""},
		{VerbConnect, internal("app1 is already attached to network ov1"), state.Exists, ""},
		{VerbStart, forbidden("endpoint with name c1 already exists in network br1"), state.Transient, "disconnect -f"},
		{VerbConnect, conflict("container " + id + " is marked for removal and cannot be connected or disconnected to the network"), state.Gone, ""},
		{VerbConnect, forbidden("container sharing network namespace with another container or host cannot be connected to any other network"), state.Permanent, ""},
		{VerbDisconnect, internal("container " + id + " is not connected to network br1"), state.OK, ""},
		{VerbDisconnect, notFound("endpoint nosuch not found"), state.OK, ""},
		{VerbConnect, invalid("user specified IP address is supported only when connecting to networks with user configured subnets"), state.Permanent, ""},
		{VerbConnect, forbidden("Address already in use"), state.Transient, "holds the address"},

		// Start.
		{VerbStart, internal("driver failed programming external connectivity on endpoint c1 (" + id + "): Bind for 0.0.0.0:8080 failed: port is already allocated"), state.Transient, "LAUNCH_PORTS"},
		{VerbStart, forbidden("driver failed programming external connectivity on endpoint c1 (" + id + "): Bind for 0.0.0.0:8080 failed: port is already allocated"), state.Transient, "LAUNCH_PORTS"},
		{VerbStart, internal("driver failed programming external connectivity on endpoint c1: Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use"), state.Transient, "LAUNCH_PORTS"},
		{VerbStart, internal(`error gathering device information while adding custom device "/dev/ttyUSB0": no such file or directory`), state.Transient, "LAUNCH_DEVICES"},
		{VerbStart, invalid(`failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/no/such": stat /no/such: no such file or directory: unknown`), state.Permanent, ""},
		{VerbStart, conflict("cannot join network of a non running container: " + id), state.Transient, "namespace"},
		{VerbCreate, invalid("Container cannot be created with multiple network endpoints: a, b"), state.Permanent, ""},
		{VerbCreate, conflict(`Conflict. The container name "/c1" is already in use by container "` + id + `". You have to remove (or rename) that container to be able to reuse that name.`), state.Transient, ""},

		{VerbCreate, internal("invalid volume specification: '/no/such/dir:relative': invalid mount config for type \"bind\": invalid mount path: 'relative' mount path must be absolute"), state.Permanent, "LAUNCH_VOLUMES"},
		{VerbStart, internal("error gathering device information while adding custom device \"/dev/nosuch\": no such file or directory"), state.Transient, "LAUNCH_DEVICES"},

		// Stop and remove.
		{VerbStop, conflict("Container " + id + " is not running"), state.OK, ""},
		{VerbStop, forbidden("no"), state.Transient, ""},
		{VerbRemove, conflict("removal of container " + id + " is already in progress"), state.Exists, ""},
		{VerbRemove, conflict("You cannot remove a running container " + id + ". Stop the container before attempting removal or force remove"), state.Transient, "it runs"},
		{VerbRemove, conflict(`cannot remove container "/c1": container is running: stop the container before removing or force remove`), state.Transient, "it runs"},
		{VerbNetworkRemove, forbidden("error while removing network: network br1 id " + id + " has active endpoints"), state.Transient, ""},
		{VerbNetworkRemove, reply{errdefs.ErrFailedPrecondition, "rpc error: code = FailedPrecondition desc = network " + id + " is in use by task " + id}, state.Transient, ""},
		{VerbNetworkCreate, conflict("network with name ov1 already exists"), state.Exists, ""},
		{VerbNetworkCreate, forbidden("could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network"), state.Transient, "prune"},

		// Registries: the status says little.
		{VerbPull, internal("unauthorized: authentication required"), state.Permanent, "password"},
		{VerbPull, internal("unauthorized"), state.Permanent, "password"},
		{VerbPull, internal("denied"), state.Permanent, "password"},
		{VerbPull, errors.New("denied: requested access to the resource is denied"), state.Permanent, "password"},
		{VerbPull, internal(`error parsing HTTP 403 response body: invalid character 'o' in literal null (expecting 'u'): "nope"`), state.Permanent, "password"},
		{VerbPull, internal(`Head "http://127.0.0.1:5000/v2/lab/bb/manifests/1": no basic auth credentials`), state.Permanent, "password"},
		{VerbPull, notFound("pull access denied for lab/none, repository does not exist or may require 'docker login': denied: requested access to the resource is denied"), state.Permanent, "misspelt"},
		{VerbPull, notFound("manifest for 127.0.0.1:5000/lab/bb:2 not found: manifest unknown: manifest unknown"), state.Permanent, "no such tag"},
		{VerbPull, notFound("manifest for r.example/app:429 not found: manifest unknown: manifest unknown"), state.Permanent, "no such tag"},
		{VerbPull, notFound("manifest for r.example/denied:1 not found: manifest unknown: manifest unknown"), state.Permanent, "no such tag"},
		{VerbPull, internal("name unknown"), state.Permanent, "no such repository"},
		{VerbPull, notFound("repository lab/none not found: name unknown: repository name not known to registry"), state.Permanent, "no such repository"},
		{VerbPull, internal(`Get "http://127.0.0.1:5000/v2/": dial tcp 127.0.0.1:5000: connect: connection refused`), state.Transient, "is it up"},
		{VerbPull, internal(`Get "https://203.0.113.9:5000/v2/": dial tcp 203.0.113.9:5000: connect: network is unreachable`), state.Transient, "cannot reach"},
		{VerbPull, internal(`Get "http://127.0.0.1:35709/v2/": EOF`), state.Transient, "cannot reach"},
		{VerbPull, internal(`Get "https://nosuch.invalid:5000/v2/": dial tcp: lookup nosuch.invalid on 198.18.57.254:53: read udp 198.18.57.1:45080->198.18.57.254:53: read: connection refused`), state.Transient, "DNS"},
		{VerbPull, internal(`Get "https://nosuch.invalid/v2/": dial tcp: lookup nosuch.invalid: no such host`), state.Transient, "DNS"},
		{VerbPull, internal(`Get "http://127.0.0.1:5000/v2/": net/http: request canceled (Client.Timeout exceeded while awaiting headers)`), state.Transient, "in time"},
		{VerbPull, internal(`Get "https://r.example/v2/": net/http: TLS handshake timeout`), state.Transient, "in time"},
		{VerbPull, internal("received unexpected HTTP status: 503 Service Unavailable"), state.Transient, "in trouble"},
		{VerbPull, internal("received unexpected HTTP status: 500 Internal Server Error"), state.Transient, "in trouble"},
		{VerbPull, internal("toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"), state.Transient, "limit"},
		{VerbPull, internal(`error parsing HTTP 429 response body: unexpected end of JSON input: ""`), state.Transient, "limit"},
		{VerbPull, notFound("pull access denied for app, repository does not exist or may require 'docker login': denied: Request exceeded pull rate limit for IP 127.0.0.1"), state.Transient, "limit"},
		{VerbPull, errors.New("manifest verification failed for digest sha256:" + id), state.Permanent, "digest mismatch"},
		{VerbPull, errors.New("error pulling image configuration: image config verification failed for digest sha256:" + id), state.Permanent, "digest mismatch"},
		{VerbPull, errors.New("no matching manifest for linux/s390x in the manifest list entries"), state.Permanent, "platform"},
		{VerbPull, internal(`Get "https://10.231.7.254:5000/v2/": http: server gave HTTP response to HTTPS client`), state.Permanent, "insecure-registries"},
		{VerbPull, internal(`Get "https://r.example/v2/": x509: certificate signed by unknown authority`), state.Permanent, "certs.d"},
		{VerbPull, invalid("invalid reference format"), state.Permanent, "LAUNCH_IMAGE"},
		{VerbPull, errors.New("write /var/lib/docker/tmp/GetImageBlob1: no space left on device"), state.Transient, "room"},
		{VerbPull, errors.New("open /var/lib/docker/tmp/GetImageBlob1: permission denied"), state.Transient, ""},

		// Nothing known.
		{VerbStart, internal("something went wrong"), state.Transient, ""},
		{VerbStart, errors.New("what"), state.Transient, ""},
		{VerbCreate, reply{errdefs.ErrNotImplemented, "no"}, state.Permanent, ""},
	} {
		class, hint, soon := judge(tc.v, tc.err)
		if want := tc.err != nil && passing[tc.err.Error()]; soon != want {
			t.Errorf("%s: %v: soon %v, want %v", tc.v, tc.err, soon, want)
		}
		if class != tc.want || Classify(tc.v, tc.err) != tc.want {
			t.Errorf("%s: %v: class %v, want %v", tc.v, tc.err, class, tc.want)
		}
		if tc.hint == "" && hint != "" || !strings.Contains(hint, tc.hint) {
			t.Errorf("%s: %v: hint %q, want %q", tc.v, tc.err, hint, tc.hint)
		}
	}
}

func TestAnswersNameTheirEngine(t *testing.T) {
	form := regexp.MustCompile(`^\d+\.\d+(\.\d+| read)$`)
	for _, a := range answers {
		if !form.MatchString(a.seen) {
			t.Errorf("%s: seen on %q", a.text, a.seen)
		}
	}
}

func TestDetailHidesSecrets(t *testing.T) {
	err := fail(VerbStart, "start", internal("mount //srv/share: data: addr=10.0.0.1,username=bob,password=hunter2,vers=3.0: \n invalid; Get https://bob:hunter2@r.example/v2/?token=hunter2"))
	got := detail(err)
	if strings.Contains(got, "hunter2") || strings.Contains(got, "\n") || !strings.Contains(got, "vers=3.0") || strings.Contains(got, "Error response") {
		t.Errorf("%q", got)
	}
}

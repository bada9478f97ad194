package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/volume"

	"foster/test/lab"
)

// The images that every engine of these tests has, beside lab.BusyboxImage.
const (
	childImage  = "e2e/child:1"  // childScript, with an anonymous volume
	sickImage   = "e2e/sick:1"   // the same, healthy until the file /tmp/sick is there
	fosterImage = "e2e/foster:1" // foster itself; see engine.fosterImage
)

// childScript is the first process of the children. It serves /www on port 80
// and ends as the test says: 0 by TERM or USR1, 3 by USR2, out of memory by
// HUP. With "stubborn" it ignores TERM, with "loyal" it takes a second for it.
const childScript = `#!/bin/sh
trap 'exit 0' TERM USR1
trap 'exit 3' USR2
trap 'exec tail /dev/zero' HUP
case $1 in
stubborn) trap '' TERM ;;
loyal) trap 'sleep 1; exit 0' TERM ;;
esac
trap : WINCH # ready: see awaitReady
echo "the child speaks"
httpd -p 80 -h /www
while :; do sleep 3 & wait; done # a trap that wait has missed runs after this
`

var dockerfiles = map[string]string{
	childImage: "FROM " + lab.BusyboxImage + "\nCOPY child /bin/child\nVOLUME /data\nENTRYPOINT [\"/bin/child\"]\n",
	sickImage: "FROM " + lab.BusyboxImage + "\nCOPY child /bin/child\nVOLUME /data\nENTRYPOINT [\"/bin/child\"]\n" +
		"HEALTHCHECK --interval=200ms --timeout=5s --retries=2 CMD test ! -e /tmp/sick || { echo no longer well; exit 1; }\n",
}

// engine is one real engine with what every test needs.
type engine struct {
	*lab.Node
	rec *lab.Recorder // from the engine's start on

	canary canary
	foster func() error // builds fosterImage, once

	mu      sync.Mutex
	subnets int
}

// canary is what foster must never touch: a container of somebody else's, on a
// network of somebody else's, with a volume.
type canary struct {
	container container.InspectResponse
	network   string
}

func startEngine(ctx context.Context, opts lab.Options) (*lab.Lab, *engine, error) {
	// Small default networks: every test makes some.
	opts.DockerdFlags = append(opts.DockerdFlags, "--default-address-pool=base=10.64.0.0/12,size=24")
	l, err := lab.Start(ctx, opts)
	if err != nil {
		return nil, nil, fmt.Errorf("start a lab: %w", err)
	}
	e, err := furnish(ctx, l.Node(1))
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	return l, e, nil
}

// furnish puts images and canary on a node's engine.
func furnish(ctx context.Context, n *lab.Node) (*engine, error) {
	e := &engine{Node: n, rec: n.RecordEvents(context.Background())}
	e.foster = sync.OnceValue(func() error {
		path, err := binary()
		if err != nil {
			return err
		}
		program, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		check, err := healthcheck()
		if err != nil {
			return err
		}
		return e.build(context.Background(), fosterImage, map[string]string{
			"Dockerfile": "FROM scratch\nCOPY foster /foster\nLABEL foster.launcher=true\n" + check + "\nENTRYPOINT [\"/foster\"]\n", "foster": string(program),
		})
	})
	for _, tag := range slices.Sorted(maps.Keys(dockerfiles)) {
		if err := e.build(ctx, tag, map[string]string{"Dockerfile": dockerfiles[tag], "child": childScript}); err != nil {
			return nil, err
		}
	}
	return e, e.startCanary(ctx)
}

// build builds an image from files; all of them are executable.
func (e *engine) build(ctx context.Context, tag string, files map[string]string) error {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(files[name]))}); err != nil {
			return err
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return e.BuildTar(ctx, tag, &out)
}

func (e *engine) startCanary(ctx context.Context) error {
	var err error
	if e.canary.network, err = e.Docker(ctx, "network", "create", "canary"); err != nil {
		return err
	}
	id, err := e.Docker(ctx, "run", "--detach", "--name", "canary", "--network", "canary",
		"--label", "com.docker.compose.project=canary", "--label", "com.docker.compose.service=child", childImage)
	if err != nil {
		return err
	}
	e.canary.container, err = e.Client().ContainerInspect(ctx, id)
	return err
}

// canaryUntouched says what happened to the canary.
func (e *engine) canaryUntouched(ctx context.Context) error {
	was := e.canary.container
	is, err := e.Client().ContainerInspect(ctx, was.ID)
	if err != nil {
		return fmt.Errorf("the canary: %w", err)
	}
	if is.State.StartedAt != was.State.StartedAt || !is.State.Running || is.State.Paused || is.Name != was.Name || is.State.Pid != was.State.Pid {
		return fmt.Errorf("the canary was touched: %+v", is.State)
	}
	for name, n := range was.NetworkSettings.Networks {
		got := is.NetworkSettings.Networks[name]
		if got == nil || got.EndpointID != n.EndpointID {
			return fmt.Errorf("the canary's endpoint on %s was touched", name)
		}
	}
	return nil
}

// noVolumes says which volumes are there that the canary does not use.
func (e *engine) noVolumes(ctx context.Context) error {
	list, err := e.Client().VolumeList(ctx, volume.ListOptions{})
	if err != nil {
		return err
	}
	var left []string
	for _, v := range list.Volumes {
		if len(e.canary.container.Mounts) == 0 || v.Name != e.canary.container.Mounts[0].Name {
			left = append(left, v.Name)
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("volumes are left: %q", left)
	}
	return nil
}

// subnet numbers the test networks with fixed addresses: 10.99.n.0/24, fd00:99:n::/64.
func (e *engine) subnet() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.subnets++
	return e.subnets
}

// sharedEngine starts an engine at its first call. At the end of all tests it must be as clean as after each.
func sharedEngine(opts lab.Options) func() (*engine, error) {
	return sync.OnceValues(func() (*engine, error) {
		ctx := context.Background()
		l, e, err := startEngine(ctx, opts)
		if err != nil {
			return nil, err
		}
		atEnd(func() error {
			return errors.Join(e.canaryUntouched(ctx), e.noVolumes(ctx), l.Close())
		})
		return e, nil
	})
}

var (
	sharedPlain = sharedEngine(lab.Options{})
	sharedSwarm = sharedEngine(lab.Options{Swarm: true})
)

// plainEngine is shared by the tests that harm only what is theirs.
func plainEngine(t testing.TB) *engine { return must(t)(sharedPlain()) }

// swarmEngine is the same on the manager of a swarm of one: it has overlays.
func swarmEngine(t testing.TB) *engine { return must(t)(sharedSwarm()) }

// ownEngine is for tests that harm the engine, or count all that is on it.
func ownEngine(t testing.TB, opts lab.Options) *engine {
	t.Helper()
	l, e, err := startEngine(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close the lab: %v", err)
		}
	})
	return e
}

func must(t testing.TB) func(*engine, error) *engine {
	return func(e *engine, err error) *engine {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
}

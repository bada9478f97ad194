package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"

	"foster/test/lab"
)

const (
	fosterImage = "foster"
	// childImage sleeps, and ends at once when it is stopped: no grace is measured.
	childImage = "bench/sleep"
	childName  = "bench-child"
	fosterName = "bench-foster"
	project    = "bench"
)

// networkKind is one that a child is measured on.
type networkKind struct{ driver, name string }

var networks = []networkKind{{"bridge", "bench-bridge"}, {"overlay", "bench-overlay"}}

// build makes both images and both networks.
func (b *bench) build(ctx context.Context, work string) error {
	b.say("building foster and its image")
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	files := filepath.Join(work, "foster", "dist", "linux-"+runtime.GOARCH)
	if err := os.MkdirAll(filepath.Dir(files), 0o755); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "make", "-s", "-C", root, "rootfs", "OS=linux", "ARCH="+runtime.GOARCH, "VARIANT=", "ROOTFS="+files).CombinedOutput(); err != nil {
		return fmt.Errorf("make rootfs: %w: %s", err, out)
	}
	b.foster = filepath.Join(files, "foster")
	dockerfile, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "foster", "Dockerfile"), dockerfile, 0o644); err != nil {
		return err
	}
	if err := b.node.Build(ctx, fosterImage, filepath.Join(work, "foster"), "--target", "prebuilt", "--build-arg", "TARGETARCH="+runtime.GOARCH); err != nil {
		return err
	}
	child := filepath.Join(work, "child")
	if err := os.Mkdir(child, 0o755); err != nil {
		return err
	}
	text := "FROM " + lab.BusyboxImage + "\nSTOPSIGNAL SIGKILL\nCMD [\"sleep\", \"1000000\"]\n"
	if err := os.WriteFile(filepath.Join(child, "Dockerfile"), []byte(text), 0o644); err != nil {
		return err
	}
	if err := b.node.Build(ctx, childImage, child); err != nil {
		return err
	}
	if err := b.pages(ctx, root); err != nil {
		return err
	}
	for _, n := range networks {
		if _, err := b.api().NetworkCreate(ctx, n.name, network.CreateOptions{Driver: n.driver, Attachable: true}); err != nil {
			return fmt.Errorf("create network %s: %w", n.name, err)
		}
	}
	return nil
}

func (b *bench) api() *client.Client { return b.node.Client() }

// settings are foster's, with a child on a network.
func settings(n networkKind) []string {
	return []string{
		"LAUNCH_IMAGE=" + childImage, "LAUNCH_PROJECT_NAME=" + project, "LAUNCH_SERVICE_NAME=child", "LAUNCH_CONTAINER_NAME=" + childName,
		"LAUNCH_EXT_NETWORKS=" + n.name, "LAUNCH_PULL=false", "FOSTER_STABLE_AFTER=" + stableAfter.String(),
	}
}

// observed are the settings with which foster shows all that it can show: nothing is measured with less than its users
// may have on. Nobody takes the notifications, which is the worst case.
func observed(listen string) []string {
	return []string{"FOSTER_LISTEN=" + listen, "FOSTER_WEBHOOK_URL=http://127.0.0.1:9/", "FOSTER_FORWARD_LOGS=true"}
}

// stableAfter is the shortest that foster takes; after settled, no pause is due before the next recovery.
const (
	stableAfter = 100 * time.Millisecond
	settled     = 300 * time.Millisecond
)

// launch starts foster in its image, and returns its container when the child runs and is settled. Foster is on the
// child's network, as in a stack: an overlay that its last container leaves is taken apart and made anew, which would
// count for the child alone.
func (b *bench) launch(ctx context.Context, n networkKind) (id string, err error) {
	c, err := b.api().ContainerCreate(ctx, &container.Config{Image: fosterImage, Env: append(settings(n), observed(":9180")...)},
		&container.HostConfig{Binds: []string{"/run/docker.sock:/var/run/docker.sock"}, NetworkMode: container.NetworkMode(n.name)}, nil, nil, fosterName)
	if err != nil {
		return "", fmt.Errorf("create foster: %w", err)
	}
	at := time.Now().UnixNano()
	if err := b.api().ContainerStart(ctx, c.ID, container.StartOptions{}); err != nil {
		return "", fmt.Errorf("start foster: %w", err)
	}
	if _, err := b.started(ctx, childName, at); err != nil {
		return "", err
	}
	return c.ID, lab.Pause(ctx, settled)
}

// end stops foster, and with it the child.
func (b *bench) end(ctx context.Context, id string) error {
	if err := b.api().ContainerStop(ctx, id, container.StopOptions{}); err != nil {
		return fmt.Errorf("stop foster: %w", err)
	}
	if err := b.api().ContainerRemove(ctx, id, container.RemoveOptions{}); err != nil {
		return fmt.Errorf("remove foster: %w", err)
	}
	return nil
}

// started waits for the start event of a container, by name, after a time.
func (b *bench) started(ctx context.Context, name string, after int64) (int64, error) {
	return b.stamp(ctx, lab.Type("container"), lab.Action("start"), lab.Container(name), lab.After(after))
}

// patience is for one event; a hundred containers that are started at once take a machine of two cores half a minute.
const patience = 3 * time.Minute

// stamp waits for an event and returns its time.
func (b *bench) stamp(ctx context.Context, match ...lab.Match) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m, err := b.events.Wait(ctx, match...)
	return m.TimeNano, err
}

// moduleRoot is the directory of go.mod, above the working directory.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find foster's source tree: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

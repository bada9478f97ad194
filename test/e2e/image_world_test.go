package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"foster/test/lab"
)

const (
	// tree is the top of the source tree.
	tree = "../.."
	// buildVersion and buildCommit are what the image says of itself.
	buildVersion, buildCommit = "e2e", "0123456789ab"
	// stackImage is what stack files call foster: the image of `make image`.
	stackImage = "foster"
	// runnerImage stands in for gitlab/gitlab-runner:alpine; see runnerScript.
	runnerImage = "gitlab/gitlab-runner:alpine"
)

// runnerScript takes the arguments of gitlab-runner, serves metrics as it does,
// and ends in order by SIGQUIT alone.
const runnerScript = `#!/bin/sh
trap 'exit 0' QUIT
trap '' TERM
[ "$1" = run ] || exit 64
shift
for a; do
	case $a in
	--listen-address=*:*) port=${a##*:} ;;
	--user=gitlab-runner | --working-directory=/home/gitlab-runner) ;;
	*) exit 64 ;;
	esac
done
httpd -p "${port:?}" -h /www
while :; do sleep 100000 & wait; done
`

const runnerDockerfile = "FROM " + lab.BusyboxImage + "\nCOPY entrypoint /entrypoint\nCOPY metrics /www/metrics\n" +
	"VOLUME /etc/gitlab-runner /home/gitlab-runner\nSTOPSIGNAL SIGQUIT\nENTRYPOINT [\"/entrypoint\"]\n"

// rootfs is a directory to build foster's image in: the Dockerfile, and in dist
// the files that `make rootfs` makes.
var rootfs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "foster-image-")
	if err != nil {
		return "", err
	}
	atEnd(func() error { return os.RemoveAll(dir) })
	if err := makeRootfs(context.Background(), filepath.Join(dir, "dist", "linux-"+runtime.GOARCH), "ARCH="+runtime.GOARCH); err != nil {
		return "", err
	}
	for _, name := range []string{"Dockerfile", ".dockerignore"} {
		text, err := os.ReadFile(filepath.Join(tree, name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
})

// buildStackImage builds foster's own image on an engine.
func (e *engine) buildStackImage(ctx context.Context) error {
	dir, err := rootfs()
	if err != nil {
		return err
	}
	return e.Build(ctx, stackImage, dir, imageFlags...)
}

// makeRootfs runs the Makefile's target into a directory outside the tree.
func makeRootfs(ctx context.Context, dir string, variables ...string) error {
	args := append([]string{"-C", tree, "rootfs", "ROOTFS=" + dir, "VERSION=" + buildVersion, "COMMIT=" + buildCommit}, variables...)
	if out, err := exec.CommandContext(ctx, "make", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("make rootfs: %w\n%s", err, out)
	}
	return nil
}

// imageFlags are those that `make image` gives to docker build.
var imageFlags = []string{
	"--target", "prebuilt", "--build-arg", "TARGETOS=linux", "--build-arg", "TARGETARCH=" + runtime.GOARCH,
	"--build-arg", "TARGETVARIANT=", "--build-arg", "VERSION=" + buildVersion, "--build-arg", "COMMIT=" + buildCommit,
}

// healthcheck is the line of the Dockerfile that asks foster health.
func healthcheck() (string, error) {
	text, err := os.ReadFile(filepath.Join(tree, "Dockerfile"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "HEALTHCHECK ") {
			return strings.TrimSpace(line), nil
		}
	}
	return "", errors.New("the Dockerfile has no HEALTHCHECK")
}

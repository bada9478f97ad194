package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/image"
)

// childImage is that of the child: one program.
const childImage = `FROM scratch
COPY child /child
ENTRYPOINT ["/child"]
`

// build makes both images on the engine, out of programs that Go builds here: nothing is pulled.
func (e *engine) build(ctx context.Context, tell *account) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "foster-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)

	tell.begin("build foster (Go, %s)", e.arch)
	if err := e.fosterContext(ctx, root, work); err != nil {
		return err
	}
	tell.end("")
	tell.begin("build its image and the child's")
	if _, err := e.docker(ctx, "build", "--quiet", "--target", "prebuilt", "--build-arg", "TARGETOS=linux", "--build-arg", "TARGETARCH="+e.arch,
		"--build-arg", "TARGETVARIANT="+variant(e.arch), "--tag", e.foster, filepath.Join(work, "foster")); err != nil {
		return err
	}
	if err := e.childContext(ctx, root, filepath.Join(work, "child")); err != nil {
		return err
	}
	if _, err := e.docker(ctx, "build", "--quiet", "--tag", e.child, filepath.Join(work, "child")); err != nil {
		return err
	}
	sizes := make([]string, 0, 2)
	for _, ref := range []string{e.foster, e.child} {
		got, err := e.api.ImageInspect(ctx, ref)
		if err != nil {
			return fmt.Errorf("look at image %s: %w", ref, err)
		}
		sizes = append(sizes, fmt.Sprintf("%.1f MB", float64(got.Size)/1e6))
	}
	tell.end(strings.Join(sizes, " and "))
	return nil
}

// fosterContext makes what the Dockerfile's target prebuilt needs, as `make image` does, in a directory of its own.
func (e *engine) fosterContext(ctx context.Context, root, work string) error {
	dir := filepath.Join(work, "foster")
	files := filepath.Join(dir, "dist", "linux-"+e.arch+variant(e.arch))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	args := []string{"-s", "-C", root, "rootfs", "OS=linux", "ARCH=" + e.arch, "VARIANT=" + variant(e.arch), "ROOTFS=" + files}
	if ca := certificates(); ca != "" {
		args = append(args, "CA="+ca)
	}
	if _, err := command(ctx, os.Environ(), nil, "make", args...); err != nil {
		return err
	}
	dockerfile, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "Dockerfile"), dockerfile, 0o644)
}

func (e *engine) childContext(ctx context.Context, root, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	env := append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+e.arch, "GOARM="+strings.TrimPrefix(variant(e.arch), "v"))
	if _, err := command(ctx, env, nil, "go", "build", "-C", root, "-trimpath", "-buildvcs=false", "-ldflags=-s -w",
		"-o", filepath.Join(dir, "child"), "./test/demo/child"); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(childImage), 0o644)
}

// variant is the oldest ARM that Docker's engines run on; other architectures have none.
func variant(arch string) string {
	if arch == "arm" {
		return "v7"
	}
	return ""
}

// certificates is a CA bundle at another place than Debian's, "" when Debian's is there.
func certificates() string {
	for _, path := range []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem", "/etc/pki/tls/certs/ca-bundle.crt"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// caches says whether the engine builds with BuildKit, whose cache is no image and goes by its own rules.
func (e *engine) caches(ctx context.Context) bool {
	said, err := e.api.Ping(ctx)
	return err == nil && said.BuilderVersion == build.BuilderBuildKit || os.Getenv("DOCKER_BUILDKIT") == "1"
}

// removeImages removes what build has made; one that is not there is no error.
func (e *engine) removeImages(ctx context.Context) error {
	for _, ref := range []string{e.foster, e.child} {
		if _, err := e.api.ImageInspect(ctx, ref); err != nil {
			continue
		}
		if _, err := e.api.ImageRemove(ctx, ref, image.RemoveOptions{PruneChildren: true}); err != nil {
			return fmt.Errorf("remove image %s: %w", ref, err)
		}
	}
	return nil
}

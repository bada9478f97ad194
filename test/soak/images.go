package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"foster/test/lab"
)

// childScript is the first process of every child: it obeys TERM at once. With "once" it has little to do.
const childScript = `#!/bin/sh
[ "$1" = once ] && exec sleep 0.2
trap 'exit 0' TERM
while :; do sleep 100000 & wait $!; done
`

const childDockerfile = "FROM " + lab.BusyboxImage + "\nCOPY child /bin/child\nVOLUME /data\nENTRYPOINT [\"/bin/child\"]\n"

// images puts foster's image, made by its own recipe, and that of the children on every node.
func (s *soak) images(ctx context.Context) error {
	work, err := os.MkdirTemp("", "foster-soak-build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	files := filepath.Join(work, "dist", "linux-"+runtime.GOARCH)
	if err := s.rootfs(ctx, files); err != nil {
		return err
	}
	help, _ := exec.CommandContext(ctx, filepath.Join(files, "foster"), "reap", "--help").CombinedOutput() // tells by its text alone
	s.reaps = strings.Contains(string(help), "--watch")
	recipe, err := os.ReadFile("Dockerfile")
	if err != nil {
		return fmt.Errorf("run it in the top directory of the source tree: %w", err)
	}
	if err := os.WriteFile(filepath.Join(work, "Dockerfile"), recipe, 0o644); err != nil {
		return err
	}
	if err := s.manager().Build(ctx, fosterImage, work, "--target", "prebuilt", "--build-arg", "TARGETOS=linux",
		"--build-arg", "TARGETARCH="+runtime.GOARCH, "--build-arg", "TARGETVARIANT="); err != nil {
		return err
	}
	child, err := childContext()
	if err != nil {
		return err
	}
	if err := s.manager().BuildTar(ctx, childImage, bytes.NewReader(child)); err != nil {
		return err
	}
	tarball := filepath.Join(work, "images.tar")
	if _, err := s.manager().Docker(ctx, "save", "--output", tarball, fosterImage, childImage); err != nil {
		return err
	}
	// The one on a host runs beside the engines, and longer than the work directory lives.
	program, err := os.ReadFile(filepath.Join(files, "foster"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.host.program, program, 0o755); err != nil {
		return err
	}
	errs := make([]error, len(s.nodes))
	s.each(func(i int, n *node) {
		if i > 0 {
			errs[i] = n.Load(ctx, tarball)
		}
	})
	return errors.Join(errs...)
}

// rootfs makes the image's files as `make image` does; a program that was given takes the place of the one that would
// be built.
func (s *soak) rootfs(ctx context.Context, files string) error {
	args := []string{"-s", "rootfs", "OS=linux", "ARCH=" + runtime.GOARCH, "VARIANT=", "ROOTFS=" + files}
	if s.o.foster != "" {
		args = append(args, "GO=true") // builds nothing
	}
	if out, err := exec.CommandContext(ctx, "make", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("make rootfs: %w: %s", err, out)
	}
	if s.o.foster == "" {
		return nil
	}
	program, err := os.ReadFile(s.o.foster)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(files, "foster"), program, 0o755)
}

func childContext() ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range []struct{ name, text string }{{"Dockerfile", childDockerfile}, {"child", childScript}} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o755, Size: int64(len(f.text))}); err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), w.Close()
}

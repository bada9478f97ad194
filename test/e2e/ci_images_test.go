package e2e

import (
	"archive/tar"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"foster/test/lab"
)

// The stand-ins for the images of the CI stacks that hold a docker CLI or an
// engine: made of what this machine itself has installed.
const (
	dindImage       = "e2e/docker:dind" // for docker:28-dind
	dindRunnerImage = "e2e/gitlab-runner:dind"
	dindBaseImage   = "e2e/docker:base" // what both are made from
)

// dindPrograms are an engine's, and narrowrunc in front of runc.
var dindPrograms = []string{"dockerd", "containerd", "containerd-shim-runc-v2", "runc", "docker", "docker-init", "iptables"}

// narrowDir is the first in the stand-ins' PATH: a machine on which root lacks
// rights lacks them inside an engine inside an engine too.
const narrowDir = "/opt/narrow"

const dindBaseDockerfile = "FROM " + lab.BusyboxImage + "\nCOPY . /\nENV PATH=" + narrowDir + ":/usr/bin:/bin\n"

// dindScript is the entrypoint of docker:dind as far as flags alone are given,
// without its TLS: then no certificate directory may be asked for.
const dindScript = `#!/bin/sh
[ -z "$DOCKER_TLS_CERTDIR" ] || exit 64
exec dockerd --host=unix:///var/run/docker.sock --host=tcp://0.0.0.0:2375 "$@"
`

const dindDockerfile = "FROM " + dindBaseImage + "\nCOPY entrypoint /entrypoint\nENV DOCKER_TLS_CERTDIR=/certs\n" +
	"VOLUME /var/lib/docker\nENTRYPOINT [\"/entrypoint\"]\n"

// jobScript runs a job as a runner's docker executor does: in a container of
// the engine that DOCKER_HOST names, from an image that engine has already or
// is given now. It says which engine that was, by its host name.
const jobScript = `#!/bin/sh
set -e
image=found
docker image inspect job >/dev/null 2>&1 || {
	mkdir -p /tmp/job/bin
	cp /bin/busybox /tmp/job/bin/sh
	tar -C /tmp/job -c . | docker import - job >/dev/null
	image=imported
}
engine=$(docker info --format '{{.Name}}')
docker run --rm job sh -c "echo job: image $image, engine $engine, pid \$\$"
`

// dindRunnerScript runs one job at its start, and ends when that fails: nobody
// tries again for it. Like gitlab-runner it ends in order by SIGQUIT alone.
const dindRunnerScript = `#!/bin/sh
trap 'exit 0' QUIT
trap '' TERM
job || exit
echo idle
while :; do sleep 100000 & wait; done
`

const dindRunnerDockerfile = "FROM " + dindBaseImage + "\nCOPY entrypoint /entrypoint\nCOPY job /bin/job\n" +
	"VOLUME /etc/gitlab-runner /home/gitlab-runner\nSTOPSIGNAL SIGQUIT\nENTRYPOINT [\"/entrypoint\"]\n"

// buildDind builds the stand-ins on an engine.
func (e *engine) buildDind(ctx context.Context) error {
	files, err := dindFiles(ctx)
	if err != nil {
		return err
	}
	defer os.RemoveAll(files.narrow)
	r, w := io.Pipe()
	packed := make(chan struct{})
	go func() {
		defer close(packed)
		w.CloseWithError(files.pack(w))
	}()
	err = e.BuildTar(ctx, dindBaseImage, r)
	// A builder that has failed reads no further: the packer must not wait for it.
	r.CloseWithError(errors.New("the build has ended"))
	<-packed
	if err != nil {
		return err
	}
	return errors.Join(
		e.build(ctx, dindImage, map[string]string{"Dockerfile": dindDockerfile, "entrypoint": dindScript}),
		e.build(ctx, dindRunnerImage, map[string]string{"Dockerfile": dindRunnerDockerfile, "entrypoint": dindRunnerScript, "job": jobScript}),
	)
}

// dindTree is what the base image is built from.
type dindTree struct {
	files  map[string]string // path in the image -> path on this machine
	narrow string            // directory of narrowrunc, made for this
}

// dindFiles finds the programs, the shared libraries that they need, and
// iptables' own modules.
func dindFiles(ctx context.Context) (_ dindTree, err error) {
	t := dindTree{files: map[string]string{}}
	if t.narrow, err = os.MkdirTemp("", "foster-narrow-"); err != nil {
		return t, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(t.narrow))
		}
	}()
	runc := filepath.Join(t.narrow, "runc")
	if err := buildProgram(ctx, runc, "foster/test/lab/cmd/narrowrunc"); err != nil {
		return t, err
	}
	t.files[narrowDir+"/runc"] = runc

	for _, name := range dindPrograms {
		path, err := findProgram(name)
		if err != nil {
			return t, err
		}
		t.files["/usr/bin/"+name] = path
		libs, err := libraries(ctx, path)
		if err != nil {
			return t, err
		}
		for _, lib := range libs {
			t.files[lib] = lib
		}
	}
	modules, err := filepath.Glob("/usr/lib/*/xtables/*.so")
	if err == nil && len(modules) == 0 {
		err = errors.New("no modules of iptables in /usr/lib/*/xtables")
	}
	for _, m := range modules {
		t.files[m] = m
	}
	return t, err
}

// pack writes the build context.
func (t dindTree) pack(to io.Writer) error {
	w := tar.NewWriter(to)
	for name, text := range map[string]string{"Dockerfile": dindBaseDockerfile, ".dockerignore": "Dockerfile\n"} {
		if err := packFile(w, name, int64(len(text)), strings.NewReader(text)); err != nil {
			return err
		}
	}
	for name, path := range t.files {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		info, err := f.Stat()
		if err == nil {
			err = packFile(w, strings.TrimPrefix(name, "/"), info.Size(), f)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return w.Close()
}

func packFile(w *tar.Writer, name string, size int64, content io.Reader) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: size}); err != nil {
		return err
	}
	_, err := io.Copy(w, content)
	return err
}

// findProgram looks where an administrator's PATH may not, too.
func findProgram(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	if path, sbinErr := exec.LookPath(filepath.Join("/usr/sbin", name)); sbinErr == nil {
		return path, nil
	}
	return "", err
}

// libraryPath finds the files in what ldd prints.
var libraryPath = regexp.MustCompile(`/\S+`)

// libraries are the shared libraries that a program is loaded with, its loader included.
func libraries(ctx context.Context, program string) ([]string, error) {
	f, err := elf.Open(program)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return nil, nil
	}
	out, err := exec.CommandContext(ctx, "ldd", program).Output()
	if err != nil {
		return nil, fmt.Errorf("find the libraries of %s: %w", program, err)
	}
	return libraryPath.FindAllString(string(out), -1), nil
}

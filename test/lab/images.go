package lab

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/docker/docker/api/types/image"
)

// BusyboxImage is on every node: busybox with a link for each of its programs, a page at /www/index.html, and sh as
// the command. Its sleep, sh and httpd ignore SIGTERM as first process: run them with --init where a stop is to be
// quick. Its wget crashes with -T: use `timeout 3 wget`.
const BusyboxImage = "lab/busybox:1"

// Build builds an image from a directory with the engine's own builder (no BuildKit): FROM BusyboxImage works, RUN
// --mount does not. More flags of docker build may follow, such as --target.
func (n *Node) Build(ctx context.Context, tag, dir string, flags ...string) error {
	return n.build(ctx, nil, tag, dir, flags)
}

// BuildTar is Build of a context that is a tar stream.
func (n *Node) BuildTar(ctx context.Context, tag string, context io.Reader, flags ...string) error {
	return n.build(ctx, context, tag, "-", flags)
}

func (n *Node) build(ctx context.Context, stdin io.Reader, tag, from string, flags []string) error {
	args := append([]string{"build", "--quiet", "--tag", tag}, flags...)
	if _, err := n.docker(ctx, stdin, []string{"DOCKER_BUILDKIT=0"}, append(args, from)...); err != nil {
		return fmt.Errorf("build %s on %s: %w", tag, n.Name, err)
	}
	return nil
}

// Load loads the images of a tar file that docker save has written.
func (n *Node) Load(ctx context.Context, tarball string) error {
	if _, err := n.Docker(ctx, "load", "--quiet", "--input", tarball); err != nil {
		return fmt.Errorf("load %s on %s: %w", tarball, n.Name, err)
	}
	return nil
}

// importBusybox makes BusyboxImage out of this machine's busybox.
func (n *Node) importBusybox(ctx context.Context) error {
	root, err := busyboxRoot()
	if err != nil {
		return err
	}
	out, err := n.Client().ImageImport(ctx, image.ImportSource{Source: bytes.NewReader(root), SourceName: "-"}, BusyboxImage,
		image.ImportOptions{Changes: []string{"ENV PATH=/bin", `CMD ["/bin/sh"]`}})
	if err != nil {
		return fmt.Errorf("import %s: %w", BusyboxImage, err)
	}
	defer out.Close()
	if _, err := io.Copy(io.Discard, out); err != nil {
		return fmt.Errorf("import %s: %w", BusyboxImage, err)
	}
	if _, err := n.Client().ImageInspect(ctx, BusyboxImage); err != nil {
		return fmt.Errorf("import %s: %w", BusyboxImage, err)
	}
	return nil
}

// busyboxRoot is the image's file system as a tar file.
var busyboxRoot = sync.OnceValues(func() ([]byte, error) {
	path := tool("busybox")
	program, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read busybox: %w", err)
	}
	list, err := exec.Command(path, "--list").Output()
	if err != nil {
		return nil, fmt.Errorf("ask busybox for its programs: %w", err)
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for dir, mode := range map[string]int64{"bin/": 0o755, "etc/": 0o755, "www/": 0o755, "root/": 0o700, "proc/": 0o755, "sys/": 0o755, "dev/": 0o755, "tmp/": 0o1777} {
		err = firstError(err, w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: mode}))
	}
	file := func(name string, mode int64, content []byte) {
		err = firstError(err, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(content))}))
		if err == nil {
			_, err = w.Write(content)
		}
	}
	file("bin/busybox", 0o755, program)
	file("www/index.html", 0o644, []byte("ok\n"))
	file("etc/passwd", 0o644, []byte("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"))
	file("etc/group", 0o644, []byte("root:x:0:\nnobody:x:65534:\n"))
	for name := range strings.FieldsSeq(string(list)) {
		if name != "busybox" {
			err = firstError(err, w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/" + name, Linkname: "busybox", Mode: 0o777}))
		}
	}
	if err := firstError(err, w.Close()); err != nil {
		return nil, fmt.Errorf("pack busybox: %w", err)
	}
	return out.Bytes(), nil
})

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/x509"
	"debug/elf"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
)

// maxImage is the budget of the image, in bytes.
const maxImage = 16 << 20

// TestImageFiles: the image holds one static program under two names, a CA
// bundle, and nothing to run a script with.
func TestImageFiles(t *testing.T) {
	t.Parallel()
	e := imageEngine(t)
	ctx := t.Context()
	made, err := e.Client().ContainerCreate(ctx, &container.Config{Image: stackImage}, nil, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Client().ContainerRemove(context.Background(), made.ID, container.RemoveOptions{}); err != nil {
			t.Error(err)
		}
	})
	export, err := e.Client().ContainerExport(ctx, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer export.Close()
	var names []string
	for files := tar.NewReader(export); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeDir || slices.Contains(enginesOwn, h.Name) {
			continue
		}
		names = append(names, h.Name)
		switch h.Name {
		case "foster":
			content, err := io.ReadAll(files)
			if err != nil {
				t.Fatal(err)
			}
			checkProgram(t, content, map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[runtime.GOARCH])
		case "usr/bin/curl":
			if h.Typeflag != tar.TypeSymlink || filepath.Join("/usr/bin", h.Linkname) != "/foster" {
				t.Errorf("curl is %c, to %q", h.Typeflag, h.Linkname)
			}
		case "etc/ssl/certs/ca-certificates.crt":
			content, err := io.ReadAll(files)
			if err != nil || !x509.NewCertPool().AppendCertsFromPEM(content) {
				t.Errorf("the CA bundle is none: %d bytes (%v)", len(content), err)
			}
		}
	}
	slices.Sort(names)
	if want := []string{"etc/ssl/certs/ca-certificates.crt", "foster", "usr/bin/curl"}; !slices.Equal(names, want) {
		t.Errorf("the image has %q, want %q and nothing else", names, want)
	}
}

// enginesOwn are what an engine puts into every container.
var enginesOwn = []string{".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf"}

// checkProgram fails the test unless this is a static program for a machine.
func checkProgram(t *testing.T, content []byte, machine elf.Machine) {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Machine != machine {
		t.Errorf("it is for %s, want %s", f.Machine, machine)
	}
	if needed, err := f.ImportedLibraries(); err != nil || len(needed) > 0 {
		t.Errorf("it needs %q (%v)", needed, err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("it is not static")
		}
	}
}

// TestImageConfig: how the image describes itself, and its size.
func TestImageConfig(t *testing.T) {
	t.Parallel()
	e := imageEngine(t)
	image, err := e.Client().ImageInspect(t.Context(), stackImage)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("size of the image: %d bytes, %.1f MiB", image.Size, float64(image.Size)/(1<<20))
	if image.Size > maxImage {
		t.Errorf("the image has %d bytes, the budget is %d", image.Size, maxImage)
	}
	if image.Os != "linux" || image.Architecture != runtime.GOARCH {
		t.Errorf("it is for %s/%s", image.Os, image.Architecture)
	}
	if !slices.Equal(image.Config.Entrypoint, []string{"/foster"}) || len(image.Config.Cmd) > 0 {
		t.Errorf("it runs %q %q", image.Config.Entrypoint, image.Config.Cmd)
	}
	check := image.Config.Healthcheck
	if check == nil || !slices.Equal(check.Test, []string{"CMD", "/foster", "health"}) || check.Interval != 15*time.Second || check.Timeout != 5*time.Second ||
		check.StartPeriod != 10*time.Minute || check.Retries != 3 {
		t.Errorf("its healthcheck is %+v", check)
	}
	recipe, err := os.ReadFile(filepath.Join(tree, "Dockerfile"))
	if line, missing := healthcheck(); err != nil || missing != nil || strings.Count(string(recipe), line) != 2 {
		t.Errorf("the Dockerfile's two images have not the same healthcheck (%v, %v)", err, missing)
	}
	for label, want := range map[string]string{
		"foster.launcher":                   "true",
		"org.opencontainers.image.title":    "foster",
		"org.opencontainers.image.licenses": "Apache-2.0",
		"org.opencontainers.image.version":  buildVersion,
		"org.opencontainers.image.revision": buildCommit,
	} {
		if got := image.Config.Labels[label]; got != want {
			t.Errorf("label %s is %q, want %q", label, got, want)
		}
	}
	if image.Config.Labels["org.opencontainers.image.description"] == "" {
		t.Error("it does not describe itself")
	}
}

// TestImageRuns: what `docker run` of the image says, and its exit codes.
func TestImageRuns(t *testing.T) {
	t.Parallel()
	e := imageEngine(t)
	for _, row := range []struct {
		name    string
		flags   []string // of docker run
		command []string
		code    int
		says    []string
	}{
		{name: "version", command: []string{"version"}, says: []string{"foster " + buildVersion, "commit " + buildCommit, "go go1.", "engine API 1.41 to "}},
		{name: "help", command: []string{"--help"}, says: []string{"Examples:", "LAUNCH_IMAGE=gitlab/gitlab-runner:alpine", "Exit codes:", "--backoff-max"}},
		{name: "nothing set", code: 78, says: []string{"foster: LAUNCH_IMAGE"}},
		{name: "misspelt", flags: []string{"--env", "LAUNCH_IMAGE=busybox", "--env", "LAUNCH_COMAND=true"}, code: 78, says: []string{"LAUNCH_COMAND", "LAUNCH_COMMAND"}},
		{name: "no engine", flags: []string{"--env", "LAUNCH_IMAGE=busybox", "--env", "FOSTER_ENGINE_TIMEOUT=0s"}, code: 69, says: []string{"is /var/run/docker.sock mounted"}},
		{name: "shell", flags: []string{"--entrypoint", "sh"}, code: 127, says: []string{"executable file not found"}},
		{name: "curl", flags: []string{"--entrypoint", "curl"}, command: []string{"-f", "http://127.0.0.1:9/metrics"}, code: 7, says: []string{"connection refused"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			args := append(append([]string{"run", "--rm", "--network", "none"}, row.flags...), stackImage)
			cmd := exec.CommandContext(t.Context(), "docker", append(args, row.command...)...)
			cmd.Env = e.Env()
			out, err := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != row.code {
				t.Errorf("it ends with %d, want %d (%v)", code, row.code, err)
			}
			for _, want := range row.says {
				if !strings.Contains(string(out), want) {
					t.Errorf("it does not say %q: %s", want, out)
				}
			}
		})
	}
}

// TestImageRecipe: the flags that these tests build the image with are those of `make image`.
func TestImageRecipe(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "make", "-C", tree, "--dry-run", "image", "ENGINE=unix:///nowhere", "ARCH="+runtime.GOARCH,
		"VERSION="+buildVersion, "COMMIT="+buildCommit).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i := 0; i < len(imageFlags); i += 2 {
		if flag := imageFlags[i] + " " + imageFlags[i+1]; !strings.Contains(string(out), flag) {
			t.Errorf("make image has no %s:\n%s", flag, out)
		}
	}
	if !strings.Contains(string(out), "docker -H unix:///nowhere build") {
		t.Errorf("make image does not go to ENGINE:\n%s", out)
	}
}

// TestImageOtherMachine: the files of the image for the other architecture.
func TestImageOtherMachine(t *testing.T) {
	t.Parallel()
	arch, machine := "arm64", elf.EM_AARCH64
	if runtime.GOARCH == arch {
		arch, machine = "amd64", elf.EM_X86_64
	}
	dir := filepath.Join(t.TempDir(), "linux-"+arch)
	if err := makeRootfs(t.Context(), dir, "ARCH="+arch); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, "foster"))
	if err != nil {
		t.Fatal(err)
	}
	checkProgram(t, content, machine)
	t.Logf("the program for %s: %.1f MiB", arch, float64(len(content))/(1<<20))
}

// imageEngine is an engine that has the image.
func imageEngine(t *testing.T) *stackEngine {
	t.Helper()
	e, err := sharedStacks()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

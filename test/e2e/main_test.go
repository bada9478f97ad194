package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// binaryVariable names a foster to test instead of one that is built.
const binaryVariable = "FOSTER_E2E_BINARY"

// parallelTests is how many tests run at once unless -parallel says otherwise:
// they wait most of the time.
const parallelTests = "8"

// memoryDir is where the engines live if there is room: they write little, but
// wait for the disk after each write, all of them for the same one.
const memoryDir = "/dev/shm"

// roomy: a directory in memory, where programs can run, with 6 GiB to spare; a
// run of all tests needs less than two.
func roomy(dir string) bool {
	var fs unix.Statfs_t
	err := unix.Statfs(dir, &fs)
	return err == nil && fs.Type == unix.TMPFS_MAGIC && fs.Flags&unix.ST_NOEXEC == 0 && fs.Bavail*uint64(fs.Bsize) > 6<<30
}

// closers end what is shared by the tests, last first.
var closers struct {
	sync.Mutex
	list []func() error
}

func atEnd(do func() error) {
	closers.Lock()
	defer closers.Unlock()
	closers.list = append(closers.list, do)
}

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		// The flag exists in every test binary.
		_ = flag.Set("test.parallel", parallelTests)
	}
	if os.Getenv("TMPDIR") == "" && roomy(memoryDir) {
		_ = os.Setenv("TMPDIR", memoryDir)
	}
	code := m.Run()
	var errs []error
	for i := len(closers.list) - 1; i >= 0; i-- {
		errs = append(errs, closers.list[i]())
	}
	errs = append(errs, goleak.Find())
	if err := errors.Join(errs...); err != nil {
		fmt.Fprintln(os.Stderr, "after the tests:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// binary is the foster under test: static, as in the image.
var binary = sync.OnceValues(func() (string, error) {
	if given := os.Getenv(binaryVariable); given != "" {
		path, err := filepath.Abs(given)
		if err == nil {
			_, err = os.Stat(path)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", binaryVariable, err)
		}
		return path, nil
	}
	dir, err := os.MkdirTemp("", "foster-e2e-")
	if err != nil {
		return "", err
	}
	atEnd(func() error { return os.RemoveAll(dir) })
	path := filepath.Join(dir, "foster")
	return path, buildProgram(context.Background(), path, "foster/cmd/foster")
})

// buildProgram builds a package into a static program.
func buildProgram(ctx context.Context, path, pkg string) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, pkg)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

func fosterBinary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

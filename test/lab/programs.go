package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// The lab's own programs are built when the first lab of a program starts, and copied into each lab's directory. They
// are separate small programs, and not this one called again: runc's stand-in runs several times for each container,
// and both must work after a test binary has been removed.

// helper is the path of one of the lab's own programs.
func (l *Lab) helper(name string) string { return filepath.Join(l.Dir, "bin", name) }

// narrowDir is for PATH: it holds the lab's runc and nothing else.
func (l *Lab) narrowDir() string { return filepath.Join(l.Dir, "bin", "narrow") }

// furnish puts the lab's programs and the CLI's configuration into the lab's directory.
func (l *Lab) furnish() error {
	for _, dir := range []string{l.narrowDir(), l.ConfigDir()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	programs, err := helpers()
	if err != nil {
		return err
	}
	for path, name := range map[string]string{
		l.helper("nodeinit"):                 "nodeinit",
		filepath.Join(l.narrowDir(), "runc"): "narrowrunc",
	} {
		if err := writeProgram(path, programs[name]); err != nil {
			return err
		}
	}
	return nil
}

// writeProgram writes an executable. No process started meanwhile may inherit the open file, or running it would fail
// with "text file busy": hence the lock.
func writeProgram(path string, content []byte) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, content, 0o755)
}

var helpers = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "flab-build-")
	if err != nil {
		return nil, fmt.Errorf("build the lab's programs: %w", err)
	}
	defer os.RemoveAll(dir)
	names := []string{"nodeinit", "narrowrunc"}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", dir + "/"}
	for _, name := range names {
		args = append(args, "foster/test/lab/cmd/"+name)
	}
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the lab's programs (inside the module's directory): %w: %s", err, out)
	}
	programs := map[string][]byte{}
	for _, name := range names {
		if programs[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return programs, nil
})

// rightsMissing says whether root has fewer capabilities here than the kernel knows: then containers go through
// narrowrunc.
func rightsMissing() (bool, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false, err
	}
	last, err := os.ReadFile("/proc/sys/kernel/cap_last_cap")
	if err != nil {
		return false, err
	}
	highest, err := strconv.Atoi(strings.TrimSpace(string(last)))
	if err != nil {
		return false, err
	}
	all := uint64(1)<<(highest+1) - 1
	for line := range strings.Lines(string(status)) {
		if hex, ok := strings.CutPrefix(line, "CapBnd:"); ok {
			bounding, err := strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
			return bounding&all != all, err
		}
	}
	return false, fmt.Errorf("read the bounding set: no CapBnd line")
}

package compose

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// Version is the Docker Compose that foster imitates, as test/tools/go.mod pins it.
const Version = "v2.40.3"

// BinaryVariable names an environment variable with the path of a ready-made
// binary of that version, which is then used instead of a build.
const BinaryVariable = "FOSTER_COMPOSE_BINARY"

var once struct {
	sync.Mutex
	path string
}

// Binary returns the path of a docker-compose program of Version. It works as a
// command and, under the name docker-compose, as a plugin of the docker CLI. The
// first call on a machine builds it, which takes a minute or two; from then on
// it is found in the user's cache directory, and a call costs a second at most.
// It must be called from within foster's module.
func Binary(ctx context.Context) (string, error) {
	once.Lock()
	defer once.Unlock()
	if once.path != "" {
		return once.path, nil
	}
	path, err := find(ctx)
	if err != nil {
		return "", fmt.Errorf("get docker compose %s: %w", Version, err)
	}
	once.path = path
	return path, nil
}

func find(ctx context.Context) (string, error) {
	path := os.Getenv(BinaryVariable)
	if path == "" {
		var err error
		if path, err = build(ctx); err != nil {
			return "", err
		}
	}
	out, err := exec.CommandContext(ctx, path, "version", "--short").Output()
	if err != nil {
		return "", fmt.Errorf("run %s: %w", path, err)
	}
	if got := strings.TrimSpace(string(out)); "v"+strings.TrimPrefix(got, "v") != Version {
		return "", fmt.Errorf("%s is version %s", path, got)
	}
	return path, nil
}

// build leaves it to the go command to find out whether there is something to
// do. Only one program builds at a time: another's test may be running the file.
func build(ctx context.Context) (string, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, "foster", "docker-compose-"+Version)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close() // gives the lock up
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-C", filepath.Join(root, "test", "tools"), "-trimpath", "-buildvcs=false",
		"-ldflags=-s -w -X github.com/docker/compose/v2/internal.Version="+Version, "-o", path, "github.com/docker/compose/v2/cmd")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build it: %w: %s", err, out)
	}
	return path, nil
}

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if file == "" || file == os.DevNull {
		return "", fmt.Errorf("find the module: the working directory is in none")
	}
	return filepath.Dir(file), nil
}

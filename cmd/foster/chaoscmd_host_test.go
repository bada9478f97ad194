package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestChaosAndHostFosters: a child without a parent is broken only for the lock
// that a foster outside of containers holds for this project on this engine.
func TestChaosAndHostFosters(t *testing.T) {
	tmp := ownHost(t)
	r := newReaping(t)
	r.child(t, "ci", "")
	inside := filepath.Join(t.TempDir(), "mountinfo")
	line := "100 99 254:0 /var/lib/docker/containers/" + goneParent + "/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n"
	if err := os.WriteFile(inside, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	const here = "unix:///var/run/docker.sock"
	// A target that passes is not on the network, and so nothing is broken.
	const refused, passes = "no foster outside of containers is seen", "is attached to no network"
	for _, x := range []struct {
		name, dir, lock, project, host, mounts, want string
	}{
		{"nobody", "", "", "", here, os.DevNull, refused},
		{"its foster", "own", here, "ci", here, os.DevNull, passes},
		{"its foster, another user's", "foster-1001", here, "ci", here, os.DevNull, passes},
		{"another project's", "own", here, "c", here, os.DevNull, refused},
		{"one on the engine here, asked of another", "own", here, "ci", "tcp://other:2375", os.DevNull, refused},
		{"one on another engine, asked here", "own", "tcp://other:2375", "ci", here, os.DevNull, refused},
		{"one on the other engine", "own", "tcp://other:2375", "ci", "tcp://other:2375", os.DevNull, passes},
		{"where no lock can be seen", "own", here, "ci", here, inside, refused},
	} {
		t.Run(x.name, func(t *testing.T) {
			if x.dir != "" {
				l, err := takeLock(t.Context(), lockPath(filepath.Join(tmp, x.dir), x.lock, x.project), func(string) {})
				if err != nil {
					t.Fatal(err)
				}
				defer l.release()
			}
			r := r
			r.host = x.host
			if got := chaosHere(t, r, outside{lockDir: filepath.Join(tmp, "own"), procMountinfo: x.mounts}); !strings.Contains(got, x.want) {
				t.Error(got)
			}
		})
	}
}

// chaosHere runs a chaos that can break nothing, and says why.
func chaosHere(t *testing.T, e Engine, out outside) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	out.args, out.stdout, out.stderr, out.engine = []string{"chaos", "--project", "ci", "--cut", "none"}, &stdout, &stderr, e
	if code := exitCode(execute(t.Context(), out), &stderr); code != exitConfig {
		t.Fatalf("exit %d: %s%s", code, stdout.String(), stderr.String())
	}
	return stderr.String()
}

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestStaleSocket: only a mounted socket that has been removed where it came from is.
func TestStaleSocket(t *testing.T) {
	const other = "23 22 0:21 / /proc rw - proc proc rw\n"
	for _, row := range []struct {
		name, mounts string
		stale        bool
	}{
		{"there", "30 22 0:25 /docker.sock /run/docker.sock rw - tmpfs tmpfs rw\n", false},
		{"removed", "30 22 0:25 /docker.sock//deleted /run/docker.sock rw - tmpfs tmpfs rw\n", true},
		{"something else is removed", "30 22 0:25 /x//deleted /run/x rw - tmpfs tmpfs rw\n", false},
		{"its directory is mounted", "30 22 0:25 / /run rw - tmpfs tmpfs rw\n", false},
		{"mounted over it", "30 22 0:25 /docker.sock//deleted /run/docker.sock rw - tmpfs tmpfs rw\n31 22 0:25 /docker.sock /run/docker.sock rw - tmpfs tmpfs rw\n", false},
		{"no mount table", "nonsense\n", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "mountinfo")
			if err := os.WriteFile(path, []byte(other+row.mounts), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := stale("/run/docker.sock", path); got != row.stale {
				t.Errorf("stale: %v", got)
			}
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				err := keepSocket(ctx, "/run/docker.sock", path)
				var exit *exitError
				if row.stale != (errors.As(err, &exit) && exit.Code == exitUnavailable && strings.Contains(err.Error(), "mounted at /run/docker.sock")) {
					t.Errorf("it ends with %v", err)
				}
			})
		})
	}
}

// TestStaleSocketTwice: an engine that has just begun has its time to ask foster
// to end, however late in foster's regular looks it removes the socket.
func TestStaleSocketTwice(t *testing.T) {
	const there, removed = "30 22 0:25 /docker.sock /run/docker.sock rw - tmpfs tmpfs rw\n", "30 22 0:25 /docker.sock//deleted /run/docker.sock rw - tmpfs tmpfs rw\n"
	for _, after := range []time.Duration{time.Millisecond, socketEvery - time.Millisecond, socketEvery + time.Millisecond} {
		path := filepath.Join(t.TempDir(), "mountinfo")
		write := func(content string) {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Error(err)
			}
		}
		synctest.Test(t, func(t *testing.T) {
			write(there)
			began := time.Now()
			time.AfterFunc(after, func() { write(removed) })
			err := keepSocket(t.Context(), "/run/docker.sock", path)
			if took := time.Since(began) - after; err == nil || took < socketEvery || took > 2*socketEvery {
				t.Errorf("removed after %s: it ends with %v %s later", after, err, took)
			}
		})
	}
}

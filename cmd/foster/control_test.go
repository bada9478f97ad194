package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestListenAtOnce: of fosters that share a directory and begin at the same
// moment, beside what a dead one has left, one has the socket and the others are
// told so.
func TestListenAtOnce(t *testing.T) {
	t.Parallel()
	var rounds sync.WaitGroup
	for range 40 {
		dir := t.TempDir()
		path := filepath.Join(dir, "s")
		staleSocket(t, path)
		staleSocket(t, path+".new")
		rounds.Go(func() {
			var mu sync.Mutex
			var has []net.Listener
			var beginning sync.WaitGroup
			for range 3 {
				beginning.Go(func() {
					l, inode, err := listenAt(path)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						has = append(has, l)
						if is, err := os.Lstat(path); err != nil || !os.SameFile(is, inode) {
							t.Errorf("what was made is not there (%v)", err)
						}
					} else if !errors.Is(err, errSocketTaken) {
						t.Error(err)
					}
				})
			}
			beginning.Wait()
			if len(has) != 1 {
				t.Errorf("%d listen", len(has))
			}
			conn, err := net.Dial("unix", path)
			if err != nil {
				t.Error(err)
			} else {
				conn.Close()
			}
			for _, l := range has {
				l.Close()
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("left: %v (%v)", left, err)
			}
		})
	}
	rounds.Wait()
}

// TestCloseAtOnce: a socket that is closed before anybody has asked there.
func TestCloseAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	for range 200 {
		var c control
		if err := c.open([]string{path}); err != nil {
			t.Fatal(err)
		}
		c.close()
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("the socket is left: %v", err)
		}
	}
}

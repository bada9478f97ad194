package e2e

import (
	"bytes"
	bin "encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"foster/test/lab"
)

// journal is what listens where systemd's journal does.
type journal struct {
	path    string
	mu      sync.Mutex
	entries []map[string]string
}

// listen takes entries until the returned function is called, which also
// removes the socket.
func (j *journal) listen(t *testing.T) (end func()) {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: j.path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		packet := make([]byte, 1<<20)
		for {
			n, err := conn.Read(packet)
			if err != nil {
				return // it was closed
			}
			entry, err := journalEntry(packet[:n])
			if err != nil {
				t.Errorf("journald would not understand %q: %v", packet[:n], err)
			}
			j.mu.Lock()
			j.entries = append(j.entries, entry)
			j.mu.Unlock()
		}
	}()
	return sync.OnceFunc(func() {
		_ = conn.Close() // what it read is what counts
		<-done
	})
}

// journalEntry reads one datagram of the journal's native protocol: a field is
// NAME=value and a newline, or NAME, a newline, the value's length in eight
// bytes, little end first, the value, and a newline.
func journalEntry(packet []byte) (map[string]string, error) {
	entry := map[string]string{}
	for len(packet) > 0 {
		line, rest, ended := bytes.Cut(packet, []byte{'\n'})
		if !ended {
			return nil, fmt.Errorf("%q does not end", line)
		}
		name, value, short := bytes.Cut(line, []byte{'='})
		if !short {
			if len(rest) < 8 || uint64(len(rest)-8) <= bin.LittleEndian.Uint64(rest) {
				return nil, fmt.Errorf("field %q is cut off", name)
			}
			size := bin.LittleEndian.Uint64(rest)
			value, rest = rest[8:8+size], rest[8+size+1:]
		}
		entry[string(name)], packet = string(value), rest
	}
	return entry, nil
}

// await waits for an entry whose message begins so, with these fields.
func (j *journal) await(t *testing.T, message string, fields ...string) map[string]string {
	t.Helper()
	var found map[string]string
	lab.Eventually(t, patience, fmt.Sprintf("journal entry %q %q", message, fields), func() error {
		j.mu.Lock()
		defer j.mu.Unlock()
		for _, e := range j.entries {
			ok := strings.HasPrefix(e["MESSAGE"], message)
			for _, kv := range fields {
				k, v, _ := strings.Cut(kv, "=")
				ok = ok && e[k] == v
			}
			if ok {
				found = e
				return nil
			}
		}
		return errNotYet
	})
	return found
}

// TestJournal: with the journal's socket mounted foster's log is there, with
// fields; while the socket is gone it is on standard output.
func TestJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	dir := t.TempDir()
	j := &journal{path: filepath.Join(dir, "socket")}
	end := j.listen(t)
	t.Cleanup(func() { end() })

	f := w.fosterContainer([]string{"--volume", dir + ":/run/systemd/journal"}, "LAUNCH_NETWORKS=front", "FOSTER_LOG_FORMAT=journald")
	want := wanted(w.net("front"))
	first := w.awaitWhole(want)
	e := j.await(t, "launched: the child is whole")
	for field, value := range map[string]string{"PRIORITY": "6", "SYSLOG_IDENTIFIER": "foster", "FOSTER_CHILD": childName} {
		if e[field] != value {
			t.Errorf("%s is %q, want %q: %v", field, e[field], value, e)
		}
	}
	w.signalChild(first, syscall.SIGKILL)
	second := w.awaitWhole(want, newer(first))
	j.await(t, "fault: the child died with exit code 137", "PRIORITY=4", "FOSTER_CAUSE=died", "FOSTER_EXIT_CODE=137")
	if e := j.await(t, "recovered:", "FOSTER_CAUSE=died", "FOSTER_DID=recreated", "FOSTER_ATTEMPT=1"); e["FOSTER_DOWN"] == "" {
		t.Errorf("the recovery does not say how long the child was down: %v", e)
	}
	if out := f.said(""); len(out) > 0 {
		t.Errorf("on standard output too: %v", out)
	}

	end()
	if err := os.Remove(j.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	w.signalChild(second, syscall.SIGKILL)
	w.awaitWhole(want, newer(second))
	lab.Eventually(t, patience, "the second recovery on standard output", func() error {
		for _, l := range f.said("(not JSON) <6>{") {
			if strings.Contains(l.text("message"), `"message":"recovered: `) {
				return nil
			}
		}
		return errNotYet
	})

	end = j.listen(t)
	f.stop()
	j.await(t, "foster ends", "FOSTER_EXIT_CODE=0")
	if back := j.await(t, "the journal takes lines again"); back["FOSTER_LINES"] != fmt.Sprint(len(f.said(""))) {
		t.Errorf("%d lines were on standard output, the journal was told %q", len(f.said("")), back["FOSTER_LINES"])
	}
	w.nothingLeft()
}

package e2e

import (
	"bytes"
	bin "encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

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
	conn, err := listenDeep(j.path)
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

// listenDeep listens at a socket whose queue never is full: how long it may be is
// a setting of the network namespace where the socket is made, 10 mostly. Who
// sends finds it by its path, from any of them.
func listenDeep(path string) (conn *net.UnixConn, err error) {
	made := make(chan struct{})
	go func() {
		defer close(made)
		runtime.LockOSThread() // the thread ends here, and its namespace with the socket
		if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return
		}
		if err = os.WriteFile("/proc/sys/net/unix/max_dgram_qlen", []byte("10000"), 0o644); err == nil {
			conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
		}
	}()
	<-made
	return conn, err
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

// of returns the entries whose message begins so, with these fields.
func (j *journal) of(message string, fields ...string) []map[string]string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return entriesOf(j.entries, message, fields...)
}

func entriesOf(all []map[string]string, message string, fields ...string) []map[string]string {
	var found []map[string]string
	for _, e := range all {
		ok := strings.HasPrefix(e["MESSAGE"], message)
		for _, kv := range fields {
			k, v, _ := strings.Cut(kv, "=")
			ok = ok && e[k] == v
		}
		if ok {
			found = append(found, e)
		}
	}
	return found
}

// printed returns such entries too, of what foster put on its standard output
// instead: a line of JSON behind its priority.
func printed(t *testing.T, f *foster, message string, fields ...string) []map[string]string {
	t.Helper()
	var all []map[string]string
	for _, l := range f.said("") {
		priority, text, _ := strings.Cut(strings.TrimPrefix(l.text("message"), "(not JSON) <"), ">")
		e, read := map[string]string{"PRIORITY": priority, "SYSLOG_IDENTIFIER": "foster"}, line{}
		if err := json.Unmarshal([]byte(text), &read); err != nil {
			t.Errorf("%q is no line of foster's for journald: %v", l.text("message"), err)
		}
		for k, v := range read {
			if k == "message" {
				e["MESSAGE"] = fmt.Sprint(v)
			} else {
				e["FOSTER_"+strings.ToUpper(k)] = fmt.Sprint(v)
			}
		}
		all = append(all, e)
	}
	return entriesOf(all, message, fields...)
}

// await waits for an entry whose message begins so, with these fields, in the
// journal or, while that took nothing, on standard output.
func (j *journal) await(t *testing.T, f *foster, message string, fields ...string) map[string]string {
	t.Helper()
	var found map[string]string
	lab.Eventually(t, patience, fmt.Sprintf("journal entry %q %q", message, fields), func() error {
		entries := append(j.of(message, fields...), printed(t, f, message, fields...)...)
		if len(entries) == 0 {
			return errNotYet
		}
		found = entries[0]
		return nil
	})
	return found
}

// missed is how many lines the journal was told that it did not take.
func (j *journal) missed(t *testing.T) int {
	t.Helper()
	sum := 0
	for _, e := range j.of("the journal takes lines again") {
		n, err := strconv.Atoi(e["FOSTER_LINES"])
		if err != nil {
			t.Errorf("the journal was told of lines: %v", err)
		}
		sum += n
	}
	return sum
}

// TestJournal: with the journal's socket mounted foster's log is there, with
// fields; while the socket is gone it is on standard output. On a busy machine a
// send may take too long, and that line, or one behind it, is on standard output.
func TestJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	dir := t.TempDir()
	j := &journal{path: filepath.Join(dir, "socket")}
	end := j.listen(t)
	t.Cleanup(func() { end() })

	f := w.fosterContainer([]string{"--volume", dir + ":/run/systemd/journal"}, "LAUNCH_NETWORKS=front", "FOSTER_LOG_FORMAT=journald", "FOSTER_FORWARD_LOGS=false")
	want := wanted(w.net("front"))
	first := w.awaitWhole(want)
	e := j.await(t, f, "launched: the child is whole")
	for field, value := range map[string]string{"PRIORITY": "6", "SYSLOG_IDENTIFIER": "foster", "FOSTER_CHILD": childName} {
		if e[field] != value {
			t.Errorf("%s is %q, want %q: %v", field, e[field], value, e)
		}
	}
	w.signalChild(first, syscall.SIGKILL)
	second := w.awaitWhole(want, newer(first))
	j.await(t, f, "fault: the child died with exit code 137", "PRIORITY=4", "FOSTER_CAUSE=died", "FOSTER_EXIT_CODE=137")
	if e := j.await(t, f, "recovered:", "FOSTER_CAUSE=died", "FOSTER_DID=recreated", "FOSTER_ATTEMPT=1"); e["FOSTER_DOWN"] == "" {
		t.Errorf("the recovery does not say how long the child was down: %v", e)
	}
	if in, out := len(j.of("")), len(f.said("")); in <= out {
		t.Errorf("%d lines are in the journal, %d on standard output", in, out)
	}

	end()
	if err := os.Remove(j.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	w.signalChild(second, syscall.SIGKILL)
	w.awaitWhole(want, newer(second))
	lab.Eventually(t, patience, "the second recovery on standard output", func() error {
		if len(printed(t, f, "recovered:", "PRIORITY=6", "FOSTER_CAUSE=died")) == 0 {
			return errNotYet
		}
		return nil
	})

	end = j.listen(t)
	f.stop()
	j.await(t, f, "foster ends", "FOSTER_EXIT_CODE=0")
	for _, message := range []string{"launched: the child is whole", "foster ends"} {
		if in, out := len(j.of(message)), len(printed(t, f, message)); in > 1 || out > 1 {
			t.Errorf("%q is %d times in the journal and %d times on standard output", message, in, out)
		}
	}
	lab.Eventually(t, patience, "the journal is told how many lines it missed", func() error {
		told, out := j.missed(t), len(f.said(""))
		// Nobody is told of a line that no other follows.
		if told == 0 || told != out && len(printed(t, f, "foster ends")) == 0 {
			return fmt.Errorf("%d lines were on standard output, the journal was told of %d", out, told)
		}
		return nil
	})
	w.nothingLeft()
}

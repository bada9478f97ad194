package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"

	"foster/test/lab"
)

// numbersImage writes numbered lines at full speed, each behind the container's
// ID: "ID o N" to stdout, and every hundredth "ID e N" to stderr. It ends with the
// line numbersLast, which takes it longer than it is let live, as a rule: on a busy
// machine it is not to write all the time that others need.
const (
	numbersImage  = "e2e/numbers:1"
	numbersLast   = 60000
	numbersScript = `#!/bin/sh
trap 'exit 0' TERM
awk -v h=$HOSTNAME -v n=%d 'BEGIN { while (i < n) { print h, "o", ++i; if (i %% 100 == 0) print h, "e", i >"/dev/stderr" } }' &
wait
sleep 1000 &
wait
`
)

func (w *world) buildNumbers() {
	w.t.Helper()
	if err := w.build(w.t.Context(), numbersImage, map[string]string{
		"Dockerfile": "FROM " + lab.BusyboxImage + "\nCOPY numbers /bin/numbers\nENTRYPOINT [\"/bin/numbers\"]\n", "numbers": fmt.Sprintf(numbersScript, numbersLast),
	}); err != nil {
		w.t.Fatal(err)
	}
}

// written is a foster whose output goes to files: it may be long.
type written struct {
	*foster
	out, err string // paths
}

// writer starts a foster outside any container.
func (w *world) writer(settings ...string) *written {
	w.t.Helper()
	dir := w.t.TempDir()
	f := &written{foster: &foster{w: w, cmd: w.command(settings...), done: make(chan struct{})}, out: filepath.Join(dir, "out"), err: filepath.Join(dir, "err")}
	out, err := os.Create(f.out)
	if err != nil {
		w.t.Fatal(err)
	}
	defer out.Close()
	errs, err := os.Create(f.err)
	if err != nil {
		w.t.Fatal(err)
	}
	defer errs.Close()
	f.cmd.Stdout, f.cmd.Stderr = out, errs
	if err := f.cmd.Start(); err != nil {
		w.t.Fatalf("start foster: %v", err)
	}
	go func() {
		defer close(f.done)
		_ = f.cmd.Wait() // the end by a code or a signal is in ProcessState
		f.code = f.cmd.ProcessState.ExitCode()
	}()
	w.t.Cleanup(func() {
		_ = f.cmd.Process.Kill()
		<-f.done
		if w.t.Failed() {
			w.t.Logf("log of foster of project %s:\n%s", w.project, f.own())
		}
	})
	return f
}

// own is foster's own log.
func (f *written) own() string {
	raw, err := os.ReadFile(f.out)
	if err != nil {
		f.w.t.Error(err)
	}
	var own bytes.Buffer
	for line := range bytes.Lines(raw) {
		if bytes.HasPrefix(line, []byte("{")) && json.Valid(line) {
			own.Write(line)
		}
	}
	return own.String()
}

// endsWith says whether a line is among the last of a file.
func endsWith(t testing.TB, path, line string) bool {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	end := make([]byte, 64<<10)
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		t.Fatal(err)
	}
	n, err := f.ReadAt(end, max(0, size-int64(len(end))))
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return bytes.Contains(end[:n], []byte("\n"+line))
}

// keeper keeps the logs of the containers of a child, which are gone with them:
// it gives the files a second name.
type keeper struct {
	w     *world
	begun int               // starts that were seen
	logs  map[string]string // by container ID, paths in the node
}

// next waits for the child's next container, or the next run of it.
func (k *keeper) next() container.InspectResponse {
	k.w.t.Helper()
	start := k.w.awaitEvent(k.begun, string(events.ActionStart))
	k.begun++
	c, err := k.w.Client().ContainerInspect(k.w.t.Context(), start.Actor.ID)
	if err != nil {
		k.w.t.Fatal(err)
	}
	path := filepath.Join(filepath.Dir(c.LogPath), "../..", "kept-"+c.ID) // beside the directory of all containers
	if _, err := k.w.Exec(k.w.t.Context(), "ln", c.LogPath, path); err != nil {
		k.w.t.Fatal(err)
	}
	k.logs[c.ID] = path
	return c
}

// kept is what the engine has kept of a container: text by source.
func (k *keeper) kept(id string) map[string]string {
	k.w.t.Helper()
	raw, err := k.w.Exec(k.w.t.Context(), "cat", k.logs[id])
	if err != nil {
		k.w.t.Fatal(err)
	}
	text := map[string]*strings.Builder{"stdout": {}, "stderr": {}}
	for line := range strings.Lines(raw) {
		m, err := decoded(line)
		if err != nil {
			k.w.t.Fatalf("the log of container %.12s: %v: %q", id, err, line)
		}
		text[m.Stream].WriteString(m.Log)
	}
	return map[string]string{"stdout": text["stdout"].String(), "stderr": text["stderr"].String()}
}

// message is a line of the engine's json-file, without its time.
type message struct{ Log, Stream string }

// decoded is a line of a json-file. There are a million of them, and most have
// nothing in them that stands for something else but the end of their line.
func decoded(line string) (m message, err error) {
	log, rest, ok := strings.Cut(strings.TrimPrefix(line, `{"log":"`), `\n","stream":"`)
	stream, _, whole := strings.Cut(rest, `","time":"`)
	if ok && whole && strings.HasSuffix(rest, "\"}\n") && !strings.ContainsAny(log+stream, `\"`) {
		return message{log + "\n", stream}, nil
	}
	err = json.Unmarshal([]byte(line), &m)
	return m, err
}

// compare fails the test unless the children's lines in the outputs of foster's,
// by source, are those that the engine has kept, each once, and of each container
// in their order.
func (k *keeper) compare(got map[string]string) {
	k.w.t.Helper()
	kept := map[string]map[string]string{}
	for id := range k.logs {
		kept[id] = k.kept(id)
	}
	for source, text := range got {
		k.compareOne(source, text, kept)
	}
}

func (k *keeper) compareOne(source, got string, kept map[string]map[string]string) {
	k.w.t.Helper()
	byID := map[string][]string{}
	var broken []string // lines that a death has cut short, before the ID was written
	count := 0
	for line := range strings.Lines(got) {
		id, _, ok := strings.Cut(line, " ")
		switch {
		case strings.HasPrefix(line, "{") && json.Valid([]byte(line)):
		case ok && len(id) == 12:
			byID[id] = append(byID[id], line)
			count++
		default:
			broken = append(broken, line)
		}
	}
	for id := range k.logs {
		want := kept[id][source]
		if want != "" && !strings.HasSuffix(want, "\n") {
			want += "\n"
		}
		lines := strings.SplitAfter(want, "\n")
		lines = lines[:len(lines)-1]
		if n := len(lines); n > 0 && len(lines[n-1]) < 14 {
			lines = lines[:n-1]
		}
		if where := differ(byID[id[:12]], lines); where != "" {
			k.w.t.Errorf("%s of container %.12s: got %d lines, the engine has kept %d: %s", source, id, len(byID[id[:12]]), len(lines), where)
		}
		delete(byID, id[:12])
	}
	if len(byID) > 0 || len(broken) > len(k.logs) {
		k.w.t.Errorf("%s: %d containers that nobody knows, %d lines that are none: %.300q", source, len(byID), len(broken), broken)
	}
	k.w.t.Logf("%s: %d lines", source, count)
}

func differ(got, want []string) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("from %q on they are missing", want[i])
		case i >= len(want):
			return fmt.Sprintf("from %q on they are too many", got[i])
		case got[i] != want[i]:
			return fmt.Sprintf("line %d is %q, want %q", i+1, got[i], want[i])
		}
	}
	return ""
}

// pause is for what takes time: output.
func pause(t testing.TB, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
	}
}

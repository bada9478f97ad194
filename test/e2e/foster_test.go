package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"foster/test/lab"
)

// foster is a running foster: a process on this machine, outside any
// container, or a `docker run` whose container holds one.
type foster struct {
	w         *world
	cmd       *exec.Cmd
	container string // its name, "" outside

	done chan struct{} // closed at the end
	code int           // exit code, -1 for the end by a signal; after done

	mu     sync.Mutex
	lines  []line // of stdout
	stderr bytes.Buffer
}

// line is one of the JSON log.
type line map[string]any

func (l line) text(key string) string { s, _ := l[key].(string); return s }

// stableAfter is how long a child runs before a fault is answered at once.
const stableAfter = 100 * time.Millisecond

// defaults are the settings of every foster here. STABLE_AFTER is short, so
// that a fault soon after a start is answered at once, as one after ten
// seconds is with the default.
func (w *world) defaults() map[string]string {
	return map[string]string{
		"LAUNCH_IMAGE": childImage, "LAUNCH_PROJECT_NAME": w.project, "LAUNCH_SERVICE_NAME": childName, "LAUNCH_PULL": "never",
		"FOSTER_STABLE_AFTER": stableAfter.String(), "FOSTER_LOG_FORMAT": "json", "FOSTER_LOG_LEVEL": "debug",
	}
}

// settings are the defaults with NAME=value over them; NAME= takes one away.
func (w *world) settings(over []string) []string {
	all := w.defaults()
	for _, kv := range over {
		k, v, _ := strings.Cut(kv, "=")
		if all[k] = v; v == "" {
			delete(all, k)
		}
	}
	var list []string
	for _, k := range slices.Sorted(maps.Keys(all)) {
		list = append(list, k+"="+all[k])
	}
	return list
}

// foster starts one outside any container.
func (w *world) foster(settings ...string) *foster {
	w.t.Helper()
	return w.start(w.command(settings...), "")
}

// command is that foster, not started.
func (w *world) command(settings ...string) *exec.Cmd {
	w.t.Helper()
	cmd := exec.Command(fosterBinary(w.t))
	for _, kv := range w.Env() {
		if !slices.ContainsFunc([]string{"LAUNCH_", "FOSTER_", "LOGIN_", "COMPOSE_"}, func(p string) bool { return strings.HasPrefix(kv, p) }) {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, w.settings(settings)...)
	cmd.Dir = w.t.TempDir()
	return cmd
}

// fosterContainer starts one in a container of the same engine. flags are
// those of docker run, such as --volume. Its environment has to name its
// project: while a foster runs whose project is named in a file, reap keeps
// everything, and there are tests of reap on the shared engine.
func (w *world) fosterContainer(flags []string, settings ...string) *foster {
	w.t.Helper()
	if err := w.engine.foster(); err != nil {
		w.t.Fatal(err)
	}
	name := fmt.Sprintf("%s-foster-%d", w.project, worlds.Add(1))
	args := []string{"run", "--rm", "--name", name, "--volume", "/run/docker.sock:/var/run/docker.sock"}
	all := w.settings(settings)
	if !slices.ContainsFunc(all, func(kv string) bool { return strings.HasPrefix(kv, "LAUNCH_PROJECT_NAME=") }) {
		w.t.Fatal("a foster in a container without LAUNCH_PROJECT_NAME: see fosterContainer")
	}
	for _, kv := range all {
		args = append(args, "--env", kv)
	}
	cmd := exec.Command("docker", append(append(args, flags...), fosterImage)...)
	cmd.Env = w.Env()
	return w.start(cmd, name)
}

func (w *world) start(cmd *exec.Cmd, container string) *foster {
	w.t.Helper()
	f := &foster{w: w, cmd: cmd, container: container, done: make(chan struct{})}
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd.Stderr = lockedWriter{f}
	if err := cmd.Start(); err != nil {
		w.t.Fatalf("start foster: %v", err)
	}
	go func() {
		defer close(f.done)
		f.read(out)
		// The end by a code or a signal is in ProcessState.
		_ = cmd.Wait()
		f.code = cmd.ProcessState.ExitCode()
	}()
	w.t.Cleanup(func() {
		// Ended already is as well.
		_ = cmd.Process.Kill()
		<-f.done
		if w.t.Failed() {
			w.t.Logf("log of foster of project %s:\n%s", w.project, f.log())
		}
	})
	return f
}

type lockedWriter struct{ f *foster }

func (w lockedWriter) Write(p []byte) (int, error) {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	return w.f.stderr.Write(p)
}

func (f *foster) read(out io.Reader) {
	scan := bufio.NewScanner(out)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		l := line{}
		if json.Unmarshal(scan.Bytes(), &l) != nil {
			l = line{"message": "(not JSON) " + scan.Text()}
		}
		f.mu.Lock()
		f.lines = append(f.lines, l)
		f.mu.Unlock()
	}
}

// log is what foster said, a line for each entry, for reading.
func (f *foster) log() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, l := range f.lines {
		at, _ := time.Parse(time.RFC3339Nano, l.text("time"))
		fmt.Fprintf(&b, "%s %-5s %s", at.Format("05.000"), l.text("level"), l.text("message"))
		for _, k := range slices.Sorted(maps.Keys(l)) {
			if k != "time" && k != "level" && k != "message" {
				fmt.Fprintf(&b, " %s=%v", k, l[k])
			}
		}
		b.WriteByte('\n')
	}
	b.Write(f.stderr.Bytes())
	return b.String()
}

// said returns the entries whose message begins with a text and whose fields,
// given as key=value, are these.
func (f *foster) said(message string, fields ...string) []line {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []line
	for _, l := range f.lines {
		ok := strings.HasPrefix(l.text("message"), message)
		for _, kv := range fields {
			k, v, _ := strings.Cut(kv, "=")
			ok = ok && fmt.Sprint(l[k]) == v
		}
		if ok {
			found = append(found, l)
		}
	}
	return found
}

// awaitSaid waits for such an entry; foster must be alive until then.
func (f *foster) awaitSaid(message string, fields ...string) line {
	f.w.t.Helper()
	var found line
	lab.Eventually(f.w.t, patience, fmt.Sprintf("log entry %q %q", message, fields), func() error {
		if lines := f.said(message, fields...); len(lines) > 0 {
			found = lines[0]
			return nil
		}
		return errNotYet
	})
	return found
}

// signal sends a signal to foster itself; in a container, the docker CLI passes it on.
func (f *foster) signal(s os.Signal) {
	f.w.t.Helper()
	if err := f.cmd.Process.Signal(s); err != nil {
		f.w.t.Fatalf("signal %s: %v", s, err)
	}
}

// kill ends foster as a crash would, and waits for that.
func (f *foster) kill() {
	f.w.t.Helper()
	if f.container != "" {
		f.w.docker("kill", f.container)
	} else {
		f.signal(syscall.SIGKILL)
	}
	<-f.done
}

// over waits for foster's end, which must come within a time.
func (f *foster) over(within time.Duration) {
	f.w.t.Helper()
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-f.done:
	case <-timer.C:
		f.w.t.Fatalf("foster has not ended within %s", within)
	}
}

// ended waits for foster's end, which must have this exit code and come within a time.
func (f *foster) ended(code int, within time.Duration) {
	f.w.t.Helper()
	f.over(within)
	if f.code != code {
		f.w.t.Fatalf("foster ended with %d, want %d", f.code, code)
	}
}

// stop ends foster as Swarm does; the child must obey.
func (f *foster) stop() {
	f.w.t.Helper()
	f.signal(syscall.SIGTERM)
	f.ended(0, patience)
}

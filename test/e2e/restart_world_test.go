package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"foster/test/lab"
)

// The tests of an engine that goes away have engines of their own, with two
// projects on each: one whose foster runs outside of the engine, one whose
// foster runs in a container of it.

// mortalEngine is an engine that the test may end and start again. Its socket
// is, beside the usual place, in a directory that a container can mount: an
// engine makes its socket anew at each start, and who has mounted the file
// keeps the old one.
type mortalEngine struct {
	*engine
	sockets string
}

func newMortalEngine(t testing.TB, opts lab.Options) *mortalEngine {
	t.Helper()
	dir, err := os.MkdirTemp("", "foster-") // t.TempDir may be longer than a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	opts.DockerdFlags = append(opts.DockerdFlags, "--host=unix://"+dir+"/docker.sock")
	return &mortalEngine{engine: ownEngine(t, opts), sockets: dir}
}

// back starts the engine again, and says when it was started and when it
// answered. What its end did to the canary is not foster's doing: the canary is
// as it should be from here on.
func (e *mortalEngine) back(t testing.TB) (begin, answers time.Time) {
	t.Helper()
	begin = time.Now()
	if err := e.StartEngine(t.Context()); err != nil {
		t.Fatal(err)
	}
	answers = time.Now()
	t.Logf("the engine answered %.1f s after it was started", answers.Sub(begin).Seconds())
	was := e.canary.container
	if err := e.Client().ContainerStart(t.Context(), was.ID, container.StartOptions{}); err != nil {
		t.Fatalf("the canary: %v", err)
	}
	var err error
	if e.canary.container, err = e.Client().ContainerInspect(t.Context(), was.ID); err != nil {
		t.Fatalf("the canary: %v", err)
	}
	return begin, answers
}

// ward is a project on a mortal engine: a child with a network that foster
// creates, one that is there, and an anonymous volume.
type ward struct {
	*world
	e     *mortalEngine
	where string // foster runs there
	ext   string
	want  want
	child container.InspectResponse

	host      *foster  // outside of the engine
	inside    string   // the name of foster's container
	residence []string // flags of its docker run
}

func newWard(t testing.TB, e *mortalEngine, where string) *ward {
	t.Helper()
	w := &ward{world: newWorld(t, e.engine), e: e, where: where}
	w.residence = []string{"--volume", e.sockets + ":/engine", "--env", "DOCKER_HOST=unix:///engine/docker.sock"}
	w.ext = w.externalNetwork("ext")
	w.want = wanted(w.net("front"), w.ext)
	return w
}

// watch starts a foster, and waits for the whole child.
func (w *ward) watch(more ...string) {
	w.t.Helper()
	settings := append([]string{"LAUNCH_NETWORKS=front", "LAUNCH_EXT_NETWORKS=" + w.ext}, more...)
	if w.where == "host" {
		w.host = w.foster(settings...)
	} else {
		w.inside = w.resident(w.residence, settings...)
	}
	w.child = w.awaitWhole(w.want)
	lab.Eventually(w.t, patience, "foster and its child", func() error { return w.log().hasChild() })
}

// resident runs foster in a container of the engine, detached. flags are those
// of docker run, such as the way to the engine's socket.
func (w *world) resident(flags []string, settings ...string) string {
	w.t.Helper()
	return w.residentWith(nil, flags, settings...)
}

// residentWith is resident with arguments for foster, such as a command of its own.
func (w *world) residentWith(arguments, flags []string, settings ...string) string {
	w.t.Helper()
	if err := w.engine.foster(); err != nil {
		w.t.Fatal(err)
	}
	name := fmt.Sprintf("%s-foster-%d", w.project, worlds.Add(1))
	args := append([]string{"run", "--detach", "--name", name}, flags...)
	for _, kv := range w.settings(settings) {
		args = append(args, "--env", kv)
	}
	w.docker(append(append(args, fosterImage), arguments...)...)
	w.t.Cleanup(func() {
		if w.t.Failed() {
			w.t.Logf("log of foster of project %s in container %s:\n%s", w.project, name, w.residentLog(context.Background(), name).log())
		}
	})
	return name
}

// residentLog is what a foster in a container has said, as its engine kept it.
func (w *world) residentLog(ctx context.Context, name string) *foster {
	f := &foster{w: w, container: name}
	var out bytes.Buffer
	stream, err := w.Client().ContainerLogs(ctx, name, container.LogsOptions{ShowStdout: true, ShowStderr: true})
	if err == nil {
		_, err = stdcopy.StdCopy(&out, lockedWriter{f}, stream)
		err = errors.Join(err, stream.Close())
	}
	f.read(&out)
	if err != nil {
		fmt.Fprintln(lockedWriter{f}, err)
	}
	return f
}

// log is what the ward's foster has said.
func (w *ward) log() *foster {
	if w.where == "host" {
		return w.host
	}
	return w.residentLog(w.t.Context(), w.inside)
}

// awaitEntry waits until foster has said something.
func (w *ward) awaitEntry(message string) {
	w.t.Helper()
	lab.Eventually(w.t, patience, fmt.Sprintf("log entry %q", message), func() error {
		if len(w.log().said(message)) == 0 {
			return errNotYet
		}
		return nil
	})
}

// stop ends the ward's foster; nothing of the project may be left, and nothing
// of anybody else's touched.
func (w *ward) stop() {
	w.t.Helper()
	if w.where == "host" {
		w.host.stop()
	} else {
		w.docker("stop", "--time", "30", w.inside)
		if code := w.insideCode(); code != 0 {
			w.t.Errorf("foster ended with %d, want 0", code)
		}
		w.docker("rm", w.inside)
	}
	w.nothingLeft()
}

// insideCode is the exit code of the foster in a container, which has ended.
func (w *ward) insideCode() int {
	w.t.Helper()
	c, err := w.Client().ContainerInspect(w.t.Context(), w.inside)
	if err != nil {
		w.t.Fatal(err)
	}
	if c.State.Running {
		w.t.Fatalf("foster in container %s runs", w.inside)
	}
	return c.State.ExitCode
}

// awaitWholeSince waits for the whole child, and prints how long after a moment,
// which has a name, the engine has started it, or that it was not started again.
func (w *ward) awaitWholeSince(moment time.Time, name string, checks ...check) {
	w.t.Helper()
	before := w.child
	w.child = w.awaitWhole(w.want, checks...)
	if same(before)(w.child) == nil {
		w.t.Logf("foster on the %s: the child runs on, with pid %d", w.where, w.child.State.Pid)
		return
	}
	w.t.Logf("foster on the %s: whole %.2f s after %s", w.where, startedAt(w.t, w.child).Sub(moment).Seconds(), name)
}

// startedAt is the engine's stamp of the child's start.
func startedAt(t testing.TB, c container.InspectResponse) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, c.State.StartedAt)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// startedSince says how many containers of the child were started since a moment.
func (w *world) startedSince(since time.Time) int {
	n := 0
	for _, m := range w.events("start") {
		if m.TimeNano > since.UnixNano() {
			n++
		}
	}
	return n
}

// killUnseen ends the child's process while the engine does not look.
func (w *world) killUnseen(child container.InspectResponse) {
	w.t.Helper()
	pid := child.State.Pid
	if err := w.KillPID(w.t.Context(), pid, syscall.SIGKILL); err != nil {
		w.t.Fatal(err)
	}
	lab.Eventually(w.t, patience, "the end of the child's process", func() error {
		status, err := w.Exec(w.t.Context(), "cat", "/proc/"+strconv.Itoa(pid)+"/status")
		if err != nil || strings.Contains(status, "State:\tZ") {
			return nil
		}
		return errors.New("it runs")
	})
}

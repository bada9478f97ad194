package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/events"

	"foster/test/lab"
)

// pageImage serves a page on port 8080, on connections that are kept: a client may ask it often.
const pageImage = "e2e/page:1"

// buildPage puts pageImage on the engine.
func (w *world) buildPage() {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "page")
	if err := buildProgram(w.t.Context(), path, "foster/test/demo/child"); err != nil {
		w.t.Fatal(err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.build(w.t.Context(), pageImage, map[string]string{
		"Dockerfile": "FROM scratch\nCOPY page /page\nENTRYPOINT [\"/page\"]\n", "page": string(program),
	}); err != nil {
		w.t.Fatal(err)
	}
}

// chaos runs foster chaos on the engine's node, where its client sees the containers.
func (w *world) chaos(args ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Minute)
	defer cancel()
	stdout, err := w.Exec(ctx, append([]string{"env", "DOCKER_HOST=unix:///run/docker.sock", "LC_ALL=C", fosterBinary(w.t), "chaos"}, args...)...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode(), stdout, err.Error()
	} else if err != nil {
		w.t.Fatal(err)
	}
	return 0, stdout, ""
}

// chaosRound is a line of foster chaos --json.
type chaosRound struct {
	Child, Container, Fault, Network string
	At                               time.Time
	Recovered, Replaced, Early       bool
	Recovery                         *float64 `json:"recovery_ms"`
	Down                             *float64 `json:"client_down_ms"`
}

// TestChaos: every kind of fault against a real engine, measured as the
// engine's own stamps say, and as a client sees it.
func TestChaos(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	w.buildPage()
	n := w.subnet()
	ip := fmt.Sprintf("10.99.%d.77", n)
	ext := w.externalNetwork("ext", "--subnet", fmt.Sprintf("10.99.%d.0/24", n))
	stranger := w.strangerOf(childImage, []string{"--name", w.name("stranger"), "--network", ext})
	f := w.fosterContainer(nil, "LAUNCH_IMAGE="+pageImage, "LAUNCH_NETWORKS=front", "LAUNCH_EXT_NETWORKS_IPV4="+ext+":"+ip)
	want := want{image: pageImage, endpoints: []endpoint{{network: w.net("front")}, {network: ext, ipv4: ip}}}
	w.awaitWhole(want)
	f.awaitSaid("launched")

	// The seed draws every fault at least once.
	code, stdout, stderr := w.chaos("--project", w.project, "--kill", "--stop", "--rm", "--cut", "front", "--cut", ext, "--pause",
		"--every", "800ms", "--jitter", "25%", "--stable", "--rounds", "14", "--seed", "6", "--timeout", "1m", "--json", "--probe", "http://"+ip+":8080/")
	if code != 0 {
		t.Fatalf("exit %d\n%s\n%s", code, stdout, stderr)
	}
	lines := strings.Split(stdout, "\n")
	seen := map[string]int{}
	for _, line := range lines[:len(lines)-1] {
		var r chaosRound
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		fault := r.Fault
		if fault == "cut" {
			fault += " " + strings.TrimPrefix(r.Network, w.project)
		}
		seen[fault]++
		if !r.Recovered || r.Recovery == nil || r.Child != childName || r.Replaced || r.Early {
			t.Errorf("%s", line)
			continue
		}
		begun, whole := w.chaosStamps(r)
		byStamps := float64(whole-begun) / 1e6
		if diff := *r.Recovery - byStamps; r.At.UnixNano() != begun || diff < -0.001 || diff > 0.001 {
			t.Errorf("the engine's stamps say %s and %.3f ms: %s", time.Unix(0, begun).UTC().Format(time.RFC3339Nano), byStamps, line)
		}
		down := 0.0
		if r.Down != nil {
			down = *r.Down
		}
		t.Logf("%-10s recovered in %7.1f ms, its client missed it for %7.1f ms", fault, *r.Recovery, down)
		switch {
		case r.Network == w.net("front"):
			// The client comes from elsewhere; a busy machine may be late with an answer all the same.
		case down < *r.Recovery-300 || down > *r.Recovery+10000:
			t.Errorf("the client missed it for %.1f ms: %s", down, line)
		}
	}
	for _, fault := range []string{"kill", "stop", "rm", "cut _front", "cut -ext", "pause"} {
		if seen[fault] == 0 {
			t.Errorf("no %s among %v", fault, seen)
		}
	}
	var summary struct {
		Type   string
		Faults int
		Never  []any
		All    map[string]struct{ N int } `json:"recovery_ms"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &summary); err != nil || summary.Type != "summary" || summary.Faults != 14 ||
		len(summary.Never) > 0 || summary.All["all"].N != 14-seen["pause"] {
		t.Errorf("%v: %s", err, lines[len(lines)-1])
	}
	w.awaitWhole(want)
	stranger.untouched()
	stranger.attached(ext)
	stranger.does("rm --force --volumes", "kill", "die", "destroy")
	f.stop()
	w.nothingLeft()
}

// chaosStamps finds the events of a round among those that the test recorded
// itself: the fault's, and the one that ended it.
func (w *world) chaosStamps(r chaosRound) (begun, whole int64) {
	w.t.Helper()
	first := func(after int64, ok func(events.Message) bool) int64 {
		for _, m := range w.rec.All() {
			if m.TimeNano > after && ok(m) {
				return m.TimeNano
			}
		}
		return 0
	}
	of := func(kind events.Type, action events.Action, more func(events.Message) bool) func(events.Message) bool {
		return func(m events.Message) bool { return m.Type == kind && m.Action == action && more(m) }
	}
	hit := func(m events.Message) bool { return m.Actor.ID == r.Container }
	on := func(m events.Message) bool {
		return m.Actor.Attributes["container"] == r.Container && m.Actor.Attributes["name"] == r.Network
	}
	next := func(m events.Message) bool { return m.Actor.Attributes["name"] == w.container() }
	just := r.At.UnixNano() - 1
	switch r.Fault {
	case "cut":
		begun = first(just, of(events.NetworkEventType, events.ActionDisconnect, on))
		whole = first(begun, of(events.NetworkEventType, events.ActionConnect, on))
	case "pause":
		begun = first(just, of(events.ContainerEventType, events.ActionPause, hit))
		whole = first(begun, of(events.ContainerEventType, events.ActionUnPause, hit))
	default:
		begun = first(just, of(events.ContainerEventType, events.ActionDie, hit))
		whole = first(begun, of(events.ContainerEventType, events.ActionStart, next))
	}
	return begun, whole
}

// TestChaosRefuses: nothing but a living foster's child is broken, and who does not come back is told.
func TestChaosRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.fosterContainer(nil, "FOSTER_RESTART=on-failure")
	child := w.awaitWhole(wanted())
	f.awaitSaid("launched")
	refused := func(want string, args ...string) {
		t.Helper()
		if code, stdout, stderr := w.chaos(args...); code != 78 || !strings.Contains(stderr, want) {
			t.Errorf("%q: exit %d\n%s%s", args, code, stdout, stderr)
		}
	}
	refused("is not foster's", "--child", "canary")
	refused("is not foster's", "--child", f.container)
	refused("is attached to no network", "--child", child.ID, "--cut", "canary")
	w.docker("pause", f.container)
	refused("is paused: nobody would bring it back", "--project", w.project)
	w.docker("unpause", f.container)
	if now, err := w.of(childName); err != nil || same(child)(now) != nil {
		t.Errorf("the child was touched: %v", err)
	}
	// An end without a failure completes this child: foster takes everything down.
	code, stdout, stderr := w.chaos("--child", w.project+"/"+childName, "--stop", "--timeout", "5s")
	if code != 1 || !strings.Contains(stdout, "never recovered:") || !strings.Contains(stdout, "round 1") || !strings.Contains(stderr, "not recovered: 1 of 1 fault") {
		t.Errorf("exit %d\n%s\n%s", code, stdout, stderr)
	}
	for line := range strings.Lines(strings.ReplaceAll(stdout, w.project, "")) {
		if len(line) > 81 {
			t.Errorf("wider than 80 columns without the project's name: %q", line)
		}
	}
	f.ended(0, patience)
	w.nothingLeft()
}

// TestChaosInterrupted: the end of a chaos in mid-pause leaves nothing paused.
func TestChaosInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_NETWORKS=front")
	child := w.awaitWhole(wanted(w.net("front")))
	f.awaitSaid("launched")
	cmd := exec.Command(fosterBinary(t), "chaos", "--project", w.project, "--pause", "--pause-for", "10m")
	cmd.Env = w.Env()
	c := w.start(cmd, "")
	lab.Eventually(t, patience, "a paused child", func() error {
		now, err := w.Client().ContainerInspect(t.Context(), child.ID)
		if err == nil && !now.State.Paused {
			err = errors.New("it is not")
		}
		return err
	})
	c.signal(os.Interrupt)
	c.signal(os.Interrupt)
	// Two signals may come as one: another makes sure of the second.
	resend := time.NewTicker(time.Second)
	defer resend.Stop()
	lab.Eventually(t, patience, "the end of chaos", func() error {
		select {
		case <-c.done:
			return nil
		case <-resend.C:
			_ = cmd.Process.Signal(os.Interrupt) // ended already is as well
		default:
		}
		return errNotYet
	})
	c.ended(130, patience)
	w.awaitWhole(wanted(w.net("front")), same(child))
	f.stop()
	w.nothingLeft()
}

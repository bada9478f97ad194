package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"foster/test/lab"
)

func containsAll(text string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}

// problems are the lines that foster wrote to stderr; after its end.
func (f *foster) problems() []string {
	<-f.done
	return strings.Split(strings.TrimSpace(f.stderr.String()), "\n")
}

// TestBadConfiguration: one line for each problem, at once, and the engine is not touched.
// It is not parallel: the second is meant.
func TestBadConfiguration(t *testing.T) {
	w := newWorld(t, plainEngine(t))
	fosterBinary(t)
	began := time.Now()
	f := w.foster("LAUNCH_VOLUME=/a:/b", "LAUNCH_PRIVILEGED=maybe", "LAUNCH_NETWORKS=front", "LAUNCH_EXT_NETWORKS_IPV4=net:1.2.3", "FOSTER_RESTART=sometimes", "FOSTER_BACKOFF_MAX=soon")
	f.ended(78, patience)
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s", took)
	}
	lines := f.problems()
	for _, want := range [][]string{
		{"LAUNCH_VOLUME", "LAUNCH_VOLUMES"},
		{"LAUNCH_PRIVILEGED", "maybe"},
		{"LAUNCH_EXT_NETWORKS_IPV4", "1.2.3"},
		{"FOSTER_RESTART", "sometimes", "on-failure"},
		{"FOSTER_BACKOFF_MAX", "soon"},
	} {
		n := 0
		for _, l := range lines {
			// LAUNCH_VOLUME is the beginning of the right name too.
			if strings.Contains(l, want[0]+" ") || strings.Contains(l, want[0]+":") || strings.Contains(l, want[0]+"=") {
				n++
				if !containsAll(l, want...) {
					t.Errorf("the line on %s does not say %q: %s", want[0], want, l)
				}
			}
		}
		if n != 1 {
			t.Errorf("%d lines on %s in %q", n, want[0], lines)
		}
	}
	if len(lines) != 5 {
		t.Errorf("there are %d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	w.nothingLeft()
	if n := len(w.events("create")); n != 0 {
		t.Errorf("%d containers were created", n)
	}
	for _, m := range w.rec.All(lab.Type("network"), lab.Action("create")) {
		if strings.HasPrefix(m.Actor.Attributes["name"], w.project) {
			t.Errorf("network %s was created", m.Actor.Attributes["name"])
		}
	}
}

// TestEngineUnreachable: foster tries for FOSTER_ENGINE_TIMEOUT.
func TestEngineUnreachable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	began := time.Now()
	f := w.foster("DOCKER_HOST=unix://"+filepath.Join(t.TempDir(), "none.sock"), "FOSTER_ENGINE_TIMEOUT=2s")
	f.ended(69, patience)
	if took := time.Since(began); took < 2*time.Second || took > 6*time.Second {
		t.Errorf("it took %s, want about 2 s", took)
	}
	if lines := f.problems(); len(lines) != 1 || !containsAll(lines[0], "reach the engine", "none.sock") {
		t.Errorf("it says %q", lines)
	}
}

// TestEngineComesLate: an engine that answers within the timeout is in time.
func TestEngineComesLate(t *testing.T) {
	t.Parallel()
	e := ownEngine(t, lab.Options{})
	w := newWorld(t, e)
	if err := e.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := w.foster("LAUNCH_NETWORKS=front")
	f.awaitSaid("the engine does not answer")
	if err := e.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.awaitWhole(wanted(w.net("front")))
	f.stop()
	w.nothingLeft()
	w.created(1)
}

// TestMissingImage: with LAUNCH_PULL=never it is the end, and the log says why.
func TestMissingImage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_IMAGE=e2e/nowhere:1", "LAUNCH_NETWORKS=front")
	f.ended(125, patience)
	w.nothingLeft()
	if l := f.said("giving up"); len(l) != 1 || !containsAll(l[0].text("detail"), "e2e/nowhere:1") || l[0].text("level") != "error" {
		t.Errorf("it says %v", l)
	}
}

// TestMissingCommand: the engine takes the container and cannot start it, for good.
func TestMissingCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_IMAGE="+lab.BusyboxImage, "LAUNCH_COMMAND=/no/such --thing", "LAUNCH_NETWORKS=front")
	f.ended(125, patience)
	w.nothingLeft()
	w.created(1)
	if l := f.said("giving up"); len(l) != 1 || !containsAll(l[0].text("detail"), "/no/such") {
		t.Errorf("it says %v", l)
	}
}

package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

// stranger is a container of somebody else's that is in a child's way.
type stranger struct {
	w      *world
	before container.InspectResponse
	acts   []string // what the test did to it, as the engine tells it
}

// stranger runs one; flags are those of docker run, the name among them.
func (w *world) stranger(flags ...string) *stranger {
	w.t.Helper()
	return w.strangerOf(lab.BusyboxImage, flags, "sleep", "600")
}

func (w *world) strangerOf(image string, flags []string, command ...string) *stranger {
	w.t.Helper()
	id := w.docker(append(append(append([]string{"run", "--detach", "--init"}, flags...), image), command...)...)
	c, err := w.Client().ContainerInspect(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return &stranger{w: w, before: c, acts: []string{"create", "start"}}
}

func (s *stranger) name() string { return strings.TrimPrefix(s.before.Name, "/") }

// does is a docker command on it, and the events of the container that it brings.
func (s *stranger) does(command string, acts ...string) {
	s.w.t.Helper()
	// The acts come first: an event may be heard before the command returns.
	s.acts = append(s.acts, acts...)
	s.w.docker(append(strings.Fields(command), s.before.ID)...)
}

// untouched: nothing happened to it but what the test did.
func (s *stranger) untouched() {
	s.w.t.Helper()
	var got []string
	for _, m := range s.w.rec.All(lab.Type("container"), lab.Container(s.before.ID),
		lab.Action("create", "start", "stop", "kill", "die", "destroy", "rename", "pause", "unpause", "exec_create", "update")) {
		got = append(got, string(m.Action))
	}
	if !slices.Equal(got, s.acts) {
		s.w.t.Errorf("what happened to %s: %q, the test did %q", s.name(), got, s.acts)
	}
}

// attached fails the test unless it is the same run, and has the endpoint that it had on a network.
func (s *stranger) attached(net string) {
	s.w.t.Helper()
	now, err := s.w.Client().ContainerInspect(s.w.t.Context(), s.before.ID)
	if err != nil {
		s.w.t.Fatal(err)
	}
	had, has := s.before.NetworkSettings.Networks[net], now.NetworkSettings.Networks[net]
	if err := same(s.before)(now); err != nil || has == nil || has.EndpointID != had.EndpointID {
		s.w.t.Errorf("%s on %s: %+v, was %+v (%v)", s.name(), net, has, had, err)
	}
}

// left is when the engine said that a stranger's act freed what it had.
func (s *stranger) left(match ...lab.Match) int64 {
	s.w.t.Helper()
	return s.w.heard(append(match, lab.Container(s.before.ID))...).TimeNano
}

// heldBy waits for the log's word that a place is held, with these in its detail.
func (f *foster) heldBy(parts ...string) line {
	f.w.t.Helper()
	held := f.awaitSaid("waiting: its place is held by somebody else")
	if !containsAll(held.text("detail"), parts...) {
		f.w.t.Errorf("the log does not say %q: %v", parts, held)
	}
	return held
}

// soon fails the test unless foster went on by the event that told it that
// something was free, in the middle of a pause. It prints how soon.
func (f *foster) soon(event, what string, freed int64, at time.Time) {
	f.w.t.Helper()
	const bound = 10 * time.Second // of it most is for a machine that is busy with other tests
	took := at.Sub(time.Unix(0, freed))
	f.w.t.Logf("%s %s after it was freed, bound %s", what, took.Round(time.Millisecond), bound)
	if took > bound {
		f.w.t.Errorf("%s %s after it was freed", what, took)
	}
	if !slices.ContainsFunc(f.said("", "event="+event), func(l line) bool {
		return slices.Contains([]string{"waiting", "absent", "unavailable"}, l.text("phase_from")) && !l.at(f.w.t).Before(time.Unix(0, freed))
	}) {
		f.w.t.Errorf("%s, but not by the event %s", what, event)
	}
}

// calm fails the test if containers were created faster than the pauses allow.
func (w *world) calm(until int64) {
	w.t.Helper()
	var last int64
	n := 0
	for _, m := range w.events("create") {
		if m.TimeNano >= until {
			break
		}
		if least := 800 * time.Millisecond << max(0, n-1); n > 0 && time.Duration(m.TimeNano-last) < least {
			w.t.Errorf("create %d came %s after the one before, want %s at least", n+1, time.Duration(m.TimeNano-last), least)
		}
		last = m.TimeNano
		n++
	}
	w.t.Logf("%d creates while the place was held", n)
}

// labelFile writes a container's labels for docker run --label-file.
func (w *world) labelFile(c container.InspectResponse) string {
	w.t.Helper()
	var text strings.Builder
	for _, k := range slices.Sorted(maps.Keys(c.Config.Labels)) {
		fmt.Fprintf(&text, "%s=%s\n", k, c.Config.Labels[k])
	}
	path := filepath.Join(w.t.TempDir(), "labels")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// port is one of the node's that no other test has.
func (w *world) port() string { return fmt.Sprint(20000 + w.subnet()) }

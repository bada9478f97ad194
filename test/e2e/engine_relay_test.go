package e2e

import (
	"fmt"
	"strings"

	"foster/test/lab"
	"foster/test/relay"
)

// The engine_*_test.go files let foster speak to its engine by way of a relay,
// which does what no engine does on demand: it loses answers, holds calls back,
// ends event streams, repeats and floods them and sets the engine's clock. The
// child, its networks and the events are the real engine's.

// relay stands between the engine and a foster that is given its address.
func (w *world) relay() (r *relay.Relay, address string) {
	w.t.Helper()
	r = relay.New(w.t, w.Socket)
	return r, "DOCKER_HOST=" + r.Host()
}

// verb is a call without the names in it.
func verb(q relay.Request) string {
	parts := strings.Split(q.Path, "/")
	switch {
	case len(parts) < 3 || parts[2] == "create" || parts[1] == "containers" && parts[2] == "json":
	case parts[1] == "images":
		parts = []string{"", "images", "*", parts[len(parts)-1]}
	default:
		parts[2] = "*"
	}
	return q.Method + " " + strings.Join(parts, "/")
}

// told counts the entries of a kind with a cause, as in "fault:" and "died".
func (f *foster) told(message, cause string) int { return len(f.said(message, "cause="+cause)) }

// awaitTold waits for the n-th of them.
func (f *foster) awaitTold(n int, message, cause string) {
	f.w.t.Helper()
	lab.Eventually(f.w.t, patience, fmt.Sprintf("%d of %q, cause %s", n, message, cause), func() error {
		if got := f.told(message, cause); got < n {
			return fmt.Errorf("there are %d", got)
		}
		return nil
	})
}

// once: the faults of a cause that were made were each told and recovered from,
// once.
func (f *foster) once(cause string, n int) {
	f.w.t.Helper()
	for _, message := range []string{"fault:", "recovered"} {
		if got := f.told(message, cause); got != n {
			f.w.t.Errorf("%d entries %q of cause %s, want %d", got, message, cause, n)
		}
	}
}

func (w *world) cut(id, network string) {
	w.t.Helper()
	if err := w.Client().NetworkDisconnect(w.t.Context(), network, id, true); err != nil {
		w.t.Fatal(err)
	}
}

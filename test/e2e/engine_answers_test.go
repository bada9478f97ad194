package e2e

import (
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"foster/test/relay"
)

// answersFile has a child for which foster needs every call that it knows.
const answersFile = `
services:
  child:
    image: ` + childImage + `
    networks: {front: , ext: }
    configs: [{source: words, target: /words}]
    post_start: [{command: ["test", "-e", "/words"]}]
    pre_stop: [{command: ["true"]}]
networks: {front: , ext: {external: true, name: EXT}}
configs: {words: {content: hello}}
`

// harm does something at a point of calls: of the first of each verb in each
// phase of a child's life.
type harm struct {
	at   relay.Point
	does relay.Action
	to   string // a verb, "" for all

	mu   sync.Mutex
	done map[string]int // the call that is harmed, by verb
	n    int
}

// phase begins the next phase.
func (h *harm) phase() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.done = map[string]int{}
}

func (h *harm) intercept(x relay.Exchange) relay.Action {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := verb(x.Request)
	if h.to != "" && h.to != v {
		return relay.Pass()
	}
	if _, ok := h.done[v]; !ok && x.Point == relay.Before {
		h.done[v] = x.Index
		h.n++
	}
	if first, ok := h.done[v]; !ok || first != x.Index || x.Point != h.at {
		return relay.Pass()
	}
	return h.does
}

func (h *harm) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.n
}

// live is a launch, a recovery from a death, one from a cut and a stop, with
// harm to the calls of each. Afterwards there was one child at any time, each
// fault was recovered from once, and nothing is left.
func live(t *testing.T, h *harm) []relay.Request {
	t.Helper()
	w := newWorld(t, plainEngine(t))
	ext := w.externalNetwork("ext")
	r, address := w.relay()
	h.phase()
	r.Intercept(h.intercept)
	f := w.composed(strings.ReplaceAll(answersFile, "EXT", ext), address)
	want := wanted(w.net("front"), ext)
	f.awaitChild() // a start that fails is a fault of a launch too
	if l := f.said("adopted"); len(l) > 0 {
		t.Errorf("there was nothing to adopt: %v", l)
	}
	before := w.awaitWhole(want)

	h.phase()
	w.signalChild(before, syscall.SIGKILL)
	f.awaitTold(1, "recovered", "died")
	before = w.awaitWhole(want, newer(before))

	h.phase()
	w.cut(before.ID, ext)
	f.awaitTold(1, "recovered", "disconnected")
	w.awaitWhole(want, same(before))

	h.phase()
	f.stop()
	w.nothingLeft()
	w.neverTwo(0)
	f.once("died", 1)
	f.once("disconnected", 1)
	return r.Requests()
}

// TestLostAnswers: the engine's answer breaks off, before its first byte, within
// its body, or the request does not reach the engine at all: for each call of a
// launch, of recoveries and of a stop.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	var verbs []string
	for _, q := range live(t, &harm{}) {
		if v := verb(q); !slices.Contains(verbs, v) {
			verbs = append(verbs, v)
		}
	}
	slices.Sort(verbs)
	for _, v := range []string{"POST /containers/create", "POST /containers/*/start", "POST /containers/*/stop", "DELETE /containers/*", "DELETE /networks/*", "POST /networks/*/connect", "PUT /containers/*/archive"} {
		if !slices.Contains(verbs, v) {
			t.Errorf("a life has no %s, only %q", v, verbs)
		}
	}
	// Where it matters most whether the engine has carried it out.
	orders := []string{"POST /containers/create", "POST /containers/*/start", "POST /containers/*/stop", "DELETE /containers/*"}
	const all = ""
	for _, kind := range []struct {
		name  string
		at    relay.Point
		does  relay.Action
		verbs []string
	}{
		{"request lost", relay.Before, relay.Drop(), append(orders, all)},
		{"answer lost", relay.After, relay.Drop(), append(orders, all)},
		{"answer cut", relay.After, relay.Cut(1), append(verbs, all)},
	} {
		for _, v := range kind.verbs {
			t.Run(kind.name+" "+strings.NewReplacer("*", "x", "/", " ").Replace(v), func(t *testing.T) {
				t.Parallel()
				h := &harm{at: kind.at, does: kind.does, to: v}
				live(t, h)
				if h.count() == 0 {
					t.Errorf("no %q came", v)
				}
			})
		}
	}
}

package watcher

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"foster/redact"
	"foster/state"

	"github.com/docker/docker/api/types/container"
)

// The engine's event says that a container is unhealthy, and not why: that is
// what its last probe said, which an inspect has. So such an event is told once
// the container was asked, and not at all if it is not unhealthy any more, or if
// another event of its life came meanwhile: the reader waits for none of that.

const (
	// probeDeadline bounds the question what the last probe said; without an
	// answer the verdict is told alone.
	probeDeadline = 2 * time.Second
	// probeMost is how much of it is told, in bytes.
	probeMost = 300
)

// sick are the containers whose last probe is being asked for, by ID.
type sick struct {
	asking sync.WaitGroup

	mu    sync.Mutex
	asked map[string]*state.ChildHealth // the event that waits for the answer
}

func newSick() *sick { return &sick{asked: map[string]*state.ChildHealth{}} }

// overtaken drops the event that waits for a container's probe, if there is one.
func (s *sick) overtaken(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.asked, id)
}

// diagnose tells that a container is unhealthy, with what its last probe said,
// in its own time.
func (w *Watcher) diagnose(ctx context.Context, ev state.ChildHealth) {
	w.sick.mu.Lock()
	w.sick.asked[ev.ID] = &ev
	w.sick.mu.Unlock()
	w.sick.asking.Go(func() {
		asked, cancel := context.WithTimeout(ctx, probeDeadline)
		defer cancel()
		l := look{Watcher: w}
		got, err := l.inspect(asked, ev.ID)

		w.sick.mu.Lock()
		defer w.sick.mu.Unlock()
		if w.sick.asked[ev.ID] != &ev || ctx.Err() != nil {
			return
		}
		delete(w.sick.asked, ev.ID)
		if err == nil {
			facts := childFacts(got, nil)
			if facts.Health != state.Unhealthy {
				return
			}
			ev.Detail = facts.Probe
		}
		w.hint(ev)
	})
}

// overtakes: after this event an older verdict on the container's health means
// nothing any more.
func overtakes(ev state.Event) bool {
	switch ev.(type) {
	case state.ChildHealth, state.ChildDied, state.ChildGone, state.ChildStarted:
		return true
	}
	return false
}

// lastProbe is how the last probe of an unhealthy container ended and what it
// said, in one line and without secrets, as far as they look like some; "" where
// the engine does not know.
func lastProbe(h *container.Health) string {
	if h == nil || h.Status != container.Unhealthy || len(h.Log) == 0 {
		return ""
	}
	last := h.Log[len(h.Log)-1]
	if last == nil {
		return ""
	}
	said := oneLine(redact.Text(last.Output), probeMost)
	switch how := fmt.Sprintf("exit %d", last.ExitCode); {
	case said == "":
		return how
	case last.ExitCode < 0: // it did not run to its end: the engine says why
		return said
	default:
		return how + ": " + said
	}
}

// oneLine is a text of a program with each run of what is not to be shown made
// one space, cut off where it is longer than most bytes.
func oneLine(text string, most int) string {
	line := strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == utf8.RuneError
	}), " ")
	if len(line) <= most {
		return line
	}
	cut := most
	for !utf8.RuneStart(line[cut]) {
		cut--
	}
	return line[:cut] + "…"
}

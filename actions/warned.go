package actions

import (
	"slices"
	"sync"

	"github.com/rs/zerolog"
)

// warned keeps what the engine warned of when it last made each child or
// network: what it says every time is told once.
type warned struct {
	mu   sync.Mutex
	last map[string][]string
}

// levels says how each of the warnings of a make is to be logged.
func (w *warned) levels(of string, texts []string) []zerolog.Level {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []zerolog.Level
	for _, text := range texts {
		level := zerolog.WarnLevel
		if slices.Contains(w.last[of], text) {
			level = zerolog.DebugLevel
		}
		out = append(out, level)
	}
	if w.last == nil {
		w.last = map[string][]string{}
	}
	w.last[of] = slices.Clone(texts)
	return out
}

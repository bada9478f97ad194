package actions

import (
	"sync"

	"github.com/rs/zerolog"
)

// failures counts, for what the core does not count, how often the same thing
// has failed in a row: the first is a warning, its repeats are for debugging.
type failures struct {
	mu    sync.Mutex
	count map[string]int
}

// level counts a failure and says how it is to be logged.
func (f *failures) level(what string) zerolog.Level {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == nil {
		f.count = map[string]int{}
	}
	f.count[what]++
	if f.count[what] > 1 {
		return zerolog.DebugLevel
	}
	return zerolog.WarnLevel
}

// over ends a series and says how many failures it had; 0: there was none.
func (f *failures) over(what string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.count[what]
	delete(f.count, what)
	return n
}

// failing says whether a series is under way.
func (f *failures) failing(what string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count[what] > 0
}

package main

import (
	"net/http"
	"sync"
	"time"
)

const (
	refusedRetries = 3                // bad answers in a row that condemn: the image's own retries
	refusedLately  = 30 * time.Second // how old the last of them may be at most
)

// refusals are the bad answers that /healthz has given in a row: what the
// engine may make of foster, as far as foster can know it by itself. Whether it
// does, only the engine knows: the start period, in which no bad answer counts
// before the first good one, is the stack's.
type refusals struct {
	mu   sync.Mutex
	n    int
	last time.Time
}

func (r *refusals) add(code int, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if code == http.StatusOK {
		r.n = 0
		return
	}
	r.n, r.last = r.n+1, at
}

// condemn: there were as many lately as a healthcheck needs to give up. It may
// be wrong, in the start period or with more retries than the image's. A failure
// that was none is a word in docker service ps, for a task that was to end;
// one that is not told is taken for work that is done, and on-failure starts
// nothing again.
func (r *refusals) condemn(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n >= refusedRetries && now.Sub(r.last) < refusedLately
}

// noting adds the answer that is written to the refusals.
type noting struct {
	http.ResponseWriter
	refused *refusals
}

func (w *noting) WriteHeader(code int) {
	w.refused.add(code, time.Now())
	w.ResponseWriter.WriteHeader(code)
}

package e2e

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// limiter stands before a registry and refuses the first pulls, as registries
// do whose limit is reached.
type limiter struct {
	behind http.Handler
	body   string
	left   int

	mu sync.Mutex
	at []time.Time // of the pulls: a client begins each with a look at /v2/
}

func (l *limiter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	if r.URL.Path == "/v2/" {
		l.at = append(l.at, time.Now())
	}
	refuse := len(l.at) <= l.left
	l.mu.Unlock()
	if refuse {
		says(http.StatusTooManyRequests, l.body)(w, r)
		return
	}
	l.behind.ServeHTTP(w, r)
}

// TestRegistryLimit: foster waits as long as the registry asks for, longer than
// it would by itself, and comes back then.
func TestRegistryLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	ref, _ := w.publish(w.registry(account{}))
	addr, name, _ := strings.Cut(ref, "/")
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: addr})
	proxy.Transport = w.HTTP().Transport
	front := &limiter{behind: proxy, body: refusal("TOOMANYREQUESTS", "retry-after: 2.5s, allowed: 44000/minute"), left: 2}
	ref = w.standIn(front) + "/" + name
	f := w.foster("LAUNCH_IMAGE="+ref, "LAUNCH_PULL=missing", "FOSTER_BACKOFF_MAX=1s")
	f.triesAgain(patience, ref, "toomanyrequests: retry-after: 2.5s", "limits pulls")
	w.awaitWhole(want{image: ref})
	f.stop()
	w.nothingLeft()
	w.forget(ref)
	front.mu.Lock()
	defer front.mu.Unlock()
	if len(front.at) != 3 {
		t.Fatalf("it asked at %s", front.at)
	}
	for i, at := range front.at[1:] {
		if gap := at.Sub(front.at[i]); gap < 2500*time.Millisecond || gap > 10*time.Second {
			t.Errorf("it asked again after %s", gap)
		}
	}
}

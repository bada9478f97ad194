package e2e

import (
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"foster/test/lab"
	"foster/test/relay"
)

// TestOutputOnce: a child writes numbered lines at full speed through twenty
// kills, five broken streams and a restart of the engine. What the engine has
// kept of each container comes out of foster once, and in order.
func TestOutputOnce(t *testing.T) {
	t.Parallel()
	e := newMortalEngine(t, lab.Options{})
	w := newWorld(t, e.engine)
	w.buildNumbers()
	r, address := w.relay()
	const kills, breaks = 20, 5
	var streams, broken atomic.Int64
	r.Intercept(func(x relay.Exchange) relay.Action {
		// Every fourth stream breaks somewhere.
		if x.Point == relay.Before && x.Is("GET", "/containers/*/logs") && x.Query.Get("follow") == "1" && streams.Add(1)%4 == 0 && broken.Load() < breaks {
			broken.Add(1)
			return relay.Cut(1000 + rand.IntN(50000))
		}
		return relay.Pass()
	})
	f := w.writer(address, "LAUNCH_IMAGE="+numbersImage)
	k := &keeper{w: w, logs: map[string]string{}}
	child := k.next()
	for i := range kills {
		if i == kills*3/4 {
			if err := e.StopEngine(t.Context()); err != nil {
				t.Fatal(err)
			}
			e.back(t)
		} else {
			pause(t, 2*stableAfter) // or the next fault is one of a series
			w.docker("kill", child.ID)
		}
		child = k.next()
	}
	pause(t, stableAfter)
	w.docker("kill", child.ID)
	k.next()
	f.signal(syscall.SIGTERM)
	f.ended(0, patience)
	if got := broken.Load(); got < breaks {
		t.Errorf("%d streams were broken, want %d", got, breaks)
	}
	for source, path := range map[string]string{"stdout": f.out, "stderr": f.err} {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		k.compare(source, string(raw))
	}
	if strings.Contains(f.own(), "may be lost") {
		t.Error("foster says that lines may be lost")
	}
	w.nothingLeft()
}

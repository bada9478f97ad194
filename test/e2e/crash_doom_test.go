package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"syscall"

	"foster/test/lab"
	"foster/test/relay"
)

// moment is when a foster is killed, as the relay between it and its engine
// tells: at its n-th request that changes something, or its n-th event.
type moment string

const (
	beforeRequest moment = "before a request" // the engine never gets it
	afterRequest  moment = "after a request"  // it was carried out, and nobody hears of it
	lateRequest   moment = "late request"     // it is carried out after the next foster's first look
	afterEvent    moment = "after an event"
)

// doom is the end that is in store for one foster.
type doom struct {
	w    *world
	r    *relay.Relay
	f    *foster
	when moment
	nth  int
	at   string // what it died of, once it is dead

	mu     sync.Mutex
	armed  bool
	dead   bool
	passed int
	busy   int // requests under way that change something
}

// doomed starts a foster that will be killed at a moment: of its launch, or,
// unless armed, once arm is called.
func (w *world) doomed(when moment, nth int, armed bool, settings ...string) *doom {
	w.t.Helper()
	r, address := w.relay()
	d := &doom{w: w, r: r, when: when, nth: nth, armed: armed}
	ready := make(chan struct{})
	r.Intercept(func(x relay.Exchange) relay.Action {
		<-ready
		return d.request(x)
	})
	r.OnEvent(func(e relay.Event) {
		<-ready
		// Other tests' are on the engine's stream too.
		if when == afterEvent && w.mine(e.Actor.Attributes["name"]) {
			d.pass(fmt.Sprintf("%s %s", e.Type, e.Action))
		}
	})
	d.f = w.foster(append(settings, address)...)
	close(ready)
	return d
}

func (d *doom) arm() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.armed = true
}

// spare lets it live; false means that it is dead already.
func (d *doom) spare() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.armed = false
	return !d.dead
}

func (d *doom) request(x relay.Exchange) relay.Action {
	if x.Method == http.MethodGet || x.Method == http.MethodHead {
		return relay.Pass()
	}
	d.mu.Lock()
	if x.Point == relay.Before {
		d.busy++
	} else {
		d.busy--
	}
	d.mu.Unlock()
	what := x.Method + " " + x.Path
	switch {
	case d.when == afterEvent || (d.when == afterRequest) != (x.Point == relay.After):
	case !d.pass(what):
	case d.when == lateRequest:
		return relay.Late(lateBy)
	default:
		return relay.Drop()
	}
	return relay.Pass()
}

// pass counts, and kills foster when it is time; it reports whether it was.
func (d *doom) pass(what string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead || !d.armed {
		return false
	}
	if d.passed++; d.passed != d.nth {
		return false
	}
	d.dead, d.at = true, what
	// Killed already is as well.
	_ = d.f.cmd.Process.Signal(syscall.SIGKILL)
	<-d.f.done
	return true
}

// left is the run that the next foster has to keep: of a child that is whole
// although its foster is dead, unless the engine has still something to do. One
// that was signalled just now is whole for another moment, and has to end.
func (d *doom) left(want want) []check {
	d.w.t.Helper()
	lab.Eventually(d.w.t, patience, "the last of what it asked", func() error {
		if n := d.r.Clients(); n > 0 {
			return fmt.Errorf("%d connections", n)
		}
		return nil
	})
	d.mu.Lock()
	busy, at := d.busy, d.at
	if d.dead && d.when == beforeRequest {
		busy-- // the one that the engine never got
	}
	d.mu.Unlock()
	c, err := d.w.whole(want)
	switch {
	case err != nil || d.when == lateRequest:
		return nil
	case at == "container kill":
		d.w.heard(lab.Type("container"), lab.Container(c.ID), lab.Action("die"))
		return nil
	case busy > 0:
		return nil
	}
	return []check{same(c)}
}

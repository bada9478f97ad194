package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
)

// life is one foster that dies at a moment of its own: at one of the points that
// it passes. Points are what it hears (events, as the loop logs them), what it
// decides (effects, the same) and, three for each, its calls that change
// something on the engine:
//
//	before  the engine never hears of the call
//	late    the engine hears of it, and carries it out after the death
//	lost    the engine has carried it out, and the answer reaches nobody
//
// From then on no call of it reaches the engine, it hears nothing, and its
// goroutines end: as after a SIGKILL nothing is cleaned up.
type life struct {
	signals chan os.Signal
	died    chan struct{} // closed at the death
	ended   chan struct{} // closed when nothing of it runs any more
	code    int           // exit code, once ended
	seen    chan struct{} // closed when its first look is complete
	out     syncBuffer
	onDeath func(busy map[string]bool)
	withIt  func() // ends what dies with it

	mu     sync.Mutex
	at     point // where it dies, the zero value: nowhere
	armed  bool
	passed []point        // so far, since it is armed
	times  map[point]int  // how often each of them
	late   func()         // what the engine carries out after the death
	calls  map[string]int // under way, by the container or network
	saw    bool
	event  string // of the last line logged, as long as it tells of a transition
}

func newLife() *life {
	return &life{
		signals: make(chan os.Signal, 8), died: make(chan struct{}), ended: make(chan struct{}), seen: make(chan struct{}),
		calls: map[string]int{}, times: map[point]int{}, onDeath: func(map[string]bool) {}, withIt: func() {},
	}
}

// point is a moment in the life of a foster: what, about whom, for which time.
type point struct {
	what, whom string
	nth        int
}

func (p point) String() string { return fmt.Sprintf("%s of %q, #%d", p.what, p.whom, p.nth) }

// arm lets points count from here on; at the given one it dies.
func (l *life) arm(at point) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at, l.armed = at, true
}

// disarm lets it live, and says which points it has passed.
func (l *life) disarm() []point {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed = false
	return l.passed
}

func (l *life) dead() bool {
	select {
	case <-l.died:
		return true
	default:
		return false
	}
}

// pass is one point; it reports whether foster is dead.
func (l *life) pass(what, whom string) bool { return l.passLate(what, whom, nil) }

func (l *life) passLate(what, whom string, late func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead() {
		return true
	}
	if !l.armed {
		return false
	}
	here := point{what: what, whom: whom}
	l.times[here]++
	here.nth = l.times[here]
	l.passed = append(l.passed, here)
	if here != l.at {
		return false
	}
	l.late = late
	busy := map[string]bool{}
	for name, n := range l.calls {
		busy[name] = n > 0
	}
	l.onDeath(busy)
	l.end()
	return true
}

// kill is a SIGKILL at no point at all; one that is dead, or has ended, is fine.
func (l *life) kill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.dead() {
		l.end()
	}
}

// end lets nobody clean up: at the third signal foster leaves everything as it is.
func (l *life) end() {
	close(l.died)
	l.withIt()
	for range 3 {
		l.signals <- syscall.SIGTERM
	}
}

// forget leaves next to nothing of a life that has ended: cobra keeps all commands
// of a process, and with them this.
func (l *life) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.passed, l.times, l.calls, l.late, l.onDeath, l.withIt = nil, nil, nil, nil, nil, nil
	l.out.forget()
}

// Write is foster's log: what the loop says there happens at that moment.
func (l *life) Write(p []byte) (int, error) {
	line := string(p)
	event, effect := field(line, "event"), field(line, "effect")
	l.mu.Lock()
	same := event != "" && event == l.event
	l.event = ""
	if strings.Contains(line, `_from":"`) {
		l.event = event // one event may move several: it is told in several lines
	}
	if event == "Observed" && !l.saw {
		l.saw = true
		close(l.seen)
	}
	l.mu.Unlock()
	switch {
	case event != "" && !same:
		l.pass("event "+event, "")
	case effect != "" && !silent[effect]:
		l.pass("effect "+effect, field(line, "child")+field(line, "net"))
	}
	return l.out.Write(p)
}

// silent effects change nothing outside of foster.
var silent = map[string]bool{"timer": true, "stop-timer": true, "cancel": true, "note": true, "quit": true}

func field(line, name string) string {
	_, rest, found := strings.Cut(line, `"`+name+`":"`)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

func (l *life) busy(object string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls[object] += n
}

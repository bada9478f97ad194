package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/docker/docker/client"

	"foster/state"
)

// farewell says when a stop that does not come to its end is given up.
type farewell struct {
	grace time.Duration // foster's own, from SIGTERM to SIGKILL
	told  bool          // by the configuration or a manager; else it is a guess
	// inside of a container of the engine: it is the engine that sends SIGTERM.
	inside bool
}

const (
	// stopTimeout is what a stop takes at most beyond foster's own grace, where
	// that is a guess, or where nobody is about to kill.
	stopTimeout = 2 * time.Minute
	// killTimeout is what is left after the second signal.
	killTimeout = 15 * time.Second
	// lastWords is what foster keeps of its grace to say what it leaves.
	lastWords = 300 * time.Millisecond
	// desertedAfter is how long the engine that has asked a foster inside of it
	// to end may be gone: such an engine is about to end itself, or is only just
	// starting, and waits for foster's end as for that of all containers. It is
	// more than the watcher takes to ask for a new stream.
	desertedAfter = 3 * time.Second
	// knockEvery is how often a foster inside tries whether the engine takes calls.
	knockEvery = 500 * time.Millisecond
)

var (
	errDeserted    = errors.New("the engine is gone, as far as its containers are concerned: it ends, or is only just starting")
	errStopTimeout = errors.New("the engine did not let foster finish in time")
	errHurried     = fmt.Errorf("the engine did not let foster finish within %s of the second signal", killTimeout)
	errThirdSignal = errors.New("a third signal came")
)

// clocks are the farewell's timers; they run while the project is closing.
type clocks struct {
	farewell
	asked                    bool // to end, by somebody who kills when that takes too long
	warning, ending, leaving *time.Timer
}

// set starts and stops the timers as the State and its last event ask for it.
func (c *clocks) set(s state.State, ev state.Event, refused bool) {
	if s.Stage != state.Closing {
		return
	}
	if c.ending == nil {
		c.ending = time.NewTimer(c.grace + stopTimeout)
	}
	switch ev.(type) {
	case state.StopRequested, state.KillRequested:
		if !c.asked {
			c.asked = true
			c.warning = time.NewTimer(c.grace - lastWords)
		}
	}
	switch gone := refused || !s.StreamUp; {
	case !c.asked || !c.inside:
	case !gone && c.leaving != nil:
		c.leaving.Stop()
		c.leaving = nil
	case gone && c.leaving == nil:
		c.leaving = time.NewTimer(desertedAfter)
	}
}

func (c *clocks) stop() {
	for _, t := range []*time.Timer{c.warning, c.ending, c.leaving} {
		if t != nil {
			t.Stop()
		}
	}
}

// of is a timer's channel; one that does not run never fires.
func of(t *time.Timer) <-chan time.Time {
	if t == nil {
		return nil
	}
	return t.C
}

// remainder is one thing of the project that is there, as far as foster knows.
type remainder struct {
	child     string // "" for what is the project's
	key, name string // the log's key for it, and what an operator removes it by
	words     string
}

// remainders are what a stop that ends now leaves. containers are the names of
// the children's.
func remainders(s state.State, containers map[string]string) []remainder {
	var left []remainder
	add := func(child, key, name, words string) { left = append(left, remainder{child, key, name, words}) }
	for _, ch := range s.Children {
		name := containers[ch.Name]
		switch {
		case ch.ID != "":
			add(ch.Name, state.KeyContainer, short(ch.ID), fmt.Sprintf("container %s (%s)", name, short(ch.ID)))
		case ch.Op != 0 && ch.Phase == state.Creating, ch.Phase == state.Unknown && ch.Attempt > 0:
			add(ch.Name, state.KeyContainer, name, fmt.Sprintf("container %s (it may have been created)", name))
		}
		for _, id := range ch.Extra {
			add(ch.Name, state.KeyContainer, short(id), fmt.Sprintf("another container of it (%s)", short(id)))
		}
		for _, v := range ch.Volumes {
			add(ch.Name, "volume", v, "anonymous volume "+v)
		}
	}
	for _, v := range s.Volumes {
		add("", "volume", v.Name, "anonymous volume "+v.Name)
	}
	for _, n := range s.Networks {
		switch {
		case n.External:
		case n.State == state.NetPresent, n.State == state.NetEnsuring, n.State == state.NetRemoving:
			add("", state.KeyNetwork, n.Name, "network "+n.Name)
		case n.State == state.NetAbsent && n.Doubt:
			add("", state.KeyNetwork, n.Name, fmt.Sprintf("network %s (it may have been created)", n.Name))
		}
	}
	return left
}

func listed(left []remainder) string {
	var words []string
	for _, r := range left {
		words = append(words, r.words)
	}
	return strings.Join(words, ", ")
}

// linger says what a stop that takes as long as foster's grace still has to remove.
func (l *loop) linger(s state.State) {
	left := remainders(s, l.containers)
	if len(left) == 0 {
		return
	}
	l.log.Warn().Msgf("the stop takes longer than the %s that foster is taken to have for it (FOSTER_STOP_GRACE): if it is killed now, this is left for the next foster of the project: %s", l.farewell.grace, listed(left))
}

// knock tells whether the engine refuses calls, until ctx ends. A connection
// that is still open is as good as a new one: calls go through it as well.
func (l *loop) knock(ctx context.Context, refused chan<- bool) {
	tick := time.NewTicker(knockEvery)
	defer tick.Stop()
	for {
		try, cancel := context.WithTimeout(ctx, pingTimeout)
		_, err := l.ping(try)
		cancel()
		select {
		case refused <- client.IsErrConnectionFailed(err):
		case <-ctx.Done():
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// giveUp ends a stop that cannot be finished: what is left is told by name, one
// entry each, and once more where foster's last words go.
func (l *loop) giveUp(s state.State, code int, why error) error {
	left := remainders(s, l.containers)
	for _, r := range left {
		e := l.log.Error()
		if r.child != "" {
			e.Str(state.KeyChild, r.child)
		}
		e.Str(r.key, r.name).Str(state.KeyCause, "stop").Str(state.KeyDetail, why.Error()).Msg("left behind: " + r.words)
	}
	if len(left) == 0 {
		return &exitError{Code: code, Err: fmt.Errorf("stop the project: %w; as far as is known, nothing is left", why)}
	}
	return &exitError{Code: code, Err: fmt.Errorf("stop the project: %w; left behind: %s; the next foster of project %s collects that",
		why, listed(left), l.project)}
}

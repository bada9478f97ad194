package output

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/rs/zerolog"

	"foster/report"
	"foster/state"
)

// Engine is what the relay asks of the engine.
type Engine interface {
	ContainerLogs(ctx context.Context, container string, options container.LogsOptions) (io.ReadCloser, error)
	ContainerInspect(ctx context.Context, containerID string) (container.InspectResponse, error)
	ContainerList(ctx context.Context, options container.ListOptions) ([]container.Summary, error)
}

var _ Engine = (*client.Client)(nil)

// Config is what a Relay works with and for.
type Config struct {
	Engine   Engine
	Sink     *Sink
	Project  string
	Children []Child // in the order of the State's
	Colored  bool    // the prefixes of several children
	// Self is the container that foster runs in, and Service the Swarm service
	// behind it; "" for none. Follows: the children belong to another container.
	Self, Service string
	Follows       bool
	// Precedes says of a container whether a foster in it may have had this
	// project before: the output of a child goes on where the last of them ended.
	// Nil: that is not known of any but the child's parent and Self.
	Precedes func(container.InspectResponse) bool
	Log      zerolog.Logger
}

// Relay relays the output of the children's containers.
type Relay struct {
	cfg      Config
	prefixes [][]byte
	wake     chan struct{}

	mu         sync.Mutex
	taken      time.Time            // when the project became this foster's, by its own clock
	left       time.Time            // when one that was waited for ended, by the engine's
	followers  map[string]*follower // by container ID, of those that are there
	unstarted  []*follower
	newest     map[int]*follower // by child, of the last container
	streamUp   bool
	closing    bool              // the project is being taken down
	killed     bool              // at once
	waited     account           // by removals, since one of both is so
	unreadable map[string]bool   // by child: that it was said
	failing    map[string]series // by child, of reading its log
	losing     map[string]series // by child, of waiting for its last lines
}

var _ report.Observer = (*Relay)(nil)

// New makes a Relay; Run starts it.
func New(cfg Config) *Relay {
	return &Relay{
		cfg: cfg, prefixes: prefixes(cfg.Project, cfg.Children, cfg.Colored), wake: make(chan struct{}, 1),
		followers: map[string]*follower{}, newest: map[int]*follower{}, unreadable: map[string]bool{},
		failing: map[string]series{}, losing: map[string]series{},
	}
}

// Run relays until ctx ends, and waits for everything it started.
func (r *Relay) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		r.mu.Lock()
		begin := r.unstarted
		r.unstarted = nil
		r.mu.Unlock()
		for _, f := range begin {
			running.Go(func() { f.run(ctx) })
		}
		select {
		case <-r.wake:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Stepped tells the followers what has become of their containers.
func (r *Relay) Stepped(s report.Step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.takes(s)
	if closing := s.To.Stage == state.Closing; closing != r.closing || s.To.Kill != r.killed {
		r.closing, r.killed = closing, s.To.Kill
		r.waited.begin(time.Now())
	}
	if r.streamUp != s.To.StreamUp {
		r.streamUp = s.To.StreamUp
		for _, f := range r.followers {
			f.poke() // what could not be reached may be now
		}
	}
	for i := range s.To.Children {
		was, is := &s.From.Children[i], &s.To.Children[i]
		if was.ID == is.ID && was.Phase == is.Phase {
			continue
		}
		if f := r.followers[was.ID]; f != nil && was.ID != is.ID {
			f.know(func(k *known) { k.gone = true })
			delete(r.followers, was.ID)
		}
		r.moved(i, was.Phase, is, torn(s, was, is))
	}
	if ev, ok := s.Event.(state.ChildStarted); ok {
		r.started(ev.ID, s.To.Children)
	}
}

// takes: until the project is this foster's, another one may have it.
func (r *Relay) takes(s report.Step) {
	if !r.taken.IsZero() {
		return
	}
	switch ev := s.Event.(type) {
	case state.ElderGone:
		r.left = ev.At
	case state.Observed:
		if ev.Elder != "" { // it was not that one's end
			r.left = time.Time{}
		}
	}
	if s.To.Stage != state.Opening && s.To.Stage != state.Standby {
		r.taken = s.At
	}
}

// torn: a container is to be removed that may still run, at the second signal or
// because its stop has failed. Its log has no end that could be waited for.
func torn(s report.Step, was, is *state.Child) bool {
	switch done, answered := s.Event.(state.Done); {
	case is.Phase != state.Removing:
		return false
	case was.Phase == state.Stopping && answered && done.Op == was.Op:
		return done.Class != state.OK && done.Class != state.Gone
	default:
		return was.Phase == state.Alive && s.To.Kill
	}
}

// started: a container runs, though its start is not over while its hooks run.
func (r *Relay) started(id string, children []state.Child) {
	f := r.followers[id]
	starting := slices.ContainsFunc(children, func(ch state.Child) bool { return ch.ID == id && ch.Phase == state.Starting })
	if f != nil && starting {
		f.know(func(k *known) { k.run(true) })
	}
}

// moved: a child has another phase, or another container.
func (r *Relay) moved(i int, was state.Phase, ch *state.Child, torn bool) {
	ours := was == state.Creating || was == state.Made || was == state.Starting
	switch {
	case ch.ID == "":
		return
	case ch.Phase == state.Removing && r.followers[ch.ID] == nil && ours:
		return // it has never run
	}
	switch ch.Phase {
	case state.Starting, state.Alive, state.Settling, state.Stopping, state.Dead, state.Removing, state.Completed:
	default:
		return
	}
	f := r.followers[ch.ID]
	switch {
	case f == nil:
		f = r.follow(newFollower(r, i, ch.ID, !ours), i)
	case ch.Phase == state.Alive && !f.goOn():
		next := newFollower(r, i, ch.ID, false)
		next.same = f
		f = r.follow(next, i)
	}
	f.know(func(k *known) {
		k.run(ch.Phase == state.Alive || ch.Phase == state.Stopping)
		switch ch.Phase {
		case state.Settling, state.Dead, state.Completed:
			k.starts = max(k.starts, 1) // it may have ended before its start was answered, or under a former foster
		}
		k.torn = torn
	})
}

// follow begins a follower, the newest of its child.
func (r *Relay) follow(f *follower, child int) *follower {
	f.before, r.newest[child] = r.newest[child], f
	r.followers[f.id] = f
	r.unstarted = append(r.unstarted, f)
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return f
}

// cannotRead says once for each child why nothing is seen of it.
func (r *Relay) cannotRead(child, containerID string, err error) {
	r.mu.Lock()
	said := r.unreadable[child]
	r.unreadable[child] = true
	r.mu.Unlock()
	if !said {
		r.cfg.Log.Warn().Str(state.KeyChild, child).Str(state.KeyContainer, short(containerID)).Err(err).
			Msg("the child's output is not relayed: its log driver keeps nothing that could be read")
	}
}

// short is an ID as docker prints it.
func short(id string) string { return id[:min(len(id), 12)] }

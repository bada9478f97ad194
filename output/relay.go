package output

import (
	"context"
	"io"
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
	// behind it; "" for none. Began is when this foster did. The output of a
	// child that a former foster has left goes on where that one ended.
	Self, Service string
	Began         time.Time
	Log           zerolog.Logger
}

// Relay relays the output of the children's containers.
type Relay struct {
	cfg      Config
	prefixes [][]byte
	wake     chan struct{}

	mu         sync.Mutex
	followers  map[string]*follower // by container ID, of those that are there
	unstarted  []*follower
	newest     map[int]*follower // by child, of the last container
	streamUp   bool
	closing    bool            // the project is being taken down
	killed     bool            // at once
	unreadable map[string]bool // by child: that it was said
}

var _ report.Observer = (*Relay)(nil)

// New makes a Relay; Run starts it.
func New(cfg Config) *Relay {
	return &Relay{
		cfg: cfg, prefixes: prefixes(cfg.Project, cfg.Children, cfg.Colored), wake: make(chan struct{}, 1),
		followers: map[string]*follower{}, newest: map[int]*follower{}, unreadable: map[string]bool{},
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
	r.closing, r.killed = s.To.Stage == state.Closing, s.To.Kill
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
		r.moved(i, was.Phase, is, s.To.Kill)
	}
}

// moved: a child has another phase, or another container.
func (r *Relay) moved(i int, was state.Phase, ch *state.Child, kill bool) {
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
	if f == nil {
		f = newFollower(r, i, ch.ID, !ours)
		f.before, r.newest[i] = r.newest[i], f
		r.followers[ch.ID] = f
		r.unstarted = append(r.unstarted, f)
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
	f.know(func(k *known) {
		runs := ch.Phase == state.Alive || ch.Phase == state.Stopping
		if runs && !k.runs {
			k.starts++
		}
		k.runs = runs
		k.torn = kill && ch.Phase == state.Removing && was == state.Alive
	})
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

// up: the engine's event stream is there, so whatever fails has a reason of its own.
func (r *Relay) up() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.streamUp
}

// short is an ID as docker prints it.
func short(id string) string { return id[:min(len(id), 12)] }

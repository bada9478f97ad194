package actions

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"foster/spec"
	"foster/state"
)

// Config is what a Runner works with and for.
type Config struct {
	Engine  Engine
	Project *spec.Project // read only
	// Parent finds the container whose network namespace children with
	// SharesParent live in. It is asked at every create: the parent may be
	// another one by then. Nil when no child shares.
	Parent func(ctx context.Context) (containerID string, err error)
	// Labels gives the labels that only the run knows (parent, task, service,
	// node); every container gets them. Nil: none.
	Labels func() map[string]string
	// Auth gives the encoded credentials for an image's registry, "" for none,
	// and the name of the place where they were found. Nil: no credentials at all.
	Auth func(ctx context.Context, imageRef string) (encodedAuth, from string, err error)
	// Await is told of a container of somebody else's that has what a child needs;
	// its end is worth another try (state.Freed). Nil: nobody needs to know.
	Await func(containerID string)
	// Begins is told of each container with post_start hooks before its start:
	// they are seen to here. Nil: nobody needs to know.
	Begins func(child, containerID string)
	// Retries is told until when a child's next create is put off. Nil: nobody
	// needs to know.
	Retries func(child string, until time.Time)
	// Drain returns when nothing more is to be had of a container that is to be
	// removed, at the latest after some seconds. Nil: there is nothing to wait for.
	Drain func(ctx context.Context, containerID string)
	Log   zerolog.Logger
	// Backoff is the delay of timers that are set by attempt.
	Backoff Backoff
	// Parallel bounds the engine calls under way at once; 0: DefaultParallel.
	// Stops are not counted: they mostly wait, and a project must not take
	// several graces to end. Nor is what has lasted for slowCall.
	Parallel int
	// Pulls bounds the pulls under way at once; 0: DefaultPulls.
	Pulls int
	// Self is the ID of the container that foster runs in, "" outside of any:
	// probes reach networks from there.
	Self string
	// Dial makes the connections of probes; nil: a net.Dialer's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Defaults for the zero fields of Config.
const (
	DefaultParallel = 16 // an engine serialises much of the work behind more
	DefaultPulls    = 3  // an engine fetches that many layers at once
)

// Runner carries out effects.
type Runner struct {
	cfg      Config
	children map[string]*spec.Child
	networks map[string]*spec.Network
	work     chan struct{} // slots
	pulls    chan struct{}
	fetching turns // of one image
	images   imageIDs
	visits   visits
	failures failures
	warned   warned
}

// New makes a Runner; Run starts it.
func New(cfg Config) *Runner {
	if cfg.Parallel <= 0 {
		cfg.Parallel = DefaultParallel
	}
	if cfg.Pulls <= 0 {
		cfg.Pulls = DefaultPulls
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{}).DialContext
	}
	r := &Runner{
		cfg:      cfg,
		children: map[string]*spec.Child{},
		networks: map[string]*spec.Network{},
		work:     make(chan struct{}, cfg.Parallel),
		pulls:    make(chan struct{}, cfg.Pulls),
	}
	for i := range cfg.Project.Children {
		c := &cfg.Project.Children[i]
		r.children[c.Name] = c
	}
	for i := range cfg.Project.Networks {
		n := &cfg.Project.Networks[i]
		r.networks[n.Name] = n
	}
	return r
}

// Run carries out effects from in and reports on out until ctx ends; then it
// waits for everything it started and returns the cause of the end. It may be
// called once. Each effect with an Op gets exactly one Done, unless ctx ends
// before it could be sent.
func (r *Runner) Run(ctx context.Context, in <-chan state.Effect, out chan<- state.Event) error {
	s := &session{r: r, out: out, ops: map[int]context.CancelFunc{}, busy: map[string]int{}}
	defer s.wg.Wait()
	ts := newTimers()
	clock := time.NewTimer(0)
	defer clock.Stop()
	for {
		// The timer that ends first is either awaited, or, once it is due,
		// offered to the reader; it is in ts until the reader has it.
		var due chan<- state.Event
		var fired state.Fired
		clock.Stop()
		if t, at, ok := ts.next(); ok {
			now := time.Now()
			if wait := at.Sub(now); wait > 0 {
				clock.Reset(wait)
			} else {
				due, fired = out, state.Fired{Timer: t, At: now}
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-clock.C:
		case due <- fired:
			ts.stop(fired.Timer)
		case eff, ok := <-in:
			if !ok {
				in = nil
				continue
			}
			switch eff := eff.(type) {
			case state.SetTimer:
				wait := r.delay(eff)
				until := time.Now().Add(wait)
				r.tell(eff, wait)
				if r.cfg.Retries != nil && eff.Timer.Kind == state.RetryTimer {
					r.cfg.Retries(eff.Timer.Child, until)
				}
				ts.set(eff.Timer, until)
			case state.StopTimer:
				ts.stop(eff.Timer)
			default:
				s.take(ctx, eff)
			}
		}
	}
}

// tell logs how long a next try is put off: the core knows the attempt, only
// here the delay with its jitter is known. The first pause of a series is told,
// the longer ones after it are for debugging. A look that is put off is no news:
// what it waits for was told.
func (r *Runner) tell(eff state.SetTimer, wait time.Duration) {
	if eff.Delay > 0 {
		return
	}
	level := zerolog.DebugLevel
	if eff.Attempt <= 1 && eff.Timer.Kind != state.LookTimer {
		level = zerolog.InfoLevel
	}
	e := r.cfg.Log.WithLevel(level).Str("timer", eff.Timer.Kind.String()).Int(state.KeyAttempt, eff.Attempt).Dur(state.KeyWait, wait.Round(time.Millisecond))
	if eff.Timer.Child != "" {
		e.Str(state.KeyChild, eff.Timer.Child)
	}
	switch {
	case eff.Timer.Kind == state.VolumeTimer:
		e.Str("volume", short(eff.Timer.Network))
	case eff.Timer.Network != "":
		e.Str(state.KeyNetwork, eff.Timer.Network)
	}
	e.Msg("waiting before the next try")
}

func (r *Runner) delay(eff state.SetTimer) time.Duration {
	if eff.Delay > 0 {
		return eff.Delay
	}
	return max(r.cfg.Backoff.Delay(eff.Attempt, rand.Float64()), eff.Least)
}

// session is one Run: the operations under way.
type session struct {
	r   *Runner
	out chan<- state.Event
	wg  sync.WaitGroup

	mu   sync.Mutex
	ops  map[int]context.CancelFunc
	busy map[string]int // child -> op of its lifecycle operation
}

// job is one effect, ready to be carried out.
type job struct {
	op        int
	child     string
	lifecycle bool                      // one of those that a child has only one of at a time
	unbounded bool                      // takes no slot
	before    func(ctx context.Context) // mostly waits, without a slot; may be nil
	run       func(ctx context.Context) (id string, err error)
}

// take starts the operation that eff asks for, or cancels one. It does not wait.
func (s *session) take(ctx context.Context, eff state.Effect) {
	if c, ok := eff.(state.Cancel); ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		if cancel, ok := s.ops[c.Op]; ok {
			cancel()
		}
		return
	}
	j, ok := s.r.job(eff)
	if !ok {
		s.r.cfg.Log.Error().Stringer("effect", eff).Msg("the runner does not carry out such effects")
		return
	}
	octx, cancel := context.WithCancel(ctx)
	if err := s.admit(j, cancel); err != nil {
		s.r.cfg.Log.Error().Stringer("effect", eff).Int(state.KeyOp, j.op).Str(state.KeyChild, j.child).Err(err).Msg("effect refused")
		j.lifecycle = false // it is not the one that holds the place
		j.before = nil
		j.run = func(context.Context) (string, error) { return "", err }
	}
	s.wg.Go(func() {
		defer cancel()
		id, err := s.r.bounded(octx, j)
		done := state.Done{Op: j.op, ID: id, At: time.Now()}
		if err != nil {
			done.Class, done.Detail, done.Pause = outcome(octx, err), detail(err), pauseOf(err)
		}
		// The place is free before the core hears of it, as its next effect
		// for the child may follow at once.
		s.release(j)
		select {
		case s.out <- done:
		case <-ctx.Done():
		}
	})
}

// outcome is the class of err. An operation that was given up is Canceled,
// whatever its last call said of it.
func outcome(ctx context.Context, err error) state.Class {
	if e, ok := errors.AsType[*opError](err); ok {
		return e.class
	}
	if ctx.Err() != nil {
		return state.Canceled
	}
	return Classify("", err)
}

// admit registers j. It refuses a second lifecycle operation for a child: the
// core guarantees that there is none.
func (s *session) admit(j job, cancel context.CancelFunc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other, taken := s.busy[j.child]; j.lifecycle && taken {
		return classified(state.Permanent, "this is a defect of foster",
			"operation %d for child %q while operation %d is under way", j.op, j.child, other)
	}
	if j.lifecycle {
		s.busy[j.child] = j.op
	}
	s.ops[j.op] = cancel
	return nil
}

func (s *session) release(j job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ops, j.op)
	if j.lifecycle {
		delete(s.busy, j.child)
	}
}

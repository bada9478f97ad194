package watcher

import (
	"context"
	"sync"
	"time"

	"foster/state"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/rs/zerolog"
)

const (
	// DefaultResync is the period in which everything is compared with the
	// engine although nothing happened.
	DefaultResync = 5 * time.Minute
	// callDeadline bounds each call but the subscription.
	callDeadline = 10 * time.Second
	// poolSize bounds the calls under way at one time.
	poolSize = 8
)

// Config says whom to watch.
type Config struct {
	Engine  Engine
	Project string // value of the label foster.project
	// Networks are the engine names of the project's networks.
	Networks []string
	// Names are the container names that the children are to have: the end of
	// somebody else's container with such a name is told.
	Names []string
	// Parent is the followed container, by name, ID or ID prefix; "" for none.
	Parent string
	// Owners are containers outside of the project that children are bound to,
	// by name, ID or ID prefix, each once; their life is told under that name.
	Owners []string
	// Self is the ID of the container that this foster runs in, or "".
	Self string
	// Resync is the period of ResyncDue; 0 means DefaultResync.
	Resync time.Duration
	Log    zerolog.Logger
	// Claims says whether a running container with foster's label launches this
	// project; nil: no other one does.
	Claims func(container.InspectResponse) bool
	// Began is when this foster began, where there is no Self.
	Began time.Time
	// Genuine says why a container of this name, made from this image, is not the
	// project's in spite of the project's label among its labels; "" when it is,
	// and when foster knows it anyway. Nil: the label is enough.
	Genuine func(name, image string, labels map[string]string) string
	// Hooks are the commands that belong to the start of children, by child and
	// in order: an adopted one may have missed them.
	Hooks map[string][][]string
	// Whole says whether a live endpoint has all that the child is to have on
	// this network; nil means that any live endpoint is enough. It is called
	// from several goroutines at once.
	Whole func(child, network string, got *network.EndpointSettings) bool
}

// Watcher reads one engine for one project.
type Watcher struct {
	cfg     Config
	known   *known
	vouched *vouched
	starts  *starts
	sick    *sick
	queue   *queue
	slots   chan struct{}
}

// New makes a Watcher; Run starts it.
func New(cfg Config) *Watcher {
	if cfg.Resync <= 0 {
		cfg.Resync = DefaultResync
	}
	return &Watcher{
		cfg:     cfg,
		known:   newKnown(),
		vouched: newVouched(),
		starts:  newStarts(),
		sick:    newSick(),
		queue:   newQueue(queueSize),
		slots:   make(chan struct{}, poolSize),
	}
}

// Run sends to out what the stream says and the answer to each request from
// observe, until ctx ends; then it returns ctx.Err(), and everything that it
// started has ended. Requests are taken at once, whether out is read or not.
// It is called once.
func (w *Watcher) Run(ctx context.Context, observe <-chan state.Observe, out chan<- state.Event) error {
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { w.subscribe(ctx) })
	running.Go(func() { w.deliver(ctx, out) })

	resync := time.NewTicker(w.cfg.Resync)
	defer resync.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-resync.C:
			w.queue.resyncDue()
		case req, ok := <-observe:
			if !ok {
				observe = nil
				continue
			}
			running.Go(func() { w.answer(ctx, req) })
		}
	}
}

// answer carries out one look. One that ctx interrupts has no answer: nobody
// waits for it any more.
func (w *Watcher) answer(ctx context.Context, req state.Observe) {
	ev := w.look(ctx, req)
	if ctx.Err() == nil {
		w.queue.put(ev)
	}
}

// deliver hands the queue's events to the loop, in order, however slow it is.
func (w *Watcher) deliver(ctx context.Context, out chan<- state.Event) {
	for {
		ev, ok := w.queue.pop()
		if !ok {
			select {
			case <-w.queue.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case out <- ev:
		case <-ctx.Done():
			return
		}
	}
}

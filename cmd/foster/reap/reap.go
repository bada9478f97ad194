package reap

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// The defaults.
const (
	// DefaultGrace is well above what Swarm takes from the end of a task to the
	// start of the next one (5 s by default, and an image's pull).
	DefaultGrace = time.Minute
	// DefaultResync is how often Watch looks without a reason.
	DefaultResync = 5 * time.Minute
)

// Config says where to look, and what may go.
type Config struct {
	Engine Engine
	// Projects are the only ones that are looked at; none: all.
	Projects []string
	// Grace is how long something must have been an orphan before it goes.
	Grace time.Duration
	// DryRun changes nothing.
	DryRun bool
	// Self is the ID of the container that this program runs in, or "".
	Self string
	// OtherCommands are the names of foster's commands that launch nothing.
	OtherCommands []string
	// HostFosters says whether a foster outside of containers has a project.
	// known is false where that cannot be seen, as from inside a container;
	// nil: it never can.
	HostFosters func(project string) (alive, known bool)

	// Resync is the period of Watch's looks without a reason; 0: DefaultResync.
	Resync time.Duration
	Log    zerolog.Logger // of Watch
	// Progress is where Once says what it waits for; nil: nowhere. On a Terminal
	// the same line is written again and again.
	Progress io.Writer
	Terminal bool
}

// Reaper finds and removes orphans. Once or Watch is called, once.
type Reaper struct {
	cfg Config

	mu       sync.Mutex
	facts    map[string]facts     // by container ID
	past     map[string]past      // by project
	since    map[string]time.Time // since when an object has been an orphan, by ID
	deaths   map[string]int       // that were told and may not be listed yet, by ID; see stateNow
	watching bool                 // what happened before the watch began does not count
}

// New makes a Reaper.
func New(cfg Config) *Reaper {
	if cfg.Resync <= 0 {
		cfg.Resync = DefaultResync
	}
	return &Reaper{cfg: cfg, facts: map[string]facts{}, past: map[string]past{}, since: map[string]time.Time{}, deaths: map[string]int{}}
}

// look finds everything, with the age of what is an orphan.
func (r *Reaper) look(ctx context.Context) ([]Finding, error) {
	s, err := r.scene(ctx, true)
	if err != nil {
		return nil, err
	}
	r.forget(s)
	found := s.judge(r.cfg.Projects)
	if err := r.date(ctx, s, found); err != nil {
		return nil, err
	}
	return found, nil
}

// again looks at one object anew, right before it is changed.
func (r *Reaper) again(ctx context.Context, f Finding) (Finding, error) {
	s, err := r.scene(ctx, f.Kind == Network)
	if err != nil {
		return f, err
	}
	for _, now := range s.judge([]string{f.Project}) {
		if now.ID == f.ID {
			now.Since, now.due = f.Since, f.due
			return now, nil
		}
	}
	return f.removed(), nil
}

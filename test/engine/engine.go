package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Node is the engine's part in a swarm.
type Node string

const (
	// Manager may create and remove overlay networks. The default.
	Manager Node = "manager"
	// Worker sees an overlay network only while a container here uses it.
	Worker Node = "worker"
	// Alone is not in a swarm; it has no overlay networks.
	Alone Node = "alone"
)

// Options of New; the zero value is a 20.10 engine on a swarm manager.
type Options struct {
	// Version is the engine's, as "major.minor"; "20.10" when empty. It
	// decides the order of events and the API version.
	Version string
	// API overrides the API version that belongs to Version.
	API string
	// Node is the part in the swarm; Manager when empty.
	Node Node
	// SubscribeLag is the time between the answer to an Events call and the
	// moment from which the stream really listens.
	SubscribeLag time.Duration
	// Queue bounds the events that wait for one slow reader; 1024 when 0.
	// What does not fit is lost without a word, as on a real engine.
	Queue int
}

// Engine is one Docker Engine. Its methods may be called from any goroutine.
type Engine struct {
	opts         Options
	major, minor int

	mu         sync.Mutex
	serial     int // of the last ID made
	lastStamp  int64
	down       bool
	closed     chan struct{}
	isClosed   bool
	spawning   sync.Mutex // guards noMore, so that nothing is added once Close waits
	noMore     bool
	background sync.WaitGroup

	containers map[string]*ctr     // by ID
	networks   map[string]*net     // by ID
	volumes    map[string]*vol     // by name
	images     map[string]*present // by normalised reference
	registry   map[string]Image
	behaviour  map[string]Process // by container name
	execs      []*Exec
	commands   map[string]Command // by their words

	faults    map[Verb][]*fault
	calls     []Call
	ring      []event
	streams   map[*stream]struct{}
	tampering tampering

	logStreams map[*logStream]struct{}
	logCut     func() int
}

// New makes a running engine with the networks bridge, host and none.
func New(opts Options) *Engine {
	if opts.Version == "" {
		opts.Version = "20.10"
	}
	if opts.Node == "" {
		opts.Node = Manager
	}
	if opts.Queue == 0 {
		opts.Queue = 1024
	}
	e := &Engine{
		opts:       opts,
		closed:     make(chan struct{}),
		containers: map[string]*ctr{},
		networks:   map[string]*net{},
		volumes:    map[string]*vol{},
		images:     map[string]*present{},
		registry:   map[string]Image{},
		behaviour:  map[string]Process{},
		commands:   map[string]Command{},
		faults:     map[Verb][]*fault{},
		streams:    map[*stream]struct{}{},
		logStreams: map[*logStream]struct{}{},
	}
	major, minor, _ := strings.Cut(opts.Version, ".")
	e.major, _ = strconv.Atoi(major)
	e.minor, _ = strconv.Atoi(minor)
	if e.opts.API == "" {
		e.opts.API = apiOf(e.major)
	}
	e.predefined()
	return e
}

// Close ends the engine: streams end with io.EOF, calls under way return, and
// every goroutine has ended when it returns. A second Close does nothing.
func (e *Engine) Close() {
	e.mu.Lock()
	if !e.isClosed {
		e.isClosed = true
		e.down = true
		close(e.closed)
		for _, c := range e.containers {
			c.disarm()
		}
	}
	e.mu.Unlock()
	e.spawning.Lock()
	e.noMore = true
	e.spawning.Unlock()
	e.background.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	// A test may have a thousand engines.
	e.containers, e.networks, e.volumes, e.execs, e.calls, e.ring = nil, nil, nil, nil, nil, nil
	e.images, e.registry, e.behaviour = map[string]*present{}, map[string]Image{}, map[string]Process{}
	e.commands, e.faults, e.tampering = map[string]Command{}, map[Verb][]*fault{}, tampering{}
}

// ClientVersion is the API version, as negotiated with the engine.
func (e *Engine) ClientVersion() string { return e.opts.API }

// apiOf is the newest API version of an engine version.
func apiOf(major int) string {
	switch {
	case major <= 20:
		return "1.41"
	case major == 23:
		return "1.42"
	case major == 24:
		return "1.43"
	case major == 25:
		return "1.44"
	case major == 26:
		return "1.45"
	case major == 27:
		return "1.46"
	case major == 28:
		return "1.48"
	default:
		return "1.52"
	}
}

// since says whether the engine is of this major version or a later one.
func (e *Engine) since(major int) bool { return e.major >= major }

// apiBelow says whether the API is older than 1.minor.
func (e *Engine) apiBelow(minor int) bool {
	_, m, _ := strings.Cut(e.opts.API, ".")
	n, err := strconv.Atoi(m)
	return err == nil && n < minor
}

// stamp is the present moment, later than every stamp before it.
func (e *Engine) stamp() int64 {
	now := time.Now().UnixNano()
	if now <= e.lastStamp {
		now = e.lastStamp + 1
	}
	e.lastStamp = now
	return now
}

// moment is stamp as a time: what happened first is earlier, also at one
// instant of a synctest bubble.
func (e *Engine) moment() time.Time { return time.Unix(0, e.stamp()) }

// newID makes 64 hexadecimal digits; the same ones in each run of a test.
func (e *Engine) newID(kind string) string {
	e.serial++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", kind, e.serial))
	return hex.EncodeToString(sum[:])
}

// spawn runs work that outlives the call that begins it; false means that the
// engine is closed and the work is not done.
func (e *Engine) spawn(work func()) bool {
	e.spawning.Lock()
	defer e.spawning.Unlock()
	if e.noMore {
		return false
	}
	e.background.Add(1)
	go func() {
		defer e.background.Done()
		work()
	}()
	return true
}

// pause waits for d; false means that the engine was closed meanwhile.
func (e *Engine) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-e.closed:
		return false
	}
}

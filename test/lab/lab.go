package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options say what lab to start. The zero value is one node with an engine, no swarm.
type Options struct {
	Nodes int  // 1 to 99; 0 means 1
	Swarm bool // node 1 becomes the manager of a swarm, the others its workers

	DockerdFlags []string // for every engine, after the lab's own

	// Dir is the lab's directory. It is made when it is not there, and removed by Close; one that holds anything else
	// than a dead lab is refused. Default: a new directory below os.TempDir, or /tmp where that is too long a path:
	// a path of a unix socket has at most 107 bytes.
	Dir string

	Keep    bool // Close leaves the directory, with logs and data of the engines
	Outlive bool // the nodes live on when this program ends, until Close of the lab from Open(Dir)

	// Measured: the engines collect their garbage as everywhere, for who measures what they take. Else they do so
	// seldom, which saves up to a tenth of the processor: each start of a container starts dockerd itself for a moment, too.
	Measured bool

	// Timeout is for Start as a whole. 0 means DefaultTimeout.
	Timeout time.Duration
}

// DefaultTimeout is ample: one node takes half a second, a swarm of three two seconds.
const DefaultTimeout = 90 * time.Second

// Lab is a set of nodes on one wire.
type Lab struct {
	Dir string

	opts  Options
	nodes []*Node
	owner process

	mu        sync.Mutex
	wire      process
	wireDone  <-chan struct{} // nil when another program started it
	recorders []*Recorder

	saving sync.Mutex // the record is written by one at a time
}

// New starts a lab for a test and ends it with the test. When the test has failed, the last lines of each engine's log
// are printed first. A machine that lacks something fails the test with the names of the packages to install.
func New(t testing.TB, opts Options) *Lab {
	t.Helper()
	l, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatalf("start a lab: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			for _, n := range l.nodes {
				t.Logf("log of the engine on %s:\n%s", n.Name, n.Log(40))
			}
		}
		if err := l.Close(); err != nil {
			t.Errorf("close the lab: %v", err)
		}
	})
	return l
}

// Start starts a lab. Every engine answers, has BusyboxImage and, where asked for, is ready in its swarm when Start
// returns. When it returns an error nothing is left. The lab lives until Close, or until this program ends; ctx is for
// the start only.
func Start(ctx context.Context, opts Options) (_ *Lab, err error) {
	if opts.Nodes == 0 {
		opts.Nodes = 1
	}
	if opts.Nodes < 1 || opts.Nodes > 99 {
		return nil, fmt.Errorf("a lab has 1 to 99 nodes, not %d", opts.Nodes)
	}
	if opts.Timeout == 0 {
		opts.Timeout = DefaultTimeout
	}
	if err := missing(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, opts.Timeout, fmt.Errorf("the lab is not up after %s", opts.Timeout))
	defer cancel()

	dir, err := prepareDir(ctx, opts.Dir, opts.Nodes)
	if err != nil {
		return nil, err
	}
	l := newLab(dir, opts)
	defer func() {
		if err != nil {
			l.opts.Keep = false
			err = errors.Join(err, l.Close())
		}
	}()
	if l.owner, err = identify(os.Getpid()); err != nil {
		return nil, err
	}
	if err := l.save(); err != nil {
		return nil, err
	}
	if err := l.furnish(); err != nil {
		return nil, err
	}
	if err := l.startWire(ctx); err != nil {
		return nil, err
	}
	if err := l.each(func(n *Node) error {
		if err := n.boot(ctx); err != nil {
			return err
		}
		if err := n.StartEngine(ctx); err != nil {
			return err
		}
		return n.importBusybox(ctx)
	}); err != nil {
		return nil, err
	}
	if opts.Swarm {
		return l, l.startSwarm(ctx)
	}
	return l, nil
}

// newLab lays out a lab and its nodes, without touching anything.
func newLab(dir string, opts Options) *Lab {
	l := &Lab{Dir: dir, opts: opts}
	for i := 1; i <= opts.Nodes; i++ {
		name := fmt.Sprintf("n%d", i)
		home := filepath.Join(dir, name)
		l.nodes = append(l.nodes, &Node{Name: name, Dir: home, Socket: filepath.Join(home, "docker.sock"), lab: l, index: i})
	}
	return l
}

// Node returns node i, counted from 1: node 1 is the manager of a swarm.
func (l *Lab) Node(i int) *Node { return l.nodes[i-1] }

// Nodes returns all nodes in order.
func (l *Lab) Nodes() []*Node { return append([]*Node(nil), l.nodes...) }

// ConfigDir is the docker CLI's configuration directory for this lab.
func (l *Lab) ConfigDir() string { return filepath.Join(l.Dir, "cli") }

// Close kills every node and removes everything of the lab: processes, mounts, interfaces, cgroups, the directory.
// A second call does nothing more.
func (l *Lab) Close() error {
	l.mu.Lock()
	recorders := l.recorders
	l.recorders = nil
	l.mu.Unlock()
	for _, r := range recorders {
		r.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	errs := []error{l.each(func(n *Node) error {
		err := n.Crash(ctx)
		if api := n.Client(); api != nil {
			err = errors.Join(err, api.Close())
		}
		return err
	})}
	errs = append(errs, l.wire.end(ctx, ""))
	if l.wireDone != nil && !l.wire.alive() {
		<-l.wireDone
	}
	errs = append(errs, removeCgroups(cgroupParent(l.Dir)))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("end the lab in %s: %w", l.Dir, err) // the record stays: Close can be tried again
	}
	if l.opts.Keep {
		return ignoreMissing(os.Remove(filepath.Join(l.Dir, recordFile)))
	}
	return os.RemoveAll(l.Dir)
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// each does one thing on all nodes at once and returns all errors.
func (l *Lab) each(do func(*Node) error) error {
	errs := make([]error, len(l.nodes))
	var wg sync.WaitGroup
	for i, n := range l.nodes {
		wg.Go(func() {
			if err := do(n); err != nil {
				errs[i] = fmt.Errorf("node %s: %w", n.Name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// prepareDir makes the lab's directory and removes what dead labs have left.
func prepareDir(ctx context.Context, dir string, nodes int) (string, error) {
	socket := fmt.Sprintf("/n%d/docker.sock", nodes)
	if dir != "" {
		dir, err := filepath.Abs(dir)
		if err != nil {
			return "", err
		}
		if strings.HasPrefix(dir+"/", "/run/") || strings.HasPrefix(dir+"/", "/etc/") {
			return "", fmt.Errorf("lab directory %s: nodes have a /run and an /etc of their own, take another place", dir)
		}
		if len(dir)+len(socket) > maxSocketPath {
			return "", fmt.Errorf("lab directory %s: too long, a socket path has at most %d bytes", dir, maxSocketPath)
		}
		if err := sweep(ctx, dir); err != nil {
			return "", err
		}
		if r, err := readRecord(dir); err == nil && r.alive() {
			return "", fmt.Errorf("lab directory %s: a lab is up there", dir)
		}
		if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
			return "", fmt.Errorf("lab directory %s: not empty (a lab that died with the machine goes by Open and Close)", dir)
		}
		return dir, os.MkdirAll(dir, 0o755)
	}
	base := os.TempDir()
	const name = "flab-"
	if len(base)+len("/"+name+"4294967295")+len(socket) > maxSocketPath {
		base = "/tmp"
	}
	if err := sweep(ctx, filepath.Join(base, name+"*")); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(base, name)
	if err != nil {
		return "", fmt.Errorf("make the lab's directory: %w", err)
	}
	return dir, os.Chmod(dir, 0o755)
}

// maxSocketPath is what sockaddr_un has room for.
const maxSocketPath = 107

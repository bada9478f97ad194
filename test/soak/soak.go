package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"foster/test/lab"
)

// nodeCount is fixed: the stack file names the nodes.
const nodeCount = 3

// How long the soak itself waits.
const (
	callTimeout   = 10 * time.Second // for what an engine answers at once
	faultTimeout  = 40 * time.Second // for what it does to a container
	outageTimeout = 60 * time.Second // for its end or start; a start with dead overlays takes 20 s and more
)

// node is one engine of the lab.
type node struct {
	*lab.Node
	index int // from 1
}

// soak is one run.
type soak struct {
	o         options
	tell      *account
	report    *report
	nodes     []*node
	launchers []*launcher
	ledger    *ledger
	strangers strangers
	revivals  sync.WaitGroup // of strangers, after an outage
	logs      *keeper
	reaps     bool // the image knows foster reap

	host      *hosted
	hostEnded chan error
	stopHost  context.CancelFunc
}

func newSoak(o options, out io.Writer) *soak {
	return &soak{
		o: o, tell: &account{out: out, begun: time.Now()}, launchers: launchers(),
		report: &report{Seed: o.seed, Bound: o.bound, Faults: map[string]tally{}},
		logs:   &keeper{dir: o.dir},
	}
}

func (s *soak) manager() *node { return s.nodes[0] }

// each does one thing on all nodes at once.
func (s *soak) each(do func(int, *node)) {
	var work sync.WaitGroup
	for i, n := range s.nodes {
		work.Go(func() { do(i, n) })
	}
	work.Wait()
}

// run is the whole of it. Its error is a breach, or says why there is no verdict.
func (s *soak) run(ctx context.Context) (err error) {
	fmt.Fprintf(s.tell.out, "seed %d (again: %s)\n", s.o.seed, s.o.again())
	defer func() { s.report.Took = time.Since(s.tell.begun) }()
	if err := os.RemoveAll(s.o.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(s.o.dir, 0o755); err != nil {
		return err
	}
	s.tell.line("three engines, one swarm; logs of all fosters: %s", s.o.dir)
	l, err := lab.Start(ctx, lab.Options{Nodes: nodeCount, Swarm: true, DockerdFlags: []string{"--default-address-pool=base=10.64.0.0/12,size=24"}})
	if err != nil {
		return fmt.Errorf("start the lab: %w", err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	for i, n := range l.Nodes() {
		s.nodes = append(s.nodes, &node{Node: n, index: i + 1})
	}
	s.host = &hosted{node: s.nodes[2], program: filepath.Join(s.o.dir, "foster"), log: filepath.Join(s.o.dir, "hosted.log")}

	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	s.ledger = newLedger(func(b *breach) { fail(b) })
	var watchers sync.WaitGroup
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		stop()
		watchers.Wait()
		err = errors.Join(err, s.logs.save())
	}()
	for _, n := range s.nodes {
		watchers.Go(func() { s.follow(watching, n) })
		watchers.Go(func() { s.watch(watching, n) })
	}
	err = s.live(ctx)
	s.report.Events, s.report.EventsOf = s.ledger.peak()
	if b := s.ledger.first(); b != nil {
		s.tellStory(ctx, s.tell.out, b)
		return b
	}
	return err
}

// live is the soak between the start of the lab and its end.
func (s *soak) live(ctx context.Context) error {
	defer s.revivals.Wait()
	s.tell.line("images")
	if err := s.images(ctx); err != nil {
		return err
	}
	s.report.Reap = s.reaps
	if _, err := s.manager().Docker(ctx, "network", "create", "--driver", "overlay", "--attachable", sharedNetwork); err != nil {
		return err
	}
	s.tell.line("strangers")
	if err := s.settle(ctx); err != nil {
		return err
	}
	s.tell.line("services")
	if err := s.deploy(ctx); err != nil {
		return err
	}
	if !s.reaps {
		s.tell.note("this foster has no reap: orphans of services that Swarm moves stay")
	}
	defer s.startHost(ctx)()
	if err := s.quiet(ctx, "launch"); err != nil {
		return err
	}
	s.report.Recoveries = nil // a launch is none
	s.tell.line("faults, for %s", s.o.minutes)
	if err := s.rounds(ctx); err != nil {
		return err
	}
	if err := s.usage(ctx); err != nil {
		return err
	}
	s.tell.line("removing everything")
	if err := s.leave(ctx); err != nil {
		return err
	}
	for _, n := range s.nodes {
		if err := s.unharmed(ctx, n); err != nil {
			return s.ledger.breach(place{node: n.Name, project: "strangers"}, "%v", err)
		}
	}
	if err := lab.Pause(ctx, calm); err != nil { // until the last events have been told
		return context.Cause(ctx)
	}
	s.ledger.judge(time.Now().UnixNano() + settled)
	if b := s.ledger.first(); b != nil {
		return b
	}
	return nil
}

// startHost starts the foster on a host; the function that it returns ends it.
func (s *soak) startHost(ctx context.Context) func() {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stopHost, s.hostEnded, s.host.done = stop, make(chan error, 1), make(chan struct{})
	go func() { s.hostEnded <- s.host.serve(serving) }()
	return func() {
		stop()
		<-s.host.done
	}
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func shortAll(ids []string) string {
	short := make([]string, len(ids))
	for i, id := range ids {
		short[i] = fmt.Sprintf("%.12s", id)
	}
	return strings.Join(short, ", ")
}

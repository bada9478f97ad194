package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"foster/test/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends the program at once
	var b bench
	asJSON := flag.Bool("json", false, "print the report as JSON")
	flag.IntVar(&b.rounds, "rounds", 20, "rounds of each measurement, 1 or more")
	names := make([]string, 0, len(b.parts()))
	for _, p := range b.parts() {
		names = append(names, p.name)
	}
	flag.StringVar(&b.only, "only", "", "measure one part: "+strings.Join(names, ", "))
	flag.Parse()
	if flag.NArg() > 0 || b.rounds < 1 || b.only != "" && !slices.Contains(names, b.only) {
		flag.Usage()
		os.Exit(2)
	}
	r, err := b.run(ctx)
	if r != nil {
		err = errors.Join(r.print(os.Stdout, *asJSON), err)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	rounds int
	only   string // a part's name, "" for all

	node   *lab.Node
	events *lab.Recorder
	foster string // the program, on this machine
	work   string // a directory
	hosts  int    // fosters that were started on this machine
}

// run starts a private engine, measures, and ends the engine. A part that fails
// is an error beside the report of the others.
func (b *bench) run(ctx context.Context) (_ *report, err error) {
	b.say("starting a private engine, a swarm of one")
	l, err := lab.Start(ctx, lab.Options{
		Swarm: true, Measured: true,
		// An engine has room for 31 networks by default.
		DockerdFlags: []string{"--default-address-pool=base=10.64.0.0/12,size=24"},
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	b.node = l.Node(1)
	if b.work, err = os.MkdirTemp("", "foster-bench-"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(b.work)
	if err := b.build(ctx, b.work); err != nil {
		return nil, err
	}
	b.events = b.node.RecordEvents(ctx)
	defer b.events.Close()

	r := &report{Rounds: b.rounds}
	if err := b.describe(ctx, r); err != nil {
		return nil, err
	}
	for _, p := range b.parts() {
		if b.only != "" && b.only != p.name {
			continue
		}
		failed := p.measure(ctx, r)
		if ctx.Err() != nil {
			return nil, errors.Join(err, failed)
		}
		if failed != nil {
			b.say("%s failed: %v", p.name, failed)
			err = errors.Join(err, fmt.Errorf("%s: %w", p.name, failed))
		}
	}
	return r, err
}

// part is one that can be measured alone.
type part struct {
	name    string
	measure func(context.Context, *report) error
}

func (b *bench) parts() []part {
	var all []part
	for _, n := range networks {
		all = append(all, part{n.driver, func(ctx context.Context, r *report) error { return b.faults(ctx, r, n) }})
	}
	return append(all, part{"start", b.starts},
		part{"many", func(ctx context.Context, r *report) error { return b.many(ctx, r, b.thirty()) }},
		part{"hundred", func(ctx context.Context, r *report) error { return b.many(ctx, r, b.hundred()) }},
		part{"instances", b.instances}, part{"output", b.output}, part{"idle", b.idle}, part{"image", b.image})
}

// say tells what takes time, apart from the report.
func (b *bench) say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"foster/test/lab"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends the program at once
	var b bench
	asJSON := flag.Bool("json", false, "print the report as JSON")
	flag.IntVar(&b.rounds, "rounds", 20, "rounds of each measurement, 1 or more")
	flag.Parse()
	if flag.NArg() > 0 || b.rounds < 1 {
		flag.Usage()
		os.Exit(2)
	}
	r, err := b.run(ctx)
	if err == nil {
		err = r.print(os.Stdout, *asJSON)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	rounds int

	node   *lab.Node
	events *lab.Recorder
	foster string // the program, on this machine
}

// run starts a private engine, measures, and ends the engine.
func (b *bench) run(ctx context.Context) (_ *report, err error) {
	b.say("starting a private engine, a swarm of one")
	l, err := lab.Start(ctx, lab.Options{Swarm: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	b.node = l.Node(1)
	work, err := os.MkdirTemp("", "foster-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	if err := b.build(ctx, work); err != nil {
		return nil, err
	}
	b.events = b.node.RecordEvents(ctx)
	defer b.events.Close()

	r := &report{Rounds: b.rounds}
	if err := b.describe(ctx, r); err != nil {
		return nil, err
	}
	for _, n := range networks {
		if err := b.faults(ctx, r, n); err != nil {
			return nil, fmt.Errorf("%s: %w", n.driver, err)
		}
	}
	if err := b.starts(ctx, r); err != nil {
		return nil, fmt.Errorf("start of foster: %w", err)
	}
	if err := b.idle(ctx, r); err != nil {
		return nil, fmt.Errorf("idle foster: %w", err)
	}
	return r, b.image(ctx, r)
}

// say tells what takes time, apart from the report.
func (b *bench) say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

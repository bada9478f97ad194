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
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends the program at once
	if host := os.Getenv(drainVariable); host != "" {
		os.Exit(drain(ctx, host))
	}
	names := make([]string, 0, len(parts))
	for _, p := range parts {
		names = append(names, p.name)
	}
	l := load{say: func(format string, args ...any) { fmt.Printf(format+"\n", args...) }}
	only := flag.String("only", "", "run one part: "+strings.Join(names, ", "))
	flag.DurationVar(&l.during, "for", 30*time.Second, "how long a flood lasts")
	flag.IntVar(&l.perSecond, "events", 5000, "foreign events per second of a flood")
	flag.IntVar(&l.faults, "faults", 10, "faults within a flood")
	flag.Parse()
	if flag.NArg() > 0 || l.during <= 0 || l.perSecond < 1 || l.faults < 1 || *only != "" && !slices.Contains(names, *only) {
		flag.Usage()
		os.Exit(2)
	}
	if err := l.run(ctx, *only); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// part is one that can be run alone.
type part struct {
	name string
	run  func(*load, context.Context) error
}

var parts = []part{{"flood", (*load).flood}}

// run starts a private engine, runs the parts, and ends the engine.
func (l *load) run(ctx context.Context, only string) (err error) {
	if err := l.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	for _, p := range parts {
		if only != "" && only != p.name {
			continue
		}
		if err := p.run(l, ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

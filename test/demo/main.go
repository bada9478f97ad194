package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"foster/test/lab"
)

// Exit codes.
const (
	exitBroken      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// keptDir is where the engine of `make demo KEEP=1` lives, for `make demo-down` to find it.
const keptDir = "/tmp/foster-demo"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the flags.
type options struct {
	engine string // "" for a private one
	keep   bool
	down   bool
	dir    string // of the private engine that is kept
}

// run is the program; it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.engine, "engine", "", "use this engine (unix:///…) and not a private one; everything made there is removed")
	flags.BoolVar(&o.keep, "keep", false, "leave the private engine up, with the stack")
	flags.BoolVar(&o.down, "down", false, "end the engine that -keep left")
	flags.StringVar(&o.dir, "dir", keptDir, "directory of the engine that -keep leaves")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return exitUsage
	}
	switch {
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "demo: unexpected argument %q\n", flags.Arg(0))
		return exitUsage
	case o.engine != "" && (o.keep || o.down):
		fmt.Fprintln(stderr, "demo: only a private engine can be kept: leave out KEEP or ENGINE")
		return exitUsage
	}
	tell := newAccount(stdout)
	err := o.do(ctx, tell)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		tell.broken("interrupted; everything is taken down again")
		return exitInterrupted
	}
	tell.broken(err.Error())
	return exitBroken
}

func (o options) do(ctx context.Context, tell *account) error {
	if o.down {
		return down(o.dir, tell)
	}
	return o.demo(ctx, tell)
}

// down ends the engine that an earlier demo left in dir.
func down(dir string, tell *account) error {
	l, err := lab.Open(dir)
	if errors.Is(err, os.ErrNotExist) {
		tell.line("no engine of a demo in %s", dir)
		return nil
	}
	if err != nil {
		return err
	}
	tell.begin("end the private engine in %s", dir)
	if err := l.Close(); err != nil {
		return err
	}
	tell.end("")
	return nil
}

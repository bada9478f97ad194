package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Exit codes.
const (
	exitBreach      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// options are the flags.
type options struct {
	minutes time.Duration // of faults
	seed    uint64
	asJSON  bool
	bound   time.Duration // see defaultBound
	overlap bool          // faults that put two fosters of one project on a node
	without []string      // kinds of faults to leave out
	foster  string        // a program instead of one that is built, "" for that
	dir     string        // for logs
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program; it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case err == flag.ErrHelp:
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "soak:", err)
		return exitUsage
	}
	out := stdout
	if o.asJSON {
		out = stderr // stdout is the report's
	}
	s := newSoak(o, out)
	err = s.run(ctx)
	s.report.print(out)
	if o.asJSON {
		if err := s.report.encode(stdout, err); err != nil {
			fmt.Fprintln(stderr, "soak:", err)
			return exitBreach
		}
	}
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "soak: interrupted; everything is taken down again")
		return exitInterrupted
	}
	fmt.Fprintf(stderr, "soak: FAILED with seed %d: %v\nlogs of all fosters and engines: %s\nagain: %s\n", o.seed, err, o.dir, o.again())
	return exitBreach
}

func parse(args []string, stderr io.Writer) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(stderr)
	minutes := flags.Float64("minutes", 2, "how long faults go on")
	seed := flags.String("seed", "random", "of the faults: a number, or random")
	without := flags.String("without", "", "kinds of faults to leave out, with commas: "+strings.Join(kindNames(), ", "))
	flags.BoolVar(&o.asJSON, "json", false, "print the report as JSON on stdout, all else on stderr")
	flags.DurationVar(&o.bound, "bound", defaultBound, "how long anything may take to be whole once faults have ceased")
	flags.BoolVar(&o.overlap, "overlap", true, "put two fosters of one project on a node: start-first updates, scaling of a pinned service")
	flags.StringVar(&o.foster, "foster", "", "put this program into the image instead of building one")
	flags.StringVar(&o.dir, "logs", "", "directory for the logs of all fosters; it is emptied first (default: foster-soak-SEED in the directory for temporary files)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *minutes <= 0 || *minutes > 24*60 {
		return o, fmt.Errorf("-minutes %v: more than 0, at most a day", *minutes)
	}
	o.minutes = time.Duration(*minutes * float64(time.Minute))
	if *seed == "random" {
		o.seed = uint64(rand.Uint32()) // short enough to be typed again
	} else {
		var err error
		if o.seed, err = strconv.ParseUint(*seed, 10, 64); err != nil {
			return o, fmt.Errorf("-seed %q: a number, or random", *seed)
		}
	}
	for name := range strings.SplitSeq(*without, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if !slices.Contains(kindNames(), name) {
			return o, fmt.Errorf("-without %q: there is no such kind of fault", name)
		}
		o.without = append(o.without, name)
	}
	if o.dir == "" {
		o.dir = filepath.Join(os.TempDir(), fmt.Sprintf("foster-soak-%d", o.seed))
	}
	return o, nil
}

// again is what runs the same faults once more.
func (o options) again() string {
	cmd := fmt.Sprintf("go run ./test/soak -seed %d -minutes %g", o.seed, o.minutes.Minutes())
	if !o.overlap {
		cmd += " -overlap=false"
	}
	if len(o.without) > 0 {
		cmd += " -without " + strings.Join(o.without, ",")
	}
	if o.foster != "" {
		cmd += " -foster " + o.foster
	}
	return cmd
}

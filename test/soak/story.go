package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// account tells what happens while it does.
type account struct {
	mu    sync.Mutex
	out   io.Writer
	begun time.Time
	last  time.Time // when something that is missing was told
}

func (a *account) line(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	fmt.Fprintf(a.out, "%6.1f  %s\n", time.Since(a.begun).Seconds(), fmt.Sprintf(format, args...))
	a.last = time.Now()
}

func (a *account) note(format string, args ...any) { a.line("        "+format, args...) }

func (a *account) round(number int, faults []string) {
	a.line("round %d: %s", number, strings.Join(faults, ", "))
}

func (a *account) fault(f fault, err error) {
	if err != nil {
		a.note("%s: %.200v", f, err)
		return
	}
	a.note("%s", f)
}

func (a *account) whole(took time.Duration) { a.note("whole %.1f s later", took.Seconds()) }

// patience is how long somebody looks at a screen on which nothing happens.
const patience = 10 * time.Second

// waiting tells now and then what is waited for.
func (a *account) waiting(what string) {
	a.mu.Lock()
	quiet := time.Since(a.last)
	a.mu.Unlock()
	if quiet > patience {
		a.note("waiting: %s", what)
	}
}

// note writes a fault into the story of everybody whom it may concern.
func (l *ledger) note(f fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, moment{time.Now().UnixNano(), "FAULT " + f.String()})
}

// timeline is how long before its end a story begins.
const timeline = time.Minute

// tellStory shows what has happened around a breach: the last minute of each child of the project on the node, with the
// faults between, and the log of its fosters.
func (s *soak) tellStory(ctx context.Context, out io.Writer, b *breach) {
	fmt.Fprintf(out, "\nseed %d\nBREACH at %s: %v\n", s.o.seed, clock(b.stamp), b)
	until := max(b.stamp, time.Now().UnixNano())
	s.ledger.mu.Lock()
	from := min(b.stamp, until) - int64(timeline)
	if n := len(s.ledger.faults); n > 0 { // the wait for the bound tells nothing
		from = min(from, s.ledger.faults[n-1].at-int64(timeline))
	}
	for _, at := range s.ledger.places() {
		if b.at.project != "" && b.at.project != "strangers" && s.launcherOf(at.project) != s.launcherOf(b.at.project) || strings.HasPrefix(b.at.node, "n") && at.node != b.at.node {
			continue
		}
		all := append(slices.Clone(s.ledger.story[at]), s.ledger.faults...)
		slices.SortStableFunc(all, func(a, b moment) int { return int(a.at - b.at) })
		fmt.Fprintf(out, "\n%s:\n", at)
		for _, m := range all {
			if m.at >= from {
				fmt.Fprintf(out, "  %s %s\n", clock(m.at), m.what)
			}
		}
	}
	s.ledger.mu.Unlock()
	if l := s.launcherOf(b.at.project); l != nil {
		for _, n := range s.nodes {
			if strings.HasPrefix(b.at.node, "n") && n.Name != b.at.node {
				continue
			}
			if text := s.logs.tail(n.Name, l.service, 80); l.service != "" && text != "" {
				fmt.Fprintf(out, "\nlog of %s on %s ends:\n%s\n", l.service, n.Name, text)
			}
		}
		if l.service == "" {
			raw, _ := os.ReadFile(s.host.log) // without it there is nothing to show
			lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
			fmt.Fprintf(out, "\nlog of the foster on a host ends:\n%s\n", strings.Join(lines[max(0, len(lines)-80):], "\n"))
		}
	}
	s.keepState(ctx)
}

func clock(stamp int64) string { return time.Unix(0, stamp).UTC().Format("15:04:05.000") }

// places are those that have a story, sorted.
func (l *ledger) places() []place {
	var all []place
	for at := range l.story {
		all = append(all, at)
	}
	slices.SortFunc(all, func(a, b place) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// launcherOf is whose project, or service, this is; nil for nobody's.
func (s *soak) launcherOf(project string) *launcher {
	for _, l := range s.launchers {
		for slot := range 5 {
			if project == l.projectOf(slot) || project == l.service {
				return l
			}
		}
	}
	return nil
}

// keepState writes what is on the engines, and their logs, beside the logs of the fosters.
func (s *soak) keepState(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 4*callTimeout)
	defer cancel()
	for _, n := range s.nodes {
		var text strings.Builder
		for _, args := range [][]string{
			{"ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.Status}} {{.Labels}}"},
			{"network", "ls"},
			{"volume", "ls"},
			{"node", "ls"},
			{"service", "ls"},
			{"stack", "ps", "--no-trunc", stackName},
		} {
			out, err := n.Docker(ctx, args...)
			fmt.Fprintf(&text, "$ docker %s\n%s\n", strings.Join(args, " "), out)
			if err != nil {
				fmt.Fprintln(&text, err)
			}
		}
		for name, content := range map[string]string{n.Name + "-state.txt": text.String(), n.Name + "-dockerd.log": n.Log(3000)} {
			if err := os.WriteFile(filepath.Join(s.o.dir, name), []byte(content), 0o644); err != nil {
				s.tell.note("%v", err)
			}
		}
	}
}

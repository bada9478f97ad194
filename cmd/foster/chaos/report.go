package chaos

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Style is what the places can show that are written to.
type Style struct {
	JSON   bool // rounds and summary as JSON lines
	Colour bool // of Out
	UTF8   bool
	Bar    bool // Err is a terminal: a line of progress goes there
	// Columns is the width of Err, nil or 0 where that is not known.
	Columns func() int
}

// Report tells of a run: rounds and summary on Out, notes and progress on Err.
type Report struct {
	Out, Err io.Writer
	Style    Style

	progress progress
	name     int // width of a child's name
	fault    int // width of a fault
}

const (
	red   = "31"
	green = "32"
	faint = "2"
	bold  = "1"
)

func (r *Report) paint(code, text string) string {
	if !r.Style.Colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Head says what is going to happen, with the seed that makes it happen again.
func (r *Report) Head(o Options, found Found, probe *Probe) {
	r.progress = progress{out: r.Err, on: r.Style.Bar, utf: r.Style.UTF8, cols: r.Style.Columns, rounds: o.Rounds}
	faults, names := map[string]bool{}, []string{}
	for _, t := range found.Targets {
		names = append(names, t.Name())
		r.name = max(r.name, len(t.Name()))
		for _, f := range t.faults {
			faults[f.String()] = true
			r.fault = max(r.fault, len(f.String()))
		}
	}
	rounds := counted(o.Rounds, "round")
	if o.Rounds == 0 {
		rounds = "until Ctrl-C"
	}
	jitter := ""
	if o.Jitter > 0 {
		jitter = fmt.Sprintf(" give or take %s", o.Jitter)
	}
	for _, n := range found.Notes {
		r.note("%s", n)
	}
	r.say("foster chaos: %s of %s", strings.Join(slices.Sorted(maps.Keys(faults)), ", "), strings.Join(names, ", "))
	r.say("every %s%s, %s, seed %d", o.Every, jitter, rounds, o.Seed)
	if probe != nil {
		r.say("client: %s, asked every %s, timeout %s", probe.url, askEvery, probe.timeout)
	}
	r.hint(o, found)
}

// hint warns of recoveries that contain foster's own pause.
func (r *Report) hint(o Options, found Found) {
	ends := len(o.Kinds) > 0 && slices.ContainsFunc(o.Kinds, Kind.Ends)
	if !ends || o.Stable {
		return
	}
	slowest := slices.MaxFunc(found.Targets, func(a, b *Target) int { return int(a.Stable - b.Stable) })
	if o.Every-o.Jitter >= slowest.Stable {
		return
	}
	r.note("hint: a foster answers the end of a run shorter than FOSTER_STABLE_AFTER (%s) with a pause", slowest.Stable)
	r.note("      that doubles; at this pace recoveries contain it. --stable or --every %s avoid that", (slowest.Stable + 2*time.Second + o.Jitter).Round(time.Second))
}

// say writes a line for people: in JSON mode beside the data.
func (r *Report) say(format string, args ...any) {
	w := r.Out
	if r.Style.JSON {
		w = r.Err
	}
	r.progress.clear()
	fmt.Fprintf(w, format+"\n", args...)
	r.progress.draw()
}

// note writes a line on Err.
func (r *Report) note(format string, args ...any) {
	r.progress.clear()
	fmt.Fprintf(r.Err, format+"\n", args...)
	r.progress.draw()
}

// doing is what the line of progress says.
func (r *Report) doing(what string) {
	r.progress.what = what
	r.progress.draw()
}

func (r *Report) round(x Round) {
	r.progress.done++
	if r.Style.JSON {
		r.write(x.line())
		return
	}
	text := fmt.Sprintf("%4d  %-*s  %-*s  ", x.N, r.fault, x.Fault(), r.name, x.Target.Name())
	switch {
	case !x.Recovered:
		r.say("%s%s", text, r.paint(red, "never: "+x.Why))
		return
	case x.Measured:
		text += r.paint(green, fmt.Sprintf("%6s ms", millis(x.Recovery)))
	default:
		text += "       ? "
	}
	if x.Probed {
		text += fmt.Sprintf("   client %s ms", millis(x.Down))
		if x.Outages > 1 {
			text += fmt.Sprintf(" in %d parts", x.Outages)
		}
	}
	if x.Early {
		text += r.paint(faint, "   had run "+seconds(x.Ran))
	}
	if x.Replaced {
		text += r.paint(faint, "   replaced")
	}
	r.say("%s", text)
}

func (r *Report) lost(l Lost) {
	if !r.Style.JSON {
		r.say("      %s", r.paint(red, l.Child+" is not whole, "+l.Fault+": "+l.Why))
	}
}

// Summary ends the report.
func (r *Report) Summary(s *Summary) {
	r.progress.end()
	if r.Style.JSON {
		r.write(s.line())
		return
	}
	var b strings.Builder
	r.summary(&b, s)
	fmt.Fprint(r.Out, b.String())
}

func (r *Report) summary(b *strings.Builder, s *Summary) {
	if s.Unfinished != nil {
		fmt.Fprintf(b, "      %s of %s was interrupted and is not counted\n", s.Unfinished.Fault(), s.Unfinished.Target.Name())
	}
	var kinds []string
	for _, k := range Kinds {
		if n := s.Faults[k]; n > 0 {
			kinds = append(kinds, fmt.Sprintf("%d %s", n, k))
		}
	}
	text := counted(s.Done, "fault")
	if len(kinds) > 0 {
		text += " (" + strings.Join(kinds, ", ") + ")"
	}
	fmt.Fprintf(b, "\n%s in %s, seed %d\n", r.paint(bold, text), seconds(s.Took), s.Seed)
	all := sorted(fosters(s.Measured))
	r.table(b, "recovery, ms", s.Measured, all)
	for _, line := range histogram(all, r.Style.UTF8) {
		fmt.Fprintln(b, line)
	}
	if s.Early > 0 {
		fmt.Fprintf(b, "\n%d ended a run shorter than FOSTER_STABLE_AFTER and contain foster's pause\n", s.Early)
	}
	if s.Unstamped > 0 {
		fmt.Fprintf(b, "\n%d recovered without a time: the engine's events of them were lost\n", s.Unstamped)
	}
	r.client(b, s)
	switch {
	case len(s.Never) == 0 && s.Done == 0:
		fmt.Fprintf(b, "\nnothing was measured\n")
		return
	case len(s.Never) == 0:
		fmt.Fprintf(b, "\n%s\n", r.paint(green, "everything recovered"))
		return
	}
	fmt.Fprintf(b, "\n%s\n", r.paint(red, "never recovered:"))
	for _, l := range s.Never {
		fmt.Fprintf(b, "  round %d  %s  %s  %s: %s\n", l.Round, l.At.UTC().Format("15:04:05.000"), l.Child, l.Fault, l.Why)
	}
}

// client is what the probe saw.
func (r *Report) client(b *strings.Builder, s *Summary) {
	if s.Probe == "" {
		return
	}
	down := sorted(fosters(s.Down))
	r.table(b, "downtime of "+s.Probe+", ms", s.Down, down)
	for _, line := range histogram(down, r.Style.UTF8) {
		fmt.Fprintln(b, line)
	}
	fmt.Fprintf(b, "\n%s, at most %s ms between two", counted(s.Asked, "question"), millis(s.Widest))
	if s.Unseen > 0 {
		fmt.Fprintf(b, "; %s went unnoticed", counted(s.Unseen, "fault"))
	}
	fmt.Fprintln(b)
	for _, d := range s.Stray {
		fmt.Fprintf(b, "no answer for %s ms, outside of any round\n", millis(d))
	}
}

// table shows percentiles by kind and of all; all is sorted.
func (r *Report) table(b *strings.Builder, title string, samples map[Kind][]time.Duration, all []time.Duration) {
	row := func(name string, s []time.Duration) {
		fmt.Fprintf(b, "  %-8s %6d", name, len(s))
		for _, p := range percentiles {
			fmt.Fprintf(b, " %8s", millis(percentile(s, p)))
		}
		b.WriteByte('\n')
	}
	shown := 0
	for _, k := range Kinds {
		if len(samples[k]) == 0 {
			continue
		}
		if shown++; shown == 1 {
			fmt.Fprintf(b, "\n%s\n  %-8s %6s %8s %8s %8s %8s %8s\n", r.paint(bold, title), "", "faults", "p50", "p90", "p95", "p99", "max")
		}
		row(string(k), sorted(samples[k]))
	}
	if len(all) > 0 {
		row("all", all)
		b.WriteByte('\n')
	}
}

func seconds(d time.Duration) string {
	if d < 100*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

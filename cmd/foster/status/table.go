package status

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"foster/report"
)

// latest is how many entries of the history a Table shows.
const latest = 6

// Table writes one project at length.
func Table(w io.Writer, s report.Status, style Style) {
	write := func(format string, args ...any) {
		fmt.Fprintln(w, style.Line(fmt.Sprintf(format, args...)))
	}
	head := s.Project
	if head == "" {
		head = "foster" // it has not met its engine, and does not know yet
	}
	state := Printable(s.Health.State)
	room := style.width() - len(state) - 3
	head = cut(head, max(room/2, 16))
	fmt.Fprintf(w, "%s  %s: %s\n", style.paint(bold, head), style.paint(verdictColour(s.Health), state),
		cut(s.Health.Reason, style.width()-len([]rune(head))-len(state)-4))
	write("%s", foster(s))
	if len(s.Children) > 0 {
		fmt.Fprintln(w)
		rows := make([][]cell, 0, len(s.Children))
		for _, c := range s.Children {
			rows = append(rows, []cell{
				{c.Name, plain}, phase(c), health(c), nets(c), {restarts(s, c), plain}, {since(s, c), plain}, {recovery(s, c), plain},
			})
		}
		style.grid(w, []string{"CHILD", "PHASE", "HEALTH", "NETS", "RESTARTS", "FOR", "LAST RECOVERY"}, rows, 0, 6)
	}
	for _, c := range s.Children {
		for _, what := range concerns(s, c) {
			write("  %s: %s", c.Name, what)
		}
	}
	if r := s.Recoveries; r.Count > 0 {
		fmt.Fprintln(w)
		write("%s: median %s, 99 %% within %s, longest %s", report.Plural(r.Count, "recovery", "recoveries"), took(r.P50), took(r.P99), took(r.Max))
	}
	if n := len(s.History); n > 0 {
		fmt.Fprintln(w)
		for _, e := range s.History[max(0, n-latest):] {
			write("%s", entry(e))
		}
	}
}

// foster is the line about who tells.
func foster(s report.Status) string {
	var parts []string
	f := s.Foster
	if s.Source == report.SourceLabels {
		parts = append(parts, "as the engine has it: no foster answers")
	}
	if f.Version != "" {
		parts = append(parts, "foster "+f.Version)
	}
	if !f.Started.IsZero() {
		parts = append(parts, "up "+span(s.Now.Sub(f.Started)))
	}
	switch {
	case f.Task != "":
		parts = append(parts, "task "+f.Task)
	case f.Container != "":
		parts = append(parts, "container "+f.Container[:min(12, len(f.Container))])
	}
	if f.Parent != "" {
		parts = append(parts, "follows "+f.Parent)
	}
	if s.Source == "" && s.Stage != "opening" && !s.Engine.Stream {
		parts = append(parts, "the engine's events do not arrive")
	}
	return strings.Join(parts, ", ")
}

func phase(c report.Child) cell {
	switch {
	case c.Paused:
		return cell{"paused", yellow}
	case c.Whole:
		return cell{c.Phase, green}
	case c.Phase == "completed":
		return cell{c.Phase, plain}
	}
	return cell{c.Phase, red}
}

func health(c report.Child) cell {
	switch c.Health {
	case "none", "":
		return cell{"-", plain}
	case "healthy":
		return cell{c.Health, green}
	case "starting":
		return cell{c.Health, yellow}
	}
	return cell{c.Health, red}
}

// nets is how many attachments a child has, of how many it is to have.
func nets(c report.Child) cell {
	there := 0
	for _, a := range c.Attachments {
		if a.State == "attached" {
			there++
		}
	}
	out := cell{fmt.Sprintf("%d/%d", there, len(c.Attachments)), plain}
	if there < len(c.Attachments) {
		out.colour = red
	}
	if len(c.Attachments) == 0 {
		out.text = "-"
	}
	return out
}

func restarts(s report.Status, c report.Child) string {
	if s.Source == report.SourceLabels {
		return "-"
	}
	return fmt.Sprint(c.Restarts)
}

func since(s report.Status, c report.Child) string {
	if c.Since.IsZero() {
		return "-"
	}
	return span(s.Now.Sub(c.Since))
}

func recovery(s report.Status, c report.Child) string {
	if c.Last == nil {
		return "-"
	}
	return fmt.Sprintf("%s %s, %s ago", c.Last.Cause, took(c.Last.Down), span(s.Now.Sub(c.Last.At)))
}

// concerns are what is wrong with a child, a line for each.
func concerns(s report.Status, c report.Child) []string {
	var out []string
	if c.Fault != nil {
		out = append(out, fmt.Sprintf("%s %s ago, %s to recover", c.Fault.Cause, span(s.Now.Sub(c.Fault.At)), report.Plural(c.Fault.Attempts, "try", "tries")))
	}
	if !c.Retry.IsZero() {
		out = append(out, "next try in "+span(c.Retry.Sub(s.Now).Round(time.Second)))
	}
	if c.Waits != "" {
		out = append(out, "waits for "+c.Waits)
	}
	if c.Holder != "" {
		out = append(out, "its place is held by "+c.Holder)
	}
	for _, a := range c.Attachments {
		switch {
		case a.State == "attached":
		case a.Holder != "":
			out = append(out, fmt.Sprintf("network %s is %s, its address is held by %s", a.Network, a.State, a.Holder))
		default:
			out = append(out, fmt.Sprintf("network %s is %s", a.Network, a.State))
		}
	}
	return out
}

// entry is one fact of the timeline.
func entry(e report.Entry) string {
	text := e.At.Local().Format("15:04:05") + "  "
	if e.Child != "" {
		text += e.Child + ": "
	}
	text += e.Text
	if e.Kind == "recovered" {
		text += fmt.Sprintf(" (%s, %s)", e.Cause, took(e.Down))
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// List writes many projects, a line for each child; those without a child too.
func List(w io.Writer, all []report.Status, style Style) {
	all = slices.SortedFunc(slices.Values(all), func(a, b report.Status) int {
		return cmp.Or(strings.Compare(a.Project, b.Project), strings.Compare(a.Foster.Container, b.Foster.Container))
	})
	var rows [][]cell
	for _, s := range all {
		project, state := cell{s.Project, plain}, cell{s.Health.State, verdictColour(s.Health)}
		if s.Project == "" { // it has not met its engine, and does not know yet
			project.text = fmt.Sprintf("(foster in %.12s)", s.Foster.Container)
		}
		if len(s.Children) == 0 {
			rows = append(rows, []cell{project, state, {"-", plain}, {"-", plain}, {"-", plain}, {"-", plain}, {"-", plain}, {"-", plain}})
		}
		for _, c := range s.Children {
			rows = append(rows, []cell{
				project, state, {c.Name, plain}, phase(c), health(c), nets(c), {restarts(s, c), plain}, {since(s, c), plain},
			})
		}
	}
	style.grid(w, []string{"PROJECT", "STATE", "CHILD", "PHASE", "HEALTH", "NETS", "RESTARTS", "FOR"}, rows, 0, 2)
}

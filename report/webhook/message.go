package webhook

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"foster/report"
	"foster/state"
)

// told are the kinds of entries that are sent.
var told = []state.NoteKind{state.FaultSeen, state.Recovered, state.GaveUp, state.Held, state.Awaits, state.Left}

// isTold says whether an entry is worth a notification. Children of the project
// that wait for each other, as they do at each launch, are not.
func isTold(e report.Entry) bool {
	if e.Kind == state.Awaits.String() && e.Level == "info" {
		return false
	}
	return slices.ContainsFunc(told, func(k state.NoteKind) bool { return e.Kind == k.String() })
}

// field is one fact of a message.
type field struct {
	name  string
	value any // string, int or float64
}

// Fields are the names that a template may use, in the order of the whole body.
var Fields = names(message(report.Foster{}, "", report.Entry{}, 0))

func names(fields []field) []string {
	out := make([]string, 0, len(fields))
	for _, f := range fields {
		out = append(out, f.name)
	}
	return out
}

// message is what is told of an entry. suppressed is how many came before it
// that were not sent.
func message(f report.Foster, project string, e report.Entry, suppressed int) []field {
	return []field{
		{"summary", summary(project, e, suppressed)},
		{"project", project},
		{"child", e.Child},
		{"kind", e.Kind},
		{"level", e.Level},
		{"text", e.Text},
		{"cause", e.Cause},
		{"did", e.Did},
		{"detail", e.Detail},
		{"network", e.Network},
		{"exit_code", e.Code},
		{"attempt", e.Attempt},
		{"down_ms", e.Down},
		{"at", e.At.UTC().Format(time.RFC3339Nano)},
		{"task", f.Task},
		{"service", f.Service},
		{"node", f.Node},
		{"version", f.Version},
		{"suppressed", suppressed},
		{"id", f.Instance + "-" + strconv.FormatUint(e.Seq, 10)},
	}
}

// summary is one line for people.
func summary(project string, e report.Entry, suppressed int) string {
	who := project
	if part := cmp.Or(e.Child, e.Network); part != "" {
		who += "/" + part
	}
	line := who + ": " + e.Text
	if e.Kind == state.Recovered.String() {
		down := time.Duration(e.Down * float64(time.Millisecond)).Round(10 * time.Millisecond)
		line = fmt.Sprintf("%s: recovered after %s (%s, %s)", who, down, e.Cause, e.Did)
	}
	if e.Detail != "" {
		line += ": " + e.Detail
	}
	if suppressed > 0 {
		line += fmt.Sprintf(" (%d before it were not sent)", suppressed)
	}
	return line
}

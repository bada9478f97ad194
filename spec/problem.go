package spec

import (
	"fmt"
	"sort"
	"strings"
)

// Redacted stands for every value that must not be shown.
const Redacted = "***"

// Problem is one thing that the operator has to mend.
type Problem struct {
	// Variable is the name as the operator wrote it (LAUNCH_IMAGE_FILE, not
	// LAUNCH_IMAGE), or the path of the compose file.
	Variable string
	// Value is the offending part of the value, redacted where it may be
	// secret; "" when there is none.
	Value string
	// What is wrong, and how to Mend it.
	What, Mend string
}

// String is the problem on one line.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Variable)
	if p.Value != "" {
		b.WriteString("=")
		b.WriteString(shown(p.Value))
	}
	b.WriteString(": ")
	b.WriteString(oneLine(p.What))
	if p.Mend != "" {
		b.WriteString("; ")
		b.WriteString(oneLine(p.Mend))
	}
	return b.String()
}

// Problems is the error of this package: all that is wrong, one line each.
type Problems []Problem

// Error gives one line per problem, without a newline at the end.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// Sorted orders the problems by variable and drops repeated ones.
func (p Problems) Sorted() Problems {
	out := make(Problems, 0, len(p))
	seen := map[Problem]bool{}
	for _, problem := range p {
		if !seen[problem] {
			seen[problem] = true
			out = append(out, problem)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Variable < out[j].Variable })
	return out
}

// err is nil when there is no problem.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p.Sorted()
}

// shown quotes a value and cuts it to a length that fits on a line.
func shown(value string) string {
	const most = 120
	if runes := []rune(value); len(runes) > most {
		value = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", value)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

var _ error = Problems(nil)

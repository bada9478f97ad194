package reap

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
)

// Sort puts findings in the order of a report: by project, each with its
// containers, networks and volumes.
func Sort(found []Finding) {
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Project, b.Project), cmp.Compare(rank[a.Kind], rank[b.Kind]), strings.Compare(with(a), with(b)), strings.Compare(a.Name, b.Name))
	})
}

// with keeps the volumes of one container together.
func with(f Finding) string {
	if f.Kind == Volume {
		return f.Reason
	}
	return ""
}

var rank = map[Kind]int{Container: 0, Network: 1, Volume: 2}

// WriteTable writes a line for each finding, and one that counts them.
func WriteTable(w io.Writer, found []Finding) error {
	if len(found) > 0 {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "KIND\tNAME\tPROJECT\tPARENT\tSTATE\tPARENT GONE\tVERDICT\tREASON")
		for _, f := range found {
			name := f.Name
			if f.Kind == Volume {
				name = short(name)
			}
			fmt.Fprintln(t, strings.Join([]string{
				string(f.Kind), name, f.Project, cmp.Or(f.Parent, "-"), cmp.Or(f.State, "-"), age(f), string(f.Verdict), f.Reason,
			}, "\t"))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, summary(found))
	return err
}

// WriteJSON writes an array of findings.
func WriteJSON(w io.Writer, found []Finding) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(append([]Finding{}, found...))
}

// age is since when the last foster of what nobody has is gone, in words.
func age(f Finding) string {
	switch {
	case f.Since != nil:
		return units.HumanDuration(time.Since(*f.Since)) + " ago"
	case f.Verdict == Kept:
		return "-"
	}
	return "unknown"
}

func summary(found []Finding) string {
	var parts []string
	for _, v := range []Verdict{Orphan, Removed, Failed, Kept} {
		n := 0
		for _, f := range found {
			if f.Verdict == v {
				n++
			}
		}
		switch {
		case n == 0:
		case v == Orphan:
			parts = append(parts, counted(n, "orphan"))
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	if len(parts) == 0 {
		return "nothing here carries foster's labels"
	}
	return strings.Join(parts, ", ")
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// report is what a run has measured.
type report struct {
	Machine string `json:"machine"`
	Engine  string `json:"engine"`
	Rounds  int    `json:"rounds"`
	Lines   []line `json:"lines"`
	Paths   []path `json:"paths"`
}

// line is one measurement. Durations are in nanoseconds in JSON, other values in the unit.
type line struct {
	What     string        `json:"what"`
	Rounds   int           `json:"rounds,omitempty"`
	P50      time.Duration `json:"p50,omitempty"`
	P95      time.Duration `json:"p95,omitempty"`
	Baseline time.Duration `json:"baselineP50,omitempty"`
	Ratio    float64       `json:"ratio,omitempty"`
	Value    float64       `json:"value,omitempty"`
	Unit     string        `json:"unit,omitempty"`
	Budget   float64       `json:"budget,omitempty"` // of the ratio, else of the value; 0: none
}

// path says where the time of a recovery goes.
type path struct {
	Name  string  `json:"name"`
	Parts []stage `json:"parts"`
}

type stage struct {
	From string        `json:"from"`
	To   string        `json:"to"`
	P50  time.Duration `json:"p50"`
}

func (r *report) add(l line) { r.Lines = append(r.Lines, l) }

// versus compares a recovery with the engine's own work.
func versus(what string, got, base samples, budget float64) line {
	l := line{What: what, Rounds: len(got), P50: got.at(50), P95: got.at(95), Baseline: base.at(50), Budget: budget}
	if l.Baseline > 0 {
		l.Ratio = float64(l.P50) / float64(l.Baseline)
	}
	return l
}

// verdict is "ok" or "over", "" without a budget.
func (l line) verdict() string {
	measured := l.Value
	if l.Ratio > 0 {
		measured = l.Ratio
	}
	switch {
	case l.Budget == 0:
		return ""
	case measured > l.Budget:
		return "over"
	}
	return "ok"
}

func (r *report) print(w io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "foster bench: %s\n%s\n\n", r.Engine, r.Machine)
	rows := [][]string{{"what", "rounds", "p50", "p95", "baseline", "ratio", "budget", ""}}
	for _, l := range r.Lines {
		row := []string{l.What, "", "", "", "", "", "", l.verdict()}
		if l.Rounds > 0 {
			row[1] = fmt.Sprint(l.Rounds)
		}
		if l.P50 > 0 {
			row[2], row[3] = ms(l.P50), ms(l.P95)
		} else {
			row[2] = fmt.Sprintf("%.3g %s", l.Value, l.Unit)
		}
		if l.Baseline > 0 {
			row[4], row[5] = ms(l.Baseline), fmt.Sprintf("%.2f", l.Ratio)
		}
		if l.Budget > 0 {
			row[6] = fmt.Sprintf("%.4g %s", l.Budget, l.Unit)
			if l.Ratio > 0 {
				row[6] = fmt.Sprintf("%.2f", l.Budget)
			}
		}
		rows = append(rows, row)
	}
	align(&b, rows)
	if len(r.Paths) > 0 {
		b.WriteString("\nWhere the time goes (p50 of each part):\n")
	}
	for _, p := range r.Paths {
		parts := make([]string, 0, len(p.Parts))
		for i, s := range p.Parts {
			if i == 0 {
				parts = append(parts, s.From)
			}
			parts = append(parts, "─ "+ms(s.P50)+" →", s.To)
		}
		fmt.Fprintf(&b, "  %-16s %s\n", p.Name, strings.Join(parts, " "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }

// align writes rows as a table: the first column and the last to the left, the others to the right.
func align(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var text strings.Builder
		for i, cell := range row {
			fill := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 || i == len(row)-1 {
				cell += fill
			} else {
				cell = fill + cell
			}
			text.WriteString(cell + "  ")
		}
		b.WriteString(strings.TrimRight(text.String(), " ") + "\n")
	}
}

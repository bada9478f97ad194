package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// logsDoc is docs/logs.md: what operators may rely on.
type logsDoc struct {
	rows   []docRow
	fields map[string]string // types by name
}

// docRow is a row of a table of messages.
type docRow struct {
	message string
	pattern *regexp.Regexp
	levels  []string
	fields  []string
}

// readLogsDoc reads the tables: those that begin with "message" and the one
// that begins with "field".
var readLogsDoc = sync.OnceValues(func() (logsDoc, error) {
	doc := logsDoc{fields: map[string]string{}}
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "logs.md"))
	if err != nil {
		return doc, err
	}
	table := ""
	for line := range strings.Lines(string(raw)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case !strings.HasPrefix(line, "|"):
			table = ""
		case table == "":
			table = cells[0]
		case strings.HasPrefix(cells[0], "---"):
		case table == "field":
			doc.fields[quoted(cells[0])[0]] = cells[1]
		case table == "message":
			for _, message := range quoted(cells[0]) {
				parts := strings.Split(message, gap)
				for i := range parts {
					parts[i] = regexp.QuoteMeta(parts[i])
				}
				doc.rows = append(doc.rows, docRow{
					message: message, pattern: regexp.MustCompile("(?s)^" + strings.Join(parts, ".*") + "$"),
					levels: strings.Split(cells[1], ", "), fields: quoted(cells[2]),
				})
			}
		}
	}
	return doc, nil
})

var codes = regexp.MustCompile("`([^`]+)`")

// quoted are the words of a cell that stand as code.
func quoted(cell string) []string {
	var all []string
	for _, m := range codes.FindAllStringSubmatch(cell, -1) {
		all = append(all, m[1])
	}
	return all
}

// find is the row of a message as it stands there.
func (d logsDoc) find(message string) (docRow, bool) {
	i := slices.IndexFunc(d.rows, func(r docRow) bool { return r.message == message })
	if i < 0 {
		return docRow{}, false
	}
	return d.rows[i], true
}

// TestLogsAreDocumented: docs/logs.md has every message and every field that
// the program's source has, and none that it has not.
func TestLogsAreDocumented(t *testing.T) {
	doc, err := readLogsDoc()
	if err != nil {
		t.Fatal(err)
	}
	is := readSource(t).read()
	for _, message := range slices.Sorted(maps.Keys(is.messages)) {
		row, ok := doc.find(message)
		for _, call := range is.messages[message] {
			switch {
			case !ok:
				t.Errorf("%s: docs/logs.md has no message `%s`: add it to a table there, with its level and fields (%s)", call.at, message, strings.Join(call.fields, ", "))
			case slices.ContainsFunc(call.levels, func(l string) bool { return !slices.Contains(row.levels, l) }):
				t.Errorf("%s: docs/logs.md says that `%s` is at %s, not %s", call.at, message, row.levels, call.levels)
			}
			for _, f := range call.fields {
				if ok && !slices.Contains(row.fields, f) {
					t.Errorf("%s: docs/logs.md does not say that `%s` has the field `%s`", call.at, message, f)
				}
			}
		}
	}
	used := map[string]bool{}
	for _, row := range doc.rows {
		if _, ok := is.messages[row.message]; !ok {
			t.Errorf("docs/logs.md has a message that nothing logs: `%s`", row.message)
		}
		for _, level := range row.levels {
			if !slices.ContainsFunc(is.messages[row.message], func(c logCall) bool { return slices.Contains(c.levels, level) }) {
				t.Errorf("docs/logs.md says that `%s` may be at %s, and nothing logs it there", row.message, level)
			}
		}
		for _, f := range row.fields {
			used[f] = true
			if !slices.ContainsFunc(is.messages[row.message], func(c logCall) bool { return is.keys[c.pkg+" "+f] || slices.Contains(loggersKeys[c.pkg], f) }) {
				t.Errorf("docs/logs.md says that `%s` has the field `%s`, which no package that logs it sets", row.message, f)
			}
			if doc.fields[f] == "" {
				t.Errorf("docs/logs.md has the field `%s` with the message `%s`, and does not say what it is", f, row.message)
			}
		}
	}
	for _, f := range slices.Sorted(maps.Keys(is.fields)) {
		if doc.fields[f] != is.fields[f] {
			t.Errorf("docs/logs.md says that field `%s` is %q: want %q", f, doc.fields[f], is.fields[f])
		}
	}
	for _, f := range slices.Sorted(maps.Keys(doc.fields)) {
		if is.fields[f] == "" || !used[f] {
			t.Errorf("docs/logs.md has a field that no message has: `%s`", f)
		}
	}
}

// understood says what is wrong with a line of the log by docs/logs.md.
func (d logsDoc) understood(raw string) error {
	var line map[string]any
	if err := json.Unmarshal([]byte(raw), &line); err != nil {
		return err
	}
	message, level := fmt.Sprint(line["message"]), fmt.Sprint(line["level"])
	var best docRow // of those that fit, the one with the most words
	for _, row := range d.rows {
		if row.pattern.MatchString(message) && len(row.message) > len(best.message) {
			best = row
		}
	}
	more := slices.DeleteFunc(slices.Sorted(maps.Keys(line)), func(f string) bool {
		return f == "level" || f == "time" || f == "message" || slices.Contains(best.fields, f)
	})
	switch {
	case best.pattern == nil:
		return errors.New("docs/logs.md has no such message")
	case !slices.Contains(best.levels, level):
		return fmt.Errorf("docs/logs.md has `%s` at %s", best.message, best.levels)
	case len(more) > 0:
		return fmt.Errorf("docs/logs.md does not have %s with `%s`", more, best.message)
	}
	return nil
}

// understood checks every line of a log.
func understood(t *testing.T, log string) {
	t.Helper()
	doc, err := readLogsDoc()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(log) {
		if strings.HasPrefix(line, "{") {
			if err := doc.understood(line); err != nil {
				t.Errorf("%v: %s", err, line)
			}
		}
	}
}

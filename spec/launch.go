package spec

import (
	"fmt"
	"strings"

	"github.com/compose-spec/compose-go/v2/template"
)

// launch turns the LAUNCH_* variables into a Compose document. Each variable
// adds its own piece, so that an error which only compose-go finds can be
// traced to the variable that caused it (see blame).
type launch struct {
	env      Env
	lookup   template.Mapping // for ${…}
	blind    bool             // lookup lacks variables: judge no value with ${…}
	child    string           // the service's name
	pieces   []piece
	problems Problems
	warnings []string
}

// piece is what one variable puts into the document.
type piece struct {
	variable string
	put      func(*document)
}

// document is a Compose document with one service.
type document struct {
	service, networks, volumes map[string]any
}

// word is one value: as the operator wrote it, for messages, and interpolated.
type word struct {
	raw, value string
	number     int // in its list, from 1
}

// read goes through all variables; afterwards pieces, problems and warnings
// are complete.
func (l *launch) read() {
	l.general()
	l.isolation()
	l.resources()
	l.surroundings()
	l.storage()
	l.networking()
	l.services()
}

// build puts pieces together into what compose-go loads.
func (l *launch) build(pieces []piece) map[string]any {
	doc := &document{service: map[string]any{}, networks: map[string]any{}, volumes: map[string]any{}}
	for _, p := range pieces {
		p.put(doc)
	}
	out := map[string]any{"services": map[string]any{l.child: doc.service}}
	if len(doc.networks) > 0 {
		out["networks"] = doc.networks
	}
	if len(doc.volumes) > 0 {
		out["volumes"] = doc.volumes
	}
	return out
}

// add gives the document a piece of the named variable.
func (l *launch) add(variable string, put func(*document)) {
	l.pieces = append(l.pieces, piece{variable, put})
}

// set is add for one attribute of the service.
func (l *launch) set(variable, attribute string, value any) {
	l.add(variable, func(d *document) { d.service[attribute] = value })
}

// text reads a variable with one value; ok is false when it is unset, or bad
// and already reported.
func (l *launch) text(variable string) (w word, ok bool) {
	raw, ok := l.env.Lookup(variable)
	if !ok {
		return word{}, false
	}
	return l.interpolate(variable, word{raw: strings.TrimSpace(raw)})
}

// list reads a variable with many values, leaving out those that are bad.
func (l *launch) list(variable string) []word {
	raw, ok := l.env.Lookup(variable)
	if !ok {
		return nil
	}
	split, err := splitWords(raw)
	if err != nil {
		l.problem(variable, word{raw: raw}, err.Error(), "close it, or put the other kind of quotes around the whole word to keep the quote itself")
		return nil
	}
	var words []word
	for i, s := range split {
		w := word{raw: s, number: i + 1}
		if variable == "LAUNCH_ENVIRONMENTS" {
			w.raw = strings.ReplaceAll(s, "@_@", " ")
		}
		if w, ok := l.interpolate(variable, w); ok {
			words = append(words, w)
		}
	}
	return words
}

// interpolate fills in ${…} as Compose does. It happens word by word, after
// the split: what a variable brings in never makes two words of one.
func (l *launch) interpolate(variable string, w word) (word, bool) {
	if l.blind && strings.Contains(w.raw, "$") {
		return word{}, false
	}
	value, err := template.Substitute(w.raw, l.lookup)
	if err != nil {
		what := "an invalid ${…} in it"
		if strings.Contains(w.raw, ":?") || strings.Contains(w.raw, "?") {
			what = "a ${…} in it is malformed, or demands a variable that is not set"
		}
		l.problem(variable, w, what, "write ${NAME}, ${NAME:-default}, or $$ for a dollar sign")
		return word{}, false
	}
	w.value = value
	return w, true
}

// boolean reads a string-valued boolean, false when unset or bad.
func (l *launch) boolean(variable string) bool {
	w, ok := l.text(variable)
	if !ok {
		return false
	}
	b, err := ParseBool(w.value)
	if err != nil {
		l.problem(variable, w, err.Error(), "write true or false")
	}
	return b
}

// problem reports a value. Of a secret only what is no secret is shown: the
// name before '=', or where the word stands.
func (l *launch) problem(variable string, w word, what, mend string) {
	l.problems = append(l.problems, Problem{l.env.Origin(variable), l.show(variable, w), what, mend})
}

func (l *launch) show(variable string, w word) string {
	fromFile := l.env.Origin(variable) != variable
	switch variable {
	case "LAUNCH_ENVIRONMENTS", "LAUNCH_LABELS":
		if name, _, ok := strings.Cut(w.raw, "="); ok && !fromFile && w.number > 0 {
			return name + "=" + Redacted
		}
		fromFile = true
	case "LAUNCH_COMMAND":
		if program, _, ok := strings.Cut(w.raw, " "); ok && !fromFile {
			return program + " " + Redacted
		}
	}
	switch {
	case !fromFile:
		return w.raw
	case w.number > 0:
		return fmt.Sprintf("%s (word %d)", Redacted, w.number)
	default:
		return Redacted
	}
}

func (l *launch) warn(format string, args ...any) {
	l.warnings = append(l.warnings, fmt.Sprintf(format, args...))
}

// values are the words as compose-go takes a list.
func values(words []word) []any {
	out := make([]any, len(words))
	for i, w := range words {
		out[i] = w.value
	}
	return out
}

// checked drops the words that a check refuses and reports each.
func (l *launch) checked(variable string, check func(string) error, mend string) []word {
	var good []word
	for _, w := range l.list(variable) {
		if err := check(w.value); err != nil {
			l.problem(variable, w, err.Error(), mend)
			continue
		}
		good = append(good, w)
	}
	return good
}

// setList puts checked words into one attribute of the service.
func (l *launch) setList(variable, attribute string, check func(string) error, mend string) {
	if words := l.checked(variable, check, mend); len(words) > 0 {
		l.set(variable, attribute, values(words))
	}
}

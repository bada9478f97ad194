package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/template"

	"foster/report"
)

// The templates that have a name.
var presets = map[string]string{
	"slack":   `{"text": "${summary}"}`,
	"discord": `{"content": "${summary}"}`,
}

// Body makes the JSON of notifications.
type Body struct{ template string }

// ParseBody reads a template: JSON with ${name} for the fields of a message, or
// "slack" or "discord"; "" is all fields. A string's value is put in escaped, so
// ${…} of a text belongs between quotes. $$ is a dollar sign. It is tried with
// values that a naive template breaks on, and without them. The error names
// what is wrong.
func ParseBody(text string) (Body, error) {
	if preset, ok := presets[text]; ok {
		text = preset
	}
	b := Body{text}
	if text == "" {
		return b, nil
	}
	full := map[string]string{}
	for _, f := range message(report.Foster{}, "", report.Entry{}, 0) {
		full[f.name] = escaped(sample(f.value))
	}
	if err := b.try(full); err != nil {
		return Body{}, err
	}
	empty := map[string]string{}
	for _, f := range message(report.Foster{}, "", report.Entry{}, 0) {
		empty[f.name] = escaped(zero(f.value))
	}
	if err := b.try(empty); err != nil {
		return Body{}, err
	}
	asked := b.asked()
	if len(asked) > askedMost {
		return Body{}, fmt.Errorf("asks of more than %d fields whether they are empty", askedMost)
	}
	for some := range 1 << len(asked) {
		mixed := maps.Clone(full)
		for i, name := range asked {
			if some&(1<<i) != 0 {
				mixed[name] = empty[name]
			}
		}
		if err := b.try(mixed); err != nil {
			return Body{}, err
		}
	}
	return b, nil
}

// try says what is wrong with the template when its fields have these values.
func (b Body) try(values map[string]string) error {
	var unknown []string
	out, err := b.fill(func(name string) (string, bool) {
		value, known := values[name]
		if !known {
			unknown = append(unknown, name)
		}
		return value, true
	})
	var missing *template.MissingRequiredError
	switch {
	case len(unknown) > 0:
		return fmt.Errorf("has no field ${%s}: there are %s", unknown[0], strings.Join(Fields, ", "))
	case errors.As(err, &missing):
		return fmt.Errorf("wants a ${%s} always, and a message may have none: write ${%s:-…}", missing.Variable, missing.Variable)
	case err != nil:
		return errors.New("is not a template: a $ that begins no ${name} is written $$")
	case !json.Valid([]byte(out)):
		return fmt.Errorf("is not JSON once its fields are filled in: %w", syntax(out))
	}
	return nil
}

// askedMost is how many fields a template may ask whether they are empty: every
// combination is tried.
const askedMost = 8

// condition begins with ${name:- and the like: what stands there depends on
// whether the field is empty.
var condition = regexp.MustCompile(`\$\{(\w+):`)

// asked are the fields that the template has conditions on.
func (b Body) asked() []string {
	var names []string
	for _, m := range condition.FindAllStringSubmatch(b.template, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// sample is a value of a field's type that a naive template breaks on. A text
// begins with what goes on no escape, a number has a point where it may.
func sample(value any) any {
	switch value.(type) {
	case int:
		return 1
	case float64:
		return 1.5
	}
	return "x \"quoted\"\n\\ text"
}

// zero is the empty value of a field's type.
func zero(value any) any {
	switch value.(type) {
	case int:
		return 0
	case float64:
		return 0.0
	}
	return ""
}

func syntax(text string) error {
	var v any
	return json.Unmarshal([]byte(text), &v)
}

// of is the JSON of one message.
func (b Body) of(fields []field) ([]byte, error) {
	if b.template == "" {
		var out strings.Builder
		out.WriteByte('{')
		for i, f := range fields {
			if i > 0 {
				out.WriteByte(',')
			}
			fmt.Fprintf(&out, "%q:%s", f.name, quoted(f.value))
		}
		out.WriteByte('}')
		return []byte(out.String()), nil
	}
	out, err := b.fill(func(name string) (string, bool) {
		for _, f := range fields {
			if f.name == name {
				return escaped(f.value), true
			}
		}
		return "", false
	})
	if err != nil {
		return nil, fmt.Errorf("fill in the template: %w", err)
	}
	return []byte(out), nil
}

func (b Body) fill(value template.Mapping) (string, error) {
	return template.SubstituteWithOptions(b.template, value, template.WithoutLogging)
}

// quoted is a value in JSON.
func quoted(value any) string {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // it is no page, and people read it
	if err := enc.Encode(value); err != nil {
		return `""` // texts and numbers only: it cannot be
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// escaped is a value as it stands inside of a JSON text, or alone.
func escaped(value any) string {
	q := quoted(value)
	if _, text := value.(string); text {
		return q[1 : len(q)-1]
	}
	return q
}

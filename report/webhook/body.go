package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
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
// ${…} of a text belongs between quotes. $$ is a dollar sign. The error names
// what is wrong.
func ParseBody(text string) (Body, error) {
	if preset, ok := presets[text]; ok {
		text = preset
	}
	b := Body{text}
	if text == "" {
		return b, nil
	}
	var unknown []string
	// Values that a naive template breaks on.
	out, err := b.fill(func(name string) (string, bool) {
		if !slices.Contains(Fields, name) {
			unknown = append(unknown, name)
		}
		return escaped(sample(name)), true
	})
	switch {
	case err != nil:
		return Body{}, errors.New("is not a template: a $ that begins no ${name} is written $$")
	case len(unknown) > 0:
		return Body{}, fmt.Errorf("has no field ${%s}: there are %s", unknown[0], strings.Join(Fields, ", "))
	case !json.Valid([]byte(out)):
		return Body{}, fmt.Errorf("is not JSON once its fields are filled in: %w", syntax(out))
	}
	return b, nil
}

// sample is a value for a field to try a template with.
func sample(name string) any {
	for _, f := range message(report.Foster{}, "", report.Entry{}, 0) {
		if _, text := f.value.(string); f.name == name && !text {
			return 1
		}
	}
	return "a \"quoted\"\n\\ text"
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

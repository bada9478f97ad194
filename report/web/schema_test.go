package web

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"foster/report"
	"foster/state"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/status.md")

const (
	schemaFile  = "../../docs/status.schema.json"
	statusDocs  = "../../docs/status.md"
	fieldsStart = "<!-- fields: generated from status.schema.json, see report/web/schema_test.go -->\n"
	fieldsEnd   = "<!-- end of fields -->\n"
)

// schema is what docs/status.schema.json says.
type schema struct {
	Defs map[string]struct {
		Description string
		Properties  map[string]property
		Required    []string
	} `json:"$defs"`
}

type property struct {
	Type        string
	Format      string
	Ref         string `json:"$ref"`
	Description string
	Items       *property
}

func readSchema(t *testing.T) (s schema) {
	t.Helper()
	raw, err := os.ReadFile(schemaFile)
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// words is the type of a value in a table.
func (p property) words() string {
	switch {
	case p.Ref != "":
		return strings.TrimPrefix(p.Ref, "#/$defs/")
	case p.Items != nil:
		return "list of " + p.Items.words()
	case p.Format == "date-time":
		return "time"
	}
	return p.Type
}

// wordsOf is the same of a Go type.
func wordsOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return wordsOf(t.Elem())
	case reflect.Slice:
		return "list of " + wordsOf(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return "time"
		}
		return t.Name()
	case reflect.Map:
		return "object"
	case reflect.Bool:
		return "boolean"
	case reflect.Float64:
		return "number"
	case reflect.String:
		return "string"
	}
	return "integer"
}

// structs lists a type and those within it, in the order of their fields.
func structs(t reflect.Type, found []reflect.Type) []reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() || slices.Contains(found, t) {
		return found
	}
	found = append(found, t)
	for i := range t.NumField() {
		found = structs(t.Field(i).Type, found)
	}
	return found
}

// TestSchema: the schema has the fields of the code and no others, with their
// types, and requires those that are always there; so have the tables, which
// `go test ./report/web -run Schema -update` makes of it.
func TestSchema(t *testing.T) {
	s := readSchema(t)
	types := structs(reflect.TypeFor[report.Status](), nil)
	var b strings.Builder
	for _, typ := range types {
		def, ok := s.Defs[typ.Name()]
		if !ok {
			t.Errorf("the schema does not have %s", typ.Name())
			continue
		}
		fmt.Fprintf(&b, "## %s\n\n%s\n\n| field | type | there | meaning |\n|---|---|---|---|\n", typ.Name(), def.Description)
		for i := range typ.NumField() {
			name, option, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			p, ok := def.Properties[name]
			if !ok || p.Description == "" || p.words() != wordsOf(typ.Field(i).Type) {
				t.Errorf("%s.%s is a %s, in the schema (there: %t) it is a %s: %s", typ.Name(), name, wordsOf(typ.Field(i).Type), ok, p.words(), p.Description)
			}
			always := "always"
			if option != "" {
				always = ""
			}
			if slices.Contains(def.Required, name) != (always != "") {
				t.Errorf("%s.%s: the schema requires it, or does not, and the code does the other", typ.Name(), name)
			}
			delete(def.Properties, name)
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, p.words(), always, p.Description)
		}
		for name := range def.Properties {
			t.Errorf("%s.%s is in the schema alone", typ.Name(), name)
		}
		b.WriteByte('\n')
	}
	if len(types) != len(s.Defs) {
		t.Errorf("the schema has %d types, the code %d", len(s.Defs), len(types))
	}
	raw, err := os.ReadFile(statusDocs)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(raw), fieldsStart)
	got, after, ok2 := strings.Cut(rest, fieldsEnd)
	if !ok || !ok2 {
		t.Fatal("docs/status.md has no marks for the tables")
	}
	if *update {
		if err := os.WriteFile(statusDocs, []byte(before+fieldsStart+b.String()+fieldsEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != b.String() {
		t.Error("the tables of docs/status.md are not the schema's (-update writes them anew)")
	}
}

// names are those of a state's enumeration from 0 on.
func names[T interface {
	~int
	fmt.Stringer
}]() []string {
	var found []string
	for i := 0; !strings.HasPrefix(T(i).String(), "?"); i++ {
		found = append(found, T(i).String())
	}
	return found
}

// TestSchemaWords: the words that a field may have are all described.
func TestSchemaWords(t *testing.T) {
	s := readSchema(t)
	for field, words := range map[string][]string{
		"Status.stage": names[state.Stage](), "Child.phase": names[state.Phase](), "Child.health": names[state.Health](),
		"Attachment.state": names[state.AttachState](), "Network.state": names[state.NetState](),
		"Entry.kind": append(names[state.NoteKind](), report.KindStage),
		"Entry.did":  {state.DidNothing, state.DidRecreate, state.DidReattach, state.DidBoth},
	} {
		typ, name, _ := strings.Cut(field, ".")
		text := s.Defs[typ].Properties[name].Description
		for _, w := range words {
			if !strings.Contains(text, "`"+w+"`") {
				t.Errorf("%s: %q is not described", field, w)
			}
		}
		if len(words) < 4 {
			t.Errorf("%s has the words %v only", field, words)
		}
	}
}

// TestSchemaValidates: real answers are as the schema says.
func TestSchemaValidates(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	valid, err := compiler.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	within(t, Options{}, func(w *world) {
		check := func(what string) {
			document, err := jsonschema.UnmarshalJSON(w.ask("GET", "/status", nil).Body)
			if err == nil {
				err = valid.Validate(document)
			}
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			document.(map[string]any)["children"] = "none"
			if valid.Validate(document) == nil {
				t.Errorf("%s: the schema takes anything", what)
			}
		}
		check("at the beginning")
		w.step(func(s *state.State) {
			died(s)
			s.Children[0].Fault = state.Fault{Cause: "died", At: time.Now(), Attempts: 1}
		}, fault)
		check("with a fault")
		w.step(whole, state.Note{Kind: state.Recovered, Child: "web", Cause: "died", Did: state.DidRecreate, Down: time.Second})
		check("recovered")
	})
}

package spec

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// Fate is what becomes of an attribute of a compose file.
type Fate string

// The fates.
const (
	// Applied as docker compose applies it, or as the note says.
	Applied Fate = "applied"
	// Refused by name; the note is the way out.
	Refused Fate = "refused"
	// NoEffect: docker compose takes it and does nothing with it for a
	// stand-alone container. So does foster, with a warning.
	NoEffect Fate = "no effect"
	// unwritable: no document can hold it. Compose-go fills it in itself, or
	// has it in a type that it shares with another attribute.
	unwritable Fate = "unwritable"
)

// Attribute is what foster does with one attribute of a compose file, and with
// everything below it.
type Attribute struct {
	// Path is where it stands: * is any key of a mapping, [] any item of a list.
	Path string
	Fate Fate
	Note string

	// quiet is the value that NoEffect says nothing about, because it asks for
	// what is so anyway, or compose-go fills it in.
	quiet string
}

// Attributes are all that compose-go knows, in the order of the documentation.
// What the program refuses and warns about is read from this table.
var Attributes = slices.Concat(serviceAttributes, deployAttributes, objectAttributes)

var attributeByPath = func() map[string]Attribute {
	table := map[string]Attribute{}
	for _, a := range Attributes {
		table[a.Path] = a
	}
	return table
}()

// inspection is one walk through a document.
type inspection struct {
	where    string
	project  string
	warnings []string
	problems Problems
}

// inspectAttributes finds what the document sets that is refused or has no
// effect. An attribute that the table does not have is refused: to leave it out
// in silence would launch something else than what is written.
func inspectAttributes(doc *types.Project, where string) ([]string, Problems) {
	in := &inspection{where: where, project: doc.Name}
	in.visit("", "", reflect.ValueOf(*doc))
	return in.warnings, in.problems
}

// visit looks at one value; pattern is its path in the table, at the one in the
// document.
func (in *inspection) visit(pattern, at string, v reflect.Value) {
	if isUnset(v) {
		return
	}
	if a, ok := attributeByPath[pattern]; ok {
		in.met(a, at, reflect.Indirect(v))
		return
	}
	v = reflect.Indirect(v)
	switch {
	case v.Kind() == reflect.Struct:
		for name, field := range attributeFields(v.Type()) {
			in.visit(join(pattern, name), join(at, name), v.FieldByIndex(field.Index))
		}
	case v.Kind() == reflect.Map && isStruct(v.Type().Elem()):
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, key := range keys {
			in.visit(join(pattern, "*"), join(at, key.String()), v.MapIndex(key))
		}
	case v.Kind() == reflect.Slice && isStruct(v.Type().Elem()):
		for i := range v.Len() {
			in.visit(pattern+"[]", at+"["+strconv.Itoa(i)+"]", v.Index(i))
		}
	default:
		in.problems = append(in.problems, Problem{in.where, at, "foster does not know this attribute", "remove it"})
	}
}

func (in *inspection) met(a Attribute, at string, v reflect.Value) {
	switch a.Fate {
	case Refused:
		in.problems = append(in.problems, Problem{in.where, at, "foster cannot apply this attribute", a.Note})
	case NoEffect:
		if v.Kind() != reflect.Struct && in.isQuiet(a, at, fmt.Sprint(v.Interface())) {
			return
		}
		in.warnings = append(in.warnings, in.where+": "+at+" has no effect: "+a.Note)
	}
}

// isQuiet: compose-go names objects that have no name of their own.
func (in *inspection) isQuiet(a Attribute, at, value string) bool {
	if key, ok := strings.CutSuffix(at, ".name"); ok && a.quiet == "" {
		_, key, _ = strings.Cut(key, ".")
		return value == in.project+"_"+key
	}
	return a.quiet != "" && value == a.quiet
}

// isUnset: a pointer that is there is set, whatever it points at.
func isUnset(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Map, reflect.Slice:
		return v.Len() == 0
	}
	return v.IsZero()
}

func isStruct(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}

// attributeFields are the fields of a type that a document has, by name and in
// the type's order; those of embedded types are its own.
func attributeFields(t reflect.Type) func(yield func(string, reflect.StructField) bool) {
	return func(yield func(string, reflect.StructField) bool) {
		for _, field := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			if name == "" {
				name = strings.ToLower(field.Name)
			}
			extension := field.Type == reflect.TypeFor[types.Extensions]()
			if field.Anonymous || !field.IsExported() || extension || name == "-" {
				continue
			}
			if !yield(name, field) {
				return
			}
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// AttributesTable is the table of the documentation.
func AttributesTable() string {
	var b strings.Builder
	titles := map[string]string{
		"services.*.": "Services", "networks.*.": "Networks", "volumes.*.": "Volumes", "secrets.*.": "Secrets", "configs.*.": "Configs",
	}
	section := ""
	for _, a := range Attributes {
		path, title := a.Path, "The document"
		for _, prefix := range slices.Sorted(maps.Keys(titles)) {
			if rest, ok := strings.CutPrefix(a.Path, prefix); ok {
				path, title = rest, titles[prefix]
			}
		}
		if a.Fate == unwritable {
			continue
		}
		if title != section {
			section = title
			fmt.Fprintf(&b, "\n### %s\n\n| attribute | foster | |\n|---|---|---|\n", title)
		}
		fate := string(a.Fate)
		if a.Fate == Refused {
			fate = "**refused**"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", path, fate, a.Note)
	}
	return b.String() + "\n"
}

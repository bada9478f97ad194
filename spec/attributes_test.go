package spec

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v4"
)

// TestAttributesAreKnown: every field that compose-go has for a document has an
// entry, or is below one, and every entry has a field.
func TestAttributesAreKnown(t *testing.T) {
	seen := map[string]bool{}
	var walk func(pattern string, of reflect.Type)
	walk = func(pattern string, of reflect.Type) {
		if a, ok := attributeByPath[pattern]; ok {
			seen[pattern] = true
			switch a.Fate {
			case Applied, unwritable:
			case Refused, NoEffect:
				if a.Note == "" {
					t.Errorf("%s: no note", pattern)
				}
			default:
				t.Errorf("%s: fate %q", pattern, a.Fate)
			}
			return
		}
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		switch {
		case of.Kind() == reflect.Struct:
			for name, field := range attributeFields(of) {
				walk(join(pattern, name), field.Type)
			}
		case of.Kind() == reflect.Map && isStruct(of.Elem()):
			walk(join(pattern, "*"), of.Elem())
		case of.Kind() == reflect.Slice && isStruct(of.Elem()):
			walk(pattern+"[]", of.Elem())
		default:
			t.Errorf("%s has no entry", pattern)
		}
	}
	walk("", reflect.TypeFor[types.Project]())
	for _, a := range Attributes {
		if !seen[a.Path] {
			t.Errorf("%s is no field, or below another entry", a.Path)
		}
	}
	if len(seen) != len(Attributes) || len(seen) < 200 {
		t.Errorf("%d entries, %d of them different and met", len(Attributes), len(seen))
	}
}

// TestUnknownAttribute: a field that the table does not have is refused.
func TestUnknownAttribute(t *testing.T) {
	const path = "services.*.tty"
	kept := attributeByPath[path]
	delete(attributeByPath, path)
	defer func() { attributeByPath[path] = kept }()
	_, err := loadFile(t, "services:\n  web: {image: x, tty: true}\n")
	if problems := Problems(nil); !errors.As(err, &problems) || len(problems) != 1 || problems[0].Value != "services.web.tty" {
		t.Errorf("%v", err)
	}
}

// TestAttributesAreTrue proves each entry with a document that has the attribute
// and one that does not.
func TestAttributesAreTrue(t *testing.T) {
	dir := t.TempDir()
	for name, text := range sampleFiles {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	unused := maps.Clone(samples)
	for _, a := range Attributes {
		s, ok := samples[a.Path]
		delete(unused, a.Path)
		if !ok {
			name := strings.TrimPrefix(a.Path, "services.*.")
			value, known := plainSamples[name]
			if !known {
				t.Errorf("%s has no sample", a.Path)
				continue
			}
			if rest, inDeploy := strings.CutPrefix(name, "deploy."); inDeploy {
				s.service = "deploy: {" + rest + ": " + value + "}"
			} else {
				s.service = name + ": " + value
			}
			if name == "image" {
				s.other = "y"
			}
		}
		t.Run(a.Path, func(t *testing.T) { prove(t, a, s, dir) })
	}
	for path := range unused {
		t.Errorf("sample of %s, which has no entry", path)
	}
}

func prove(t *testing.T, a Attribute, s sample, dir string) {
	without := s.tree(t, dir)
	if !replace(without, strings.Split(strings.ReplaceAll(a.Path, "[]", ".[]"), "."), s.value(t, dir)) && a.Fate != unwritable {
		t.Fatalf("the sample does not have it: %v", without)
	}
	with, errWith := loadTree(t, s.tree(t, dir))
	plain, errPlain := loadTree(t, without)
	if a.Fate == unwritable {
		if errWith == nil {
			t.Errorf("it can be written")
		}
		return
	}
	if errPlain != nil {
		if a.Path != "services.*.env_file[].required" && (a.Fate != Refused || s.other != "NONE") {
			t.Fatalf("without it: %v", errPlain)
		}
		plain = &Result{}
	}
	problems := Problems{}
	if errWith != nil && !errors.As(errWith, &problems) {
		t.Fatal(errWith)
	}
	names := func(text string) bool { return namesAttribute(text, a.Path) }
	switch a.Fate {
	case Refused:
		if len(problems) == 0 || !slices.ContainsFunc(problems, func(p Problem) bool { return names(p.Value+" ") && p.Mend == a.Note }) {
			t.Errorf("refused with %v", errWith)
		}
	case Applied:
		if errWith != nil {
			t.Fatal(errWith)
		}
		if made(t, with) == made(t, plain) {
			t.Errorf("changes nothing")
		}
		if slices.ContainsFunc(with.Warnings, names) {
			t.Errorf("warns: %q", with.Warnings)
		}
	case NoEffect:
		if errWith != nil {
			t.Fatal(errWith)
		}
		if made(t, with) != made(t, plain) {
			t.Errorf("has an effect:\n%s\n%s", made(t, with), made(t, plain))
		}
		if !slices.ContainsFunc(with.Warnings, names) || slices.ContainsFunc(plain.Warnings, names) {
			t.Errorf("warnings with it %q, without %q", with.Warnings, plain.Warnings)
		}
	}
}

// namesAttribute: a text has the path with keys and indices filled in.
func namesAttribute(text, path string) bool {
	for _, key := range []string{"web", "n", "v", "s", "c"} {
		concrete := strings.Replace(strings.ReplaceAll(path, "[]", "[0]"), "*", key, 1)
		if strings.Contains(text, concrete+" ") {
			return true
		}
	}
	return false
}

// tree is the whole document of a sample.
func (s sample) tree(t *testing.T, dir string) map[string]any {
	t.Helper()
	doc, service := map[string]any{}, map[string]any{"image": "x"}
	for text, into := range map[string]map[string]any{s.service: service, s.rest: doc} {
		if err := yaml.Unmarshal([]byte(strings.ReplaceAll(text, "DIR", dir)), &into); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	doc["services"] = map[string]any{"web": service, "other": map[string]any{"image": "y"}}
	return doc
}

// value is what takes the attribute's place, nil for nothing.
func (s sample) value(t *testing.T, dir string) (v any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(s.other, "DIR", dir)), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// replace puts a value, or nothing, in place of what is at a path, and says
// whether there was something. NONE takes away all around it.
func replace(node any, path []string, value any) bool {
	switch n := node.(type) {
	case map[string]any:
		if len(path) == 1 || value == "NONE" && len(path) == 2 {
			key := path[0]
			if key == "*" {
				clear(n)
				return true
			}
			_, there := n[key]
			if value == nil || value == "NONE" {
				delete(n, key)
			} else {
				n[key] = value
			}
			return there
		}
		found := false
		for key, below := range n {
			if path[0] == "*" || path[0] == key {
				found = replace(below, path[1:], value) || found
			}
		}
		return found
	case []any:
		found := false
		for _, below := range n {
			found = path[0] == "[]" && replace(below, path[1:], value) || found
		}
		return found
	}
	return false
}

func loadTree(t *testing.T, tree map[string]any) (*Result, error) {
	t.Helper()
	text, err := json.MarshalIndent(tree, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return loadFile(t, string(text), "ONE=1", "TWO=2")
}

// made is everything that becomes of a document, but for the labels that docker
// compose computes from its text and from depends_on.
func made(t *testing.T, r *Result) string {
	t.Helper()
	if r.Project == nil {
		return ""
	}
	for i := range r.Project.Children {
		c := &r.Project.Children[i]
		c.Hash = ""
		for _, label := range []string{labelComposeHash, labelComposeDependsOn, labelComposeFiles, labelComposeWorkingDir, LabelSpecHash} {
			delete(c.Config.Labels, label)
		}
	}
	for _, n := range r.Project.Networks {
		delete(n.Options.Labels, labelComposeHash)
	}
	for _, v := range r.Project.Volumes {
		delete(v.Options.Labels, labelComposeHash)
	}
	text, err := json.Marshal(r.Project)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAttributesDocumented: the table of docs/compose.md is the program's.
// `go test ./spec -run Attributes -update` writes it anew.
func TestAttributesDocumented(t *testing.T) {
	const path, begin, end = "../docs/compose.md", "<!-- attributes -->\n", "<!-- /attributes -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, okBegin := strings.Cut(string(text), begin)
	table, after, okEnd := strings.Cut(rest, end)
	if !okBegin || !okEnd {
		t.Fatalf("no markers in %s", path)
	}
	want := AttributesTable()
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if table != want {
		t.Errorf("the table in %s is not the program's (-update writes it anew)", path)
	}
}

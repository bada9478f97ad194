package compose_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// difference is one place where two trees of JSON are not equal. A value that is
// not there is absent.
type difference struct {
	path    string // keys and indices with '/' between, '/' in a key as '~'
	compose any
	foster  any
}

type absentType struct{}

func (absentType) String() string { return "(absent)" }

var absent = absentType{}

func (d difference) String() string {
	return fmt.Sprintf("%s: compose %s, foster %s", d.path, show(d.compose), show(d.foster))
}

func show(v any) string {
	if v == absent {
		return absent.String()
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// differences walks two trees, and goes into lists where they are equally long.
// Lists at an unordered path are compared as sets.
func differences(at string, compose, foster any, unordered func(path string) bool) []difference {
	if reflect.DeepEqual(compose, foster) {
		return nil
	}
	var out []difference
	switch a := compose.(type) {
	case map[string]any:
		b, ok := foster.(map[string]any)
		if !ok {
			break
		}
		keys := map[string]bool{}
		for _, m := range []map[string]any{a, b} {
			for key := range m {
				keys[key] = true
			}
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			out = append(out, differences(join(at, key), member(a, key), member(b, key), unordered)...)
		}
		return out
	case []any:
		b, ok := foster.([]any)
		if !ok || len(a) != len(b) {
			break
		}
		if unordered(at) {
			a, b = sorted(a), sorted(b)
		}
		for i := range a {
			out = append(out, differences(join(at, fmt.Sprint(i)), a[i], b[i], unordered)...)
		}
		return out
	}
	return []difference{{at, compose, foster}}
}

func member(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return absent
}

func join(at, key string) string {
	key = strings.ReplaceAll(key, "/", "~")
	if at == "" {
		return key
	}
	return at + "/" + key
}

func sorted(list []any) []any {
	return slices.SortedFunc(slices.Values(list), func(a, b any) int { return cmp.Compare(sortKey(a), sortKey(b)) })
}

// sortKey goes by where a thing is in the container, if it is a mount: its
// source may be a name that the engine made up.
func sortKey(v any) string {
	if m, ok := v.(map[string]any); ok {
		for _, key := range []string{"Target", "Destination", "Name"} {
			if s, ok := m[key].(string); ok {
				return s
			}
		}
	}
	return show(v)
}

// match compares a path with a pattern in which * stands for any text but '/'.
func match(pattern, text string) bool {
	ok, err := path.Match(pattern, text)
	return ok && err == nil
}

func TestDifferences(t *testing.T) {
	parse := func(text string) (v any) {
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	compose := parse(`{"same":[1,{"x":2}],"gone":null,"list":[1,2],"set":["b","a"],"short":[1],"k/y":{"v":1},"type":{}}`)
	foster := parse(`{"same":[1,{"x":2}],"new":"","list":[1,3],"set":["a","b"],"short":[1,2],"k/y":{"v":true},"type":[]}`)
	got := differences("", compose, foster, func(path string) bool { return path == "set" })
	want := []string{
		"gone: compose null, foster (absent)",
		"k~y/v: compose 1, foster true",
		"list/1: compose 2, foster 3",
		`new: compose (absent), foster ""`,
		"short: compose [1], foster [1,2]",
		"type: compose {}, foster []",
	}
	var lines []string
	for _, d := range got {
		lines = append(lines, d.String())
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if !match("x */*/c", "x a/b/c") || match("a/*", "a/b/c") || match("a/*/c", "a/b/d") {
		t.Error("patterns")
	}
}

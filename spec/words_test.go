package spec

import (
	"reflect"
	"strings"
	"testing"
)

func TestSplitWords(t *testing.T) {
	for in, want := range map[string][]string{
		``:                               nil,
		"  \t\n ":                        nil,
		`a b`:                            {"a", "b"},
		" a  b\n":                        {"a", "b"},
		`"REGION=US Chicago" B=1`:        {"REGION=US Chicago", "B=1"},
		`'REGION=US Chicago'`:            {"REGION=US Chicago"},
		`A="b c" D='e f'`:                {"A=b c", "D=e f"},
		`A="b c"d' e'`:                   {"A=b cd e"},
		`A=""`:                           {"A="},
		`""`:                             {""},
		`"it's here" 'say "hi"'`:         {"it's here", `say "hi"`},
		`CONFIG={"a":1} MSG=it's`:        {`CONFIG={"a":1}`, `MSG=it's`},
		`A=b="c`:                         {`A=b="c`},
		`RULE=Host(` + "`x.org`)":        {"RULE=Host(`x.org`)"},
		`C:\dir\ D`:                      {`C:\dir\`, "D"},
		`"/a b":/c:ro`:                   {"/a b:/c:ro"},
		`A=ü"x" B="ü ö"`:                 {`A=ü"x"`, "B=ü ö"},
		`--label="a b" --opt="c"tail'x'`: {"--label=a b", "--opt=ctailx"},
	} {
		got, err := splitWords(in)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("splitWords(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{`"`, `A="b`, `'x y`, `"a" 'b`, `A='b"`} {
		if got, err := splitWords(in); err == nil {
			t.Errorf("splitWords(%q) = %q, want an error", in, got)
		}
	}
}

func FuzzSplitWords(f *testing.F) {
	for _, s := range []string{`a b`, `"REGION=US Chicago" B=1`, `A="b c"d' e'`, `A="`, `CONFIG={"a":1}`, "ü \x00 '"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		words, err := splitWords(s)
		if err != nil {
			if !strings.ContainsAny(s, `"'`) {
				t.Errorf("%q has no quote to be open", s)
			}
			return
		}
		if !strings.ContainsAny(s, `"'`) && len(words) != len(strings.FieldsFunc(s, isBlank)) {
			t.Errorf("%q without quotes is %d words", s, len(words))
		}
		// What was split can be quoted and split again.
		var quoted []string
		for _, w := range words {
			if strings.Contains(w, `"`) {
				return
			}
			quoted = append(quoted, `"`+w+`"`)
		}
		again, err := splitWords(strings.Join(quoted, " "))
		if err != nil || len(again)+len(words) > 0 && strings.Join(again, "\x01") != strings.ToValidUTF8(strings.Join(words, "\x01"), "\uFFFD") {
			t.Errorf("%q -> %q -> %q, %v", s, words, again, err)
		}
	})
}

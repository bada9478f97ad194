package spec

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// shortest is the length from which a value may be a secret; less than this
// would match anywhere.
const shortest = 4

// withoutValues is a message of compose-go with ${NAME} in place of what ${…}
// brought in: that may be a secret. What stands in the files themselves, or is
// part of their names, is shown.
func (in *input) withoutValues(text string) string {
	text = envFileError.ReplaceAllString(text, "failed to read $1: $2 malformed")
	names := maps.Clone(in.brought)
	if names == nil {
		names = map[string]string{}
	}
	for name, value := range in.environment {
		if _, known := names[value]; !known && len(in.files) > 0 && !in.written(value) {
			names[value] = name
		}
	}
	type needle struct{ text, name string }
	var needles []needle
	for value, name := range names {
		if len(value) < shortest {
			continue
		}
		quoted := strconv.Quote(value)
		for _, form := range []string{value, strings.ToLower(value), quoted[1 : len(quoted)-1]} {
			needles = append(needles, needle{form, name})
		}
	}
	slices.SortFunc(needles, func(a, b needle) int {
		return cmp.Or(len(b.text)-len(a.text), strings.Compare(a.text, b.text), strings.Compare(a.name, b.name))
	})
	var pairs []string
	for _, n := range needles {
		pairs = append(pairs, n.text, "${"+n.name+"}")
	}
	return in.withoutParts(strings.NewReplacer(pairs...).Replace(text))
}

// withoutParts takes out pieces of the values too: a message may name the
// half of a value behind a colon.
func (in *input) withoutParts(text string) string {
	if len(in.brought) == 0 || len(in.files) == 0 {
		return text
	}
	values := strings.Join(slices.Collect(maps.Keys(in.brought)), "\x00")
	values += "\x00" + strings.ToLower(values)
	names := slices.Collect(maps.Values(in.brought))
	return piece4.ReplaceAllStringFunc(text, func(p string) string {
		if strings.Contains(values, p) && !slices.Contains(names, p) && !in.written(p) {
			return Redacted
		}
		return p
	})
}

var (
	// piece4 is what may be a part of a value, from four characters on.
	piece4 = regexp.MustCompile(`[^\s'"` + "`" + `,;:/=|(){}\[\]<>@\\$]{4,}`)
	// envFileError is the parser's, which quotes the line.
	envFileError = regexp.MustCompile(`(?s)failed to read ([^"]+?): (line \d+)?.*`)
)

// written says that the operator wrote this text into a compose file, or into
// the name of one.
func (in *input) written(text string) bool {
	for _, f := range in.files {
		if strings.Contains(f, text) {
			return true
		}
	}
	for _, s := range in.sources {
		if strings.Contains(string(s.content), text) {
			return true
		}
	}
	return false
}

// broughtSecrets are the values that ${…} brought in and whose variables are
// called like secrets. Short ones would match anywhere.
func (in *input) broughtSecrets() []string {
	const least = 6
	var out []string
	for value, name := range in.brought {
		if len(value) >= least && secretName.MatchString(name) {
			out = append(out, value)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return out
}

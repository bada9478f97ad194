package spec

import "strings"

// SplitList reads a list variable: words between white space; quotes group.
func SplitList(s string) ([]string, error) { return splitWords(s) }

// JoinList writes words so that SplitList reads them again.
func JoinList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quoteWord(w)
	}
	return strings.Join(quoted, " ")
}

// quoteWord puts quotes around what needs them: double ones, and single ones
// around each double quote.
func quoteWord(word string) string {
	if word != "" && !strings.ContainsAny(word, "\"' \t\n\r") {
		return word
	}
	return `"` + strings.ReplaceAll(word, `"`, `"'"'"`) + `"`
}

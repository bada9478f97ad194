package spec

import (
	"errors"
	"strings"
)

// errOpenQuote is a quote that groups and is never closed.
var errOpenQuote = errors.New("a quote is not closed")

// splitWords splits a list variable at white space. Single and double quotes
// group: at the start of a word ("REGION=US Chicago") or of its value, after
// the first '=' (REGION="US Chicago"); from there to the word's end further
// quotes group too, and the quotes that group are taken away. Anywhere else a
// quote is an ordinary character, as it always was in swarm-launcher, so that
// CONFIG={"a":1} and MSG=it's keep theirs. A backslash is an ordinary
// character everywhere; a quote inside the other kind of quotes is one too.
func splitWords(s string) ([]string, error) {
	var (
		words   []string
		word    strings.Builder
		quote   rune // that is open, 0 for none
		started bool // word holds a word, maybe an empty quoted one
		groups  bool // quotes group in the rest of this word
		equals  bool // the first '=' has passed
		fresh   = true
	)
	for _, r := range s {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			} else {
				word.WriteRune(r)
			}
			fresh = false
		case isBlank(r):
			if started {
				words = append(words, word.String())
			}
			word.Reset()
			started, groups, equals, fresh = false, false, false, true
		case (r == '"' || r == '\'') && (groups || fresh):
			quote, groups, started = r, true, true
		default:
			word.WriteRune(r)
			started = true
			fresh = r == '=' && !equals
			equals = equals || r == '='
		}
	}
	if quote != 0 {
		return nil, errOpenQuote
	}
	if started {
		words = append(words, word.String())
	}
	return words, nil
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }

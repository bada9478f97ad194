package actions

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What a registry asks for is kept within these; pauseUnsaid is for one that
// names no time.
const (
	pauseLeast  = time.Second
	pauseMost   = time.Hour
	pauseUnsaid = time.Minute
)

// limited are the words of a registry that limits pulls (status 429). The
// number alone is none of them: it may be a tag.
var limited = regexp.MustCompile(`(?i)toomanyrequests|too many requests|HTTP 429|status(?: code)?:? 429|rate limit|rate exceeded`)

var (
	// delayFollows are the words before a delay. The registry's header does
	// not get through the engine, but registries repeat it in their text.
	delayFollows = []*regexp.Regexp{
		regexp.MustCompile(`(?i)\bretry[-_ ]?after\b[\s:="']*`),
		regexp.MustCompile(`(?i)\b(?:again|retry|retrying|wait|resets?|expires?|available)\s+(?:in|after|for|within)\s+(?:about\s+|another\s+|at least\s+)?`),
	}
	compact = regexp.MustCompile(`^(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h))+\b`)
	inWords = regexp.MustCompile(`(?i)^[\s,]*(?:and\s+)?(\d+(?:\.\d+)?)\s*(s|m|h|d)(?:ec|econd|in|inute|our|r|ay)?s?\b`)
	number  = regexp.MustCompile(`^\d+(?:\.\d+)?`)
	// timeOfLimit is a time in what follows "limit". The period that pulls are
	// counted in ("per 6 hours") is not how long to wait.
	timeOfLimit = regexp.MustCompile(`(?i)(\bper\s+|\bevery\s+|/)?\b\d+(?:\.\d+)?\s*(?:ms|sec|min|hour|hr|day|[smhd]\b)[a-z0-9]*`)
)

// pauseAsked is how long a registry wants to be left alone, by its words; 0 for
// words that are not about a limit.
func pauseAsked(text string) time.Duration {
	if !limited.MatchString(text) {
		return 0
	}
	seconds, ok := delayIn(text)
	if !ok {
		return pauseUnsaid
	}
	// In this order, as a number beyond all measure does not fit a Duration.
	return time.Duration(min(max(seconds, pauseLeast.Seconds()), pauseMost.Seconds()) * float64(time.Second))
}

func delayIn(text string) (seconds float64, ok bool) {
	for _, words := range delayFollows {
		for _, at := range words.FindAllStringIndex(text, -1) {
			if seconds, ok := secondsIn(text[at[1]:]); ok {
				return seconds, true
			}
		}
	}
	_, rest, _ := strings.Cut(strings.ToLower(text), "limit")
	for _, m := range timeOfLimit.FindAllStringSubmatch(rest, -1) {
		if m[1] == "" {
			return secondsIn(m[0])
		}
	}
	return 0, false
}

// secondsIn reads "30", "1.2s", "1m30s", "2 minutes and 5 seconds" at the
// beginning of a text; a number alone is seconds.
func secondsIn(text string) (float64, bool) {
	if d, err := time.ParseDuration(compact.FindString(text)); err == nil {
		return d.Seconds(), true
	}
	sum, found := 0.0, false
	for rest := text; ; found = true {
		m := inWords.FindStringSubmatch(rest)
		if m == nil {
			break
		}
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			break
		}
		sum += n * map[string]float64{"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}[strings.ToLower(m[2])]
		rest = rest[len(m[0]):]
	}
	if found {
		return sum, true
	}
	n, err := strconv.ParseFloat(number.FindString(text), 64)
	return n, err == nil
}

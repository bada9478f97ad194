package output

import (
	"bytes"
	"time"
)

// stampSize is the length of a stamp as engines write it: UTC, nine digits.
const stampSize = len(stampForm)

const stampForm = "2006-01-02T15:04:05.000000000Z"

// stampMost is the length of a stamp with a zone (journald's before 23.0), and
// more than any engine writes.
const stampMost = 40

// stamp is when the engine took a message. Those of one form compare as bytes.
type stamp [stampSize]byte

// readStamp reads what stands in front of a message.
func readStamp(raw []byte) (stamp, bool) {
	if usual(raw) {
		return stamp(raw), true
	}
	at, err := time.Parse(time.RFC3339Nano, string(raw))
	if err != nil || at.Year() < 0 || at.Year() > 9999 {
		return stamp{}, false
	}
	return stampOf(at), true
}

// usual: of the form that can be compared as it is.
func usual(raw []byte) bool {
	if len(raw) != stampSize {
		return false
	}
	for i, c := range raw {
		if want := stampForm[i]; want >= '0' && want <= '9' {
			if c < '0' || c > '9' {
				return false
			}
		} else if c != want {
			return false
		}
	}
	return true
}

func stampOf(at time.Time) (s stamp) {
	copy(s[:], at.UTC().Format(stampForm))
	return s
}

// time is the zero time for the zero stamp, and for what is none.
func (s stamp) time() time.Time {
	at, _ := time.Parse(stampForm, string(s[:])) // of the same form, or nothing at all
	return at
}

func (s stamp) compare(o stamp) int { return bytes.Compare(s[:], o[:]) }

func (s stamp) zero() bool { return s == stamp{} }

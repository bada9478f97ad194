package relay

import "time"

// Point is a moment in a request's life.
type Point int

// The points.
const (
	Before Point = iota // the request is read, the engine has not got it yet
	After               // the engine's answer is read, the client has not got it yet
)

func (p Point) String() string {
	if p == After {
		return "after"
	}
	return "before"
}

// Exchange is a request at one of its points.
type Exchange struct {
	Request
	Point Point
}

// Action is what becomes of a request or its answer.
type Action struct {
	kind    kind
	delay   time.Duration
	bytes   int
	status  int
	message string
}

type kind int

const (
	pass kind = iota
	drop
	late
	cut
	answer
)

// Pass lets it go on.
func Pass() Action { return Action{} }

// Drop closes the connection without an answer. Before: the engine never gets
// the request. After: the engine has carried it out, and nobody hears of it.
func Drop() Action { return Action{kind: drop} }

// Delay lets it go on after a time, as a slow engine does, whether the client
// still waits or not.
func Delay(d time.Duration) Action { return Action{delay: d} }

// Late waits until the client has given up and closed the connection. Before:
// the engine gets the request only then, after a further time. After: the
// answer comes when nobody waits for it any more.
func Late(further time.Duration) Action { return Action{kind: late, delay: further} }

// Cut passes on the answer's head and the first n bytes of its body, and closes
// the connection. Before and After mean the same.
func Cut(n int) Action { return Action{kind: cut, bytes: n} }

// Answer answers in the engine's stead, with its form of an error. Before: the
// engine never gets the request. After: it has carried it out.
func Answer(status int, message string) Action {
	return Action{kind: answer, status: status, message: message}
}

// Package report keeps what a run has to tell, for everybody who asks: the
// health command, the HTTP server and its page, metrics, notifications.
//
// The loop tells each of its observers every Step that it has made: the State
// before and after, the event, and the effects. An observer takes what it needs
// and returns; it never waits for anybody, so that no reader, however slow, can
// hold a recovery up.
//
//	loop ──Step──> Board ──Status, Since──> /status, /events, foster health, foster status,
//	          │                             metrics (gauges), webhook (a bounded queue of its own)
//	          ├──> metrics (what happens is counted)
//	          ├──> output (whose log is to be followed)
//	          └──> quiet (memory is given back when nothing happens)
//
// The Board (board.go) is the observer that most others read: the present
// Status (status.go), a bounded history of notes (entry.go), the durations of
// recoveries (recoveries.go) and the Verdict on the whole (verdict.go). A
// reader subscribes, sleeps until something has moved, and asks for what is
// new since the sequence number that it has seen: a slow one misses entries
// that fell out of the history, never time.
//
// words.go has the sentence for each note: what the log says, the timeline and
// the notifications say too.
//
// Everything in here is shown to people and machines that may read no secrets:
// a Status has names, states, times and the engine's own error texts; it never
// has environment values, commands, credentials or the children's output.
package report

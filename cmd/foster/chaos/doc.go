// Package chaos breaks children on purpose and measures how they come back.
//
// [Survey] finds the children of a foster that lives; whatever is not such a
// child is refused, and never touched. [Run] then goes round by round:
//
//	all whole ──> draw child and fault ──> the fault's call ──> its event (the clock starts)
//	    ^                                                          │
//	    └── pause until the next is due <── whole again <── look at every event, until the timeout
//
// The clock is the engine's own: a recovery is the time between the timeNano of
// the event that made the child not whole and that of the last event that it
// needed to be whole again. Whether it is whole, inspect says: one container
// that runs, with every attachment that it had before, healthy where there is a
// healthcheck, in the namespaces of a container that runs.
//
// Where to read on: parent.go says which foster lives, find.go which container
// is the child, run.go goes round, round.go is one round, whole.go says what
// whole is, recorder.go keeps the events, probe.go and outage.go are the client
// that sees the downtime, and report.go, histogram.go and progress.go tell of
// it all.
package chaos

// Package output relays what the children write to foster's own output, so
// that whoever looks at foster's task sees it: docker service logs, journald.
//
//	engine's log of a container ──> demux ──> sieve ──> voice ──> lane ──> stdout
//	  (one follower each)          messages   once     prefix      └────> stderr
//	foster's own log lines ─────────────────────────> queue ──> lane
//
// In reading order:
//
//   - relay.go: the Relay observes the loop, knows from the State which
//     containers there are, and has a follower for each.
//   - follower.go, stream.go: one container's log from its beginning to its end,
//     over broken streams, restarts of the container and of the engine.
//   - demux.go, raw.go, stamp.go: from the engine's bytes to messages, with and
//     without a terminal.
//   - position.go, sieve.go: what of a container was relayed, so that a new
//     stream goes on exactly there.
//   - drain.go: the last lines of a container that is about to be removed.
//   - watch.go, series.go: what ends by itself no more, and what is said of that.
//   - former.go: where a foster that is gone has left off.
//   - sink.go, lane.go, voice.go, own.go: one place that everything goes through,
//     in whole lines. foster's own lines wait for nobody: a reader that is slow
//     or gone holds up the children's output, never the loop.
//   - prefix.go: whose line it is, as docker compose up says it.
//
// # Exactly once
//
// The engine keeps messages: a line, or 16 KiB of a long one. It stamps each
// with its time, those of one line alike, and within one source (stdout or
// stderr of one container) never earlier than the one before. A position is,
// for each source, the last stamp, how many messages with it were relayed, and
// how much of the next. A new stream begins some messages before that, and what
// is not past the position is left out. So nothing is remembered but that, and
// nothing depends on how a stream broke. See docs/output.md for what this
// cannot hold: clocks that are set back, and the end of a foster.
//
// Memory is one buffer for each stream and two for each of stdout and stderr,
// whatever the children write.
package output

// Package reap finds what fosters that are gone have left on an engine, and
// removes it, and only that.
//
//	look ──> judge ──> orphans ──grace──> look again ──> stop, remove ──> networks
//
// A look (scene.go) is one list of all containers, one inspect of each foster
// and child that is new among them (memory.go), and the networks. The verdict
// (judge.go) on each object with foster's label is orphan or kept, with the
// reason; it is made from that one look alone. Three things protect an object:
//
//   - its parent, the container that the label foster.parent names, runs;
//   - a foster that runs here claims its project (claim.go): by its settings,
//     by children that it has made, as a task of the same Swarm service, or
//     because its project's name is nowhere to be seen;
//   - its foster runs outside of containers, or nobody can tell whether it does.
//
// An orphan goes when it has been one for the grace (age.go): the next foster
// of its project may be about to start, and takes a running child over. Before
// each step that changes something (remove.go) everything is looked at anew, so
// that a foster which starts meanwhile keeps what it finds. Between the last
// look and the engine's answer to the next call some milliseconds are left; a
// foster that claims a child just then sees it die, and recovers it as after
// any other death.
//
// Start at Reaper: Once is one run (once.go), Watch goes on until its context
// ends (watch.go, stream.go).
package reap

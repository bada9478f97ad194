// Package engine is a Docker Engine in memory, for tests: for speed, and for
// faults that no real engine gives on demand.
//
// An [Engine] answers the client calls that foster makes, with the engine's
// own error kinds and texts, and sends the engine's events in the engine's
// order. It opens no socket and reads only the time package's clock, so it
// lives inside a testing/synctest bubble; every goroutine that it starts ends
// with the caller's context or with Close.
//
//	e := engine.New(engine.Options{Version: "28.0"})
//	defer e.Close()
//	e.AddImage("app:1", engine.Image{})
//	…                              // the program under test runs on e
//	e.Exit("child", 3)             // an act from outside
//	e.Inject(engine.ContainerCreate, 2, engine.Fault{Err: engine.Refused})
//
// Four kinds of methods:
//
//   - the calls of the client (calls.go), counted and subject to faults;
//   - acts from outside (outside.go): the child's process, an operator at the
//     command line, a swarm manager, the power supply;
//   - faults (fault.go): of one call, of the event stream, of the whole engine;
//   - what a test looks at itself (look.go).
//
// # Order of events
//
// What differs between engine versions, and what Options.Version switches:
//
//	death of a container   before 24.0  die, then a disconnect for each network
//	                       from 24.0    a disconnect for each network, then die
//	disconnect by a call   before 28.0  two events for a running container, one for a stopped one
//	                       from 28.0    one event for a running container, none for a stopped one
//
// The same in all versions: start sends a connect for each network and then
// start; a connect of a stopped container sends nothing; rm -f sends kill, die
// and destroy; a failed start sends connects and disconnects but no die; the
// local copy of an overlay network is created with its first and destroyed
// with its last user. The order is checked against recorded streams.
package engine

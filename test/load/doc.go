// Load puts foster under more than it will meet, on a private engine, and says
// what it cost. Every part fails where a fault was missed, recovered from twice
// or left something behind; what is measured is printed, not judged.
//
// The flood: 5,000 events a second of somebody else's containers come between
// the engine's own, by way of a relay, while the child is killed and cut off its
// network ten times. Foster's processor time is printed beside that of a client
// that reads and decodes the same stream at the same time and does nothing else,
// and beside what decoding the same bytes costs when they are in memory already.
// What foster needs for the recoveries themselves is measured before, in silence,
// and taken off.
//
//	main.go   flags, the order of the parts    world.go    engine, foster as a process, its log
//	flood.go  foreign events                   process.go  processor time
//	drain.go  the client that only reads
package main

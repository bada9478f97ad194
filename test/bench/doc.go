// Bench measures foster on a private engine beside its budgets.
//
// A recovery is compared with what the engine itself needs for an equal container: same image, command, labels and
// network, same run, one round of each in turn.
//
//	kill → running   from the engine's event `die` to the event `start` of the new container;
//	                 baseline: from the call of create to the event `start`
//	cut → attached   from `disconnect` to `connect`; baseline: from the call of connect to `connect`
//	start → running  from foster's process start to the child's `start`
//
// A project of 30 children that depend on each other is launched and killed as a whole, beside a client that makes the
// same creates and starts in the same order with as many calls at once, and does nothing else:
//
//	first create → last start   by the engine's events; that the order held is verified
//	killed at once → running    from the first `die` to the last `start`; baseline: kill, rm, create, start, in no order
//
// The same again, once, with a hundred children; and with fifty fosters on one engine, each with a project of its own,
// that are started at once, lose their children at once, and then have nothing to do: memory and processor of all.
//
// Every foster here relays its children's output, serves metrics and the status page, and has somebody to notify.
//
// A child that writes as fast as it can is read by foster and, an equal one, by docker logs -f, in turn.
//
// Events are compared by the stamps that the engine gives. Calls and process starts are stamped here, by the same clock:
// engine and bench share one machine. A second table says where the time of a recovery goes. For the faults and for
// memory foster runs in its image, as its users run it; for start → running, and with many children, it is a process on
// the host.
//
// It is a report and not a test: a budget that is not kept is said and changes no exit code.
//
//	main.go       flags, the order of things     rounds.go   kill and cut, foster and baseline in turn
//	setup.go      engine, images, foster         process.go  memory, processor, start, image
//	many.go       many children, foster's        crowd.go    many containers, the engine's own
//	hosted.go     foster as a process            instances.go  many fosters
//	calls.go      calls with an end, phases      times.go    stamps of many containers
//	output.go     a child's burst of output
//	stats.go      percentiles                    report.go   the tables, and JSON
package main

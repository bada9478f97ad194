// Soak lets a small swarm live under random faults and checks from outside that foster keeps its promises.
//
// It starts three private engines as one swarm, puts foster's image on them, deploys services of every shape, sets
// containers, networks and volumes of strangers beside them, and then goes round after round: a few faults at once,
// after them quiet until everything is whole again. At the end the stacks are removed, and nothing may be left.
//
//	seed ──> plan ──> rounds ──faults──> engines, tasks, children, wires
//	                     │                          │ events, lists
//	                     └── quiet: whole? <── look ┴──> ledger ──> breach: timeline, logs, exit 1
//
// The checker is independent: it knows foster by the labels on what it makes, written here by hand, and asks the engines
// alone. It imports nothing of foster (cmd/foster/imports_test.go holds it to that). What it promises to find:
//
//   - two running containers of one child on one node, for however short: by the engines' stamps of start and die, and
//     by lists;
//   - a stranger's container, network or volume that was touched in any way while its engine ran, an exec included, and
//     the volume of a stranger's container that is gone;
//   - whatever is not whole, or left over, at the end of the bound, once the faults have ceased;
//   - something hot: more creations or events of one child in a minute than faults and backoff explain, or a foster that
//     uses the processor while nothing happens;
//   - containers, networks and anonymous volumes that are left after the end, whatever their labels: all that is neither
//     the engines' own nor a stranger's.
//
// The seed decides which faults are done, to whom, when within a round and for how long. It does not decide the time that
// recoveries take, so the same seed may meet the engines in another moment: repeat a seed that has failed.
//
//	make soak                       two minutes of faults from a random seed, which is printed first
//	make soak MINUTES=10 SEED=42    longer, and again
//
//	main.go     flags, exit codes           plan.go      the seed's rounds
//	soak.go     from start to end           round.go     one round, and the quiet after it
//	images.go   images on all nodes         inflict.go   faults of children and of foster
//	stack.go    what is deployed            outage.go    faults of engines, nodes and wires
//	host.go     a foster outside of Swarm   stranger.go  what nobody may touch
//	stream.go   the engines' events         look.go      is everything whole?
//	ledger.go   runs, rates, breaches       left.go      is nothing left?
//	keep.go     foster's logs               usage.go     processor and memory of each foster
//	report.go   what is told                story.go     what a breach shows
//
// It needs root and what `make setup` installs.
package main

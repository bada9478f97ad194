// Package state is foster's core: it decides, and does nothing else.
//
// Step takes the present State and one Event and answers with the next State
// and a list of Effects. It is pure: it reads no clock, draws no random number
// and talks to nobody. Whatever happens outside (the engine's events, the
// answers to effects, timers that run out, signals) comes in as an Event;
// whatever is to happen goes out as an Effect, carried out by the packages
// watcher (looks) and actions (everything else).
//
//	signals ── StopRequested ──┐
//	timers ───────── Fired ────┤
//	                           v                 ┌─ SetTimer, StopTimer, Cancel ──> actions
//	engine ──> watcher ─Event─> Step ────────────┼─ Observe ───────────────────────> watcher
//	                           ^                 ├─ Prepare Create Start Attach
//	                           └── Done(op) ──┐  │  Stop Remove EnsureNetwork ...──> actions ──> engine
//	                                          │  ├─ Note ──────────────────────────> log
//	                                          │  └─ Quit ──────────────────────────> exit code
//	                                          └──────────────────────────────────────┘
//
// Start reading at Step (step.go). A Step has two halves: fold records what
// the event says (child.go, fault.go, health.go, look.go, done.go, attach.go, network.go,
// volume.go, owner.go, elder.go, foreign.go), settle (settle.go, depend.go,
// bond.go, teardown.go) decides from the facts as they now are. Decisions never
// depend on how the facts came about, so faults may overlap, repeat, arrive in
// any order or not at all: a look (Observed) replaces every event that was missed.
//
// # Phases of a child
//
//	unknown ──look──> absent ──> preparing ──> creating ──> created ──> starting ──> running
//	   ^                ^                                                              │
//	   │                │ backoff                                          died, gone, │ unhealthy,
//	   │             waiting <──── removing <──── dead <───── stopping <───────────────┤ owner recreated
//	   └── unsure answers                           ^                                  │
//	                                                └──────────── settling <───────────┘ stopped by hand
//
// held: another live foster has the child; it is waited for. completed and
// gone are ends: the first of the child's own work, whose container stays for
// its logs, its volumes and the next foster; the second with its project.
//
// # Several children
//
// Images are made present for all children at once. A container is made when
// everything before it has come as far as it must: Dependency (running, healthy,
// completed, ready) and Bond (a namespace or volumes of another container, of the
// project's or of somebody else's). Once made, a child does not care what its
// dependencies do; but when the container that it is bound to is another one, or
// where a namespace is shared another run, it is made anew after it. That is
// decided from container IDs and from the engine's own stamps, so it holds for
// what was missed as well. The stop goes the other way, dependents first.
//
// # Stages of the project
//
// opening (nothing is known before the first look) → up → closing → closed;
// standby is between opening and up while another foster has the project
// (elder.go): nothing is ordered, and a stop then touches nothing. away is up
// with the followed parent down: everything is taken down until it is back.
//
// # Invariants
//
// The random model test (model_test.go) checks them after every step:
//
//  1. at most one lifecycle op (Prepare, Create, Start, Stop, Remove) is
//     pending for a child, and never two containers of one child run;
//  2. no Create while a container of the child is believed to exist;
//  3. after the stop of the project nothing is created, started or attached;
//  4. closed absorbs everything;
//  5. Attach names a wanted network and the present container;
//  6. Attempt falls only when StableTimer fires;
//  7. the same look twice adds nothing the second time;
//  8. a fault is told once, however much happens before it is recovered from
//     (that is a Relapse), and what works is not counted as failing any more;
//  9. from any reachable State, once faults cease, every child becomes whole
//     (or, when stopping, nothing is left) within a bounded number of steps,
//     and while every answer is a failure nothing runs hot: only timers go on.
//
// # What the engine's events mean
//
// Seen on engines 20.10 (recorded) and, for the differences, in the sources
// of 24.0 to 29 as the notes say:
//
//	process exits             die (exit code), then one disconnect per network;
//	                          from 24.0 on the disconnects come first
//	docker kill               kill (signal 9), die
//	docker stop               kill (stop signal) [kill 9], die, stop in either order
//	docker restart            as stop, then connect, start, restart
//	docker rm -f              kill 9, die, destroy
//	compose down              as stop, then destroy
//	OOM                       oom, die 137; or oom alone when another process was killed
//	network disconnect        disconnect, twice up to 27.0
//	network rm                destroy (after the last disconnect)
//	engine was away           nothing for what happened meanwhile
//
// So a disconnect is a hint (of a cut or of a death), a die after the child's
// own stop signal may be half a restart, and only a look is the truth.
package state

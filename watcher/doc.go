// Package watcher turns what the engine says into state events. It is the only
// reader of the engine's event stream and the only one who looks at containers
// and networks to find out how things are; it changes nothing.
//
// Two ways lead from the engine to the core:
//
//	events   one subscription ──> reader ──> decode ──┐
//	                                                  ├──> queue ──> out
//	looks    state.Observe ──> inspect ──> snapshot ──┘
//
// Events are hints. They come twice, out of order, late or not at all: the
// engine keeps 256 of them for replay and loses those that a slow reader does
// not take. So the reader only decodes and queues, the queue never makes it
// wait, and whatever may have been missed ends in a look: each time the stream
// is open again (StreamBack), when the queue overflowed, and every Resync
// period (ResyncDue). Looks are the truth.
//
// # What the engine sends, and what becomes of it
//
// Checked against streams recorded from Docker 20.10 (testdata) and against
// the source of later versions.
//
//	process ends            die                       ChildDied; a disconnect for each network comes
//	                                                  after it before 24.0, before it from then on
//	docker stop             kill [kill 9] die stop    ChildSignalled, ChildDied
//	docker kill             kill, die when fatal      the same
//	docker rm -f            kill die destroy          …, ChildGone
//	memory limit            oom, mostly die           ChildOOM, ChildDied
//	healthcheck             health_status: …          ChildHealth; an unhealthy one's once it was
//	                                                  asked what its last probe said (health.go)
//	network disconnect      disconnect, twice before  NetLost, twice: told by time, they are
//	                        28.0, of a running one    no duplicates
//	network connect, start  connect for each network  NetJoined
//	network rm, create      destroy, create           NetGone, NetBack
//	overlay, last user      destroy of the local      nothing: the network is still there for the
//	                        copy                      next one who asks the manager
//	overlay rm, on a        remove                    NetGone
//	manager
//
// Of containers outside only the followed parent and those that children are
// bound to (owners) mean something, one container perhaps both:
//
//	start, die              of an owner               OwnerStarted, OwnerDied
//	destroy, rename away    of an owner               OwnerGone
//	rename                  to an owner's name        ResyncDue: whether it runs is not said
//
// The engine's last events also tell, once for each container that somebody else
// started, whether the hooks that belong to its start have come to their end
// (hooks.go).
//
// A network's event names the container by ID only and carries no labels, so
// the watcher keeps the IDs of the project's containers: from their own events,
// which carry all labels, and from looks.
package watcher

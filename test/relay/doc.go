// Package relay stands between a program and a real engine's socket, and does
// harm at exact points: it loses requests and answers, holds them back, cuts
// them short, ends event streams, repeats events, floods them with foreign ones
// and sets the engine's clock.
//
//	foster ── unix://relay.sock ──> relay ── docker.sock ──> engine
//
// A test reads
//
//	r := relay.New(t, node.Socket)
//	r.Intercept(func(x relay.Exchange) relay.Action {
//		if x.Point == relay.After && x.Is("POST", "/containers/create") {
//			return relay.Drop() // the engine made it, and nobody heard
//		}
//		return relay.Pass()
//	})
//	…start foster with DOCKER_HOST=r.Host()…
//	for _, q := range r.Requests() { … }
//
// A request is read whole, goes to the Intercept function ([Before]), to the
// engine, and its answer, read whole, to the Intercept function again
// ([After]). What the engine has begun it carries out: a request goes on when
// the client has left. Answers without an end of their own (the event stream,
// logs, waits, pulls, archives) are passed on as they come: for these, After is
// the moment when the engine's status is there. A connection that both sides
// take over (exec, attach) is passed on byte by byte.
//
// Where a file is:
//
//	relay.go    New, Close, the record of requests   action.go  what Intercept may answer
//	forward.go  a request's way to the engine        raw.go     connections that are taken over
//	stream.go   the event stream                     flood.go   foreign events
//	clock.go    the engine's clock
package relay

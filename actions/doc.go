// Package actions carries out what the core decides. It is the only package
// that changes anything on the engine.
//
// The story, in reading order:
//
//   - runner.go: Run takes effects, starts one goroutine for each, and sends
//     exactly one state.Done for each effect with an Op. It never stops reading:
//     a Cancel or a timer gets through while an operation runs.
//   - timers.go: the delays. They live in Run's own goroutine, so a timer that
//     was stopped or set anew cannot fire with its old setting.
//   - child.go, files.go, endpoint.go, attach.go, network.go, volume.go: one
//     function per effect, or per part of it. Each is idempotent: "already so" and "not there any
//     more" are success where that is the wanted after-state.
//   - foreign.go, place.go: who has what a child is refused: its container's name, a
//     port, an address.
//   - twins.go: two networks of one name.
//   - hooks.go, hooklog.go: what a service has run inside its container after its
//     start and before its stop.
//   - probe.go, visit.go: whether a service takes connections, on a network that
//     foster itself may not be on.
//   - image.go, pull.go, progress.go: when the registry is asked for an image,
//     whether it is the wanted one, and what is told meanwhile.
//   - call.go: the deadline of each engine call with its reason, and the short
//     retries.
//   - errors.go, answers.go: from an engine's error to a state.Class and a line
//     for the operator, with a hint where there is one to give.
//   - ratelimit.go: how long a registry that limits pulls wants to be left alone.
//   - backoff.go: the delay before attempt n. Jitter is added here, so that the
//     core stays predictable.
//   - credentials.go, credhelper.go: registry credentials, from the same places
//     and in the same order as GitLab Runner takes them.
//
// actions classifies, state decides: nothing in here says whether something is
// tried again later. What is retried inside is only what is over within seconds
// (see call.go).
//
// Networks are always addressed by name, resolved anew by the engine in each
// call: a stored network ID outlives the network that it meant. No environment
// value, password or credential reaches a log line or a Detail.
package actions

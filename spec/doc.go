// Package spec is what foster keeps alive, as plain data.
//
// There are two kinds of input and one pipeline. LAUNCH_* variables become a
// Compose document in memory (launch*.go); a mounted compose file is one
// already (file.go). Compose-go interpolates, normalises and validates the
// document (load.go), and the conversion (child.go and the files beside it)
// turns each of its services into a Child with a container.Config, HostConfig
// and endpoints that go to the engine as they are. A child made from them
// equals the container that `docker compose` v2.40.3 makes of the same document.
//
//	environment ──ReadEnv──> Env ──LAUNCH_*──> document ─┐
//	                                                     ├─compose-go──> types.Project ──> Project
//	               mounted compose file ─────────────────┘
//
// Start at Load. Whatever the operator got wrong comes back as Problems, all of
// them in one go, each with the variable's own name and the way to mend it.
// Nothing here talks to the engine.
package spec

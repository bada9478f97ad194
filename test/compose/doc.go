// Package compose proves that foster's child is the container that Docker
// Compose makes of the same document.
//
// Two engines of one lab get the same networks, volumes and neighbours. On the
// first, the real `docker compose` (Version, built from source by Binary) brings
// up a document as a person would write it. On the second, foster's own spec and
// actions bring up the LAUNCH_* variables, or the mounted file, that say the
// same. What both engines then tell about container, networks and volumes is
// compared value by value:
//
//	document ── docker compose up ──> engine 1 ──inspect──┐
//	                                                      ├── differences ── allowed?
//	LAUNCH_* ── spec ── actions ────> engine 2 ──inspect──┘
//
// A difference is either in the list of allow_test.go, with its reason, or a
// defect. Engines of API 1.44 and later are created against in another way, with
// all networks in one request; for these the requests themselves are compared,
// as a recording server got them (request_test.go).
package compose

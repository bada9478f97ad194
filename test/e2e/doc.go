// Package e2e holds the tests of the whole program against real engines: one
// test for each fault that foster answers. A test builds nothing and fakes
// nothing: foster is the binary, the engine is a real dockerd in a lab of its
// own (package foster/test/lab), the fault is the real thing, and the verdict
// is the engine's: what inspect says, and what its event stream said meanwhile.
//
// A fault test reads
//
//	w := newWorld(t, plainEngine(t))                     // a project name of its own on a shared engine
//	f := w.foster("LAUNCH_NETWORKS=front")               // foster, as a process beside the engine
//	before := w.awaitWhole(wanted(w.net("front")))       // one child, running, attached as wanted
//	…the fault…
//	w.awaitWhole(wanted(w.net("front")), newer(before))  // the same again, in a new container
//	f.stop()                                             // SIGTERM, exit code 0
//	w.nothingLeft()                                      // nor was anything foreign touched
//
// The harness is main_test.go (build, shared engines), engine_test.go (what an
// engine has for every test: images, recorder, canary), world_test.go (one
// test's part of an engine), child_test.go (what whole means) and
// foster_test.go (foster as a process or as a container). Engines are shared
// unless a test harms the engine itself; tests run side by side, so a test
// touches only what carries its project's name.
//
// The registry_*_test.go files pull from private registries that the tests start
// on the engine's node, and from stand-ins for what no real registry says on
// demand.
//
// The swarm_*_test.go files play foster as a task: stacks, services, the files
// of examples/, the parent's network namespace, secrets. The image_*_test.go
// files build the image as the Makefile does and look into it.
//
// The worker_*_test.go files have a child on an overlay of a worker, in swarms of
// three, and what happens to worker, manager, swarm and overlay.
//
// What happens to the engine itself: restart_*_test.go (it ends, crashes, sleeps,
// with foster on the host, in a container, as a task), engine_*_test.go (it
// answers late or not at all, its stream breaks, its clock jumps; most of it by
// package foster/test/relay). stress_stop_*_test.go: stops that something hinders.
//
// What happens to foster itself: crash_*_test.go (it dies at each point, or runs
// out of memory), instances_*_test.go (there are two of it), foreign_*_test.go
// (others hold what it wants, or wear its labels). reap_*_test.go and
// chaos_test.go are of the commands of these names.
package e2e

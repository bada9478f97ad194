// Demo shows foster at work on a real engine and tells what happened.
//
// It builds the image, deploys a stack in which foster launches a child, harms the child in the usual ways, removes the
// stack, and prints for each step what was done, what foster did and how long the child was not whole, by the engine's
// own clock; at the end it counts on the engine what is left. It exits with 1 when anything is not as foster promises.
//
//	make demo                     on a private engine, which ends with the demo (root)
//	make demo KEEP=1              the same, but engine and stack stay; make demo-down ends them
//	make demo ENGINE=unix:///…    on that engine, with objects under one unique prefix, which are removed
//
// On an engine that is not the manager of a swarm foster runs as a plain container: the demo makes nobody's engine a
// swarm.
//
//	main.go     flags, exit codes             engine.go   the engine that it runs on, private or given
//	demo.go     the steps in order            images.go   the two images, built without a registry
//	faults.go   what is done to the child     launch.go   the stack, or the container
//	events.go   the engine's event stream     objects.go  what there is on the engine, before and after
//	account.go  how it is told                child/      the program that plays the child
package main

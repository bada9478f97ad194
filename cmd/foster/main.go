// Command foster keeps a stand-alone container alive from inside a Swarm task.
//
// main.go only maps: words in, exit code out. run.go is the place to start
// reading: it wires the watcher, the core and the actions together.
package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	args := os.Args
	if filepath.Base(args[0]) == "curl" {
		// The image has this name too, for healthchecks written for an image
		// that had curl in it.
		args = append([]string{"foster", "probe"}, args[1:]...)
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	root := newRoot(outside{
		args: args[1:], environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr,
		signals: signals, procMountinfo: "/proc/self/mountinfo",
	})
	os.Exit(exitCode(root.ExecuteContext(context.Background()), os.Stderr))
}

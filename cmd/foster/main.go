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

	"github.com/coreos/go-systemd/v22/journal"
)

func main() {
	args := os.Args
	if filepath.Base(args[0]) == "curl" {
		// The image has this name too, for healthchecks written for an image
		// that had curl in it.
		args = append([]string{"foster", "probe"}, args[1:]...)
	}
	err := execute(context.Background(), outside{
		args: args[1:], environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr,
		journal: journal.Send, signals: takeSignals, procMountinfo: "/proc/self/mountinfo", lockDir: lockDir(), sockets: controlPlaces(), rest: giveBack,
	})
	os.Exit(exitCode(err, os.Stderr))
}

// takeSignals makes the signals that ask for an end arrive here instead of
// ending the process. The watchdog, reap and chaos take them.
func takeSignals() <-chan os.Signal {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	return signals
}

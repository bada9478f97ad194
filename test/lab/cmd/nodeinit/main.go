// Command nodeinit is the first process of a lab's node. The lab starts it in fresh process, network, mount, host name
// and IPC namespaces; it furnishes them, says so on file descriptor 3, and then does what a first process must do:
// it stays, and reaps what others leave.
//
//	nodeinit HOSTNAME DIR
//
// DIR is the node's directory. It holds resolv.conf and hosts, which become the node's own, and etc-docker, which
// becomes its /etc/docker and survives a power cut. Nothing outside DIR is written.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ready := os.NewFile(3, "ready")
	if len(os.Args) != 3 || os.Getpid() != 1 || ready == nil {
		fmt.Fprintln(os.Stderr, "nodeinit: runs as the first process of a lab's node, see package lab")
		os.Exit(2)
	}
	// Asked for before anything can exit, so that no exit goes unseen.
	exits := make(chan os.Signal, 1)
	signal.Notify(exits, syscall.SIGCHLD)

	if err := furnish(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintf(ready, "%v", err)
		os.Exit(1)
	}
	fmt.Fprint(ready, "ready")
	ready.Close()

	for range exits {
		reap()
	}
}

// reap waits for every child that has exited, and returns when there is none left.
func reap() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid == 0 {
			return
		}
	}
}

package lab

import (
	"context"
	"fmt"
	"net"
	"runtime"
)

// Listen listens inside the node's network, for servers that live in this process: a registry that says what no real
// one says on demand. The listener works from any goroutine and ends with its Close, or with the node.
func (n *Node) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	type answer struct {
		listener net.Listener
		err      error
	}
	answers := make(chan answer, 1)
	go func() {
		// As in Dial: a socket keeps the namespace that it was made in, and the thread ends with this goroutine.
		runtime.LockOSThread()
		if err := n.enterNetwork(); err != nil {
			answers <- answer{err: err}
			return
		}
		listener, err := (&net.ListenConfig{}).Listen(ctx, network, address)
		answers <- answer{listener, err}
	}()
	a := <-answers
	if a.err != nil {
		return nil, fmt.Errorf("listen in %s: %w", n.Name, a.err)
	}
	return a.listener, nil
}

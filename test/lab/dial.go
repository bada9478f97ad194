package lab

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Dial connects from inside the node's network: to a published port at 127.0.0.1, to a container's address, to another
// node. The address must be an IP address with a port; names are not looked up. It gives up after a second, whatever ctx
// says: the wire is in memory, and a client that has given up may leave its dial behind.
func (n *Node) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial %s from %s: %w", address, n.Name, err)
	}
	if net.ParseIP(host) == nil {
		return nil, fmt.Errorf("dial %s from %s: not an IP address", address, n.Name)
	}
	type answer struct {
		conn net.Conn
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		// A socket belongs to the network namespace of the thread that makes it. The thread is never unlocked: it ends
		// with this goroutine and does not come back to the others in the wrong namespace.
		runtime.LockOSThread()
		conn, err := n.dialHere(ctx, network, address)
		answers <- answer{conn, err}
	}()
	a := <-answers
	if a.err != nil {
		return nil, fmt.Errorf("dial from %s: %w", n.Name, a.err)
	}
	return a.conn, nil
}

// dialHere moves this thread into the node's network namespace, for good, and dials.
func (n *Node) dialHere(ctx context.Context, network, address string) (net.Conn, error) {
	if err := n.enterNetwork(); err != nil {
		return nil, err
	}
	return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, address)
}

// enterNetwork moves this thread into the node's network namespace. It must be locked to its goroutine, for good.
func (n *Node) enterNetwork() error {
	space, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", n.PID()))
	if err != nil {
		return err
	}
	defer space.Close()
	if err := unix.Setns(int(space.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter the network namespace: %w", err)
	}
	return nil
}

// HTTP is a client that is inside the node's network, for URLs with IP addresses. It keeps no connections.
func (n *Node) HTTP() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: n.Dial, DisableKeepAlives: true}}
}

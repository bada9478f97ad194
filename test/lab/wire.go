package lab

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// The wire is a bridge in a network namespace of its own. Its addresses are from the range that is set aside for
// measuring networks (RFC 2544), which no route on the machine leads to and no default pool of the engine takes from.

// Subnet is the wire's, in CIDR notation.
func (l *Lab) Subnet() string { return l.prefix() + "0/24" }

func (l *Lab) prefix() string { return fmt.Sprintf("198.18.%d.", dirHash(l.Dir)%250+1) }

// gateway is the wire's own address. Nothing listens there, so that name servers asked there refuse at once.
func (l *Lab) gateway() string { return l.prefix() + "254" }

// Address is the node's IPv4 address on the wire.
func (n *Node) Address() string { return n.lab.prefix() + strconv.Itoa(n.index) }

// Cut takes the node off the wire: its neighbours do not hear it any more, its own containers still do.
func (n *Node) Cut(ctx context.Context) error { return n.lab.ip(ctx, "link set "+n.port()+" down") }

// Heal puts the node back on the wire.
func (n *Node) Heal(ctx context.Context) error { return n.lab.ip(ctx, "link set "+n.port()+" up") }

// port is the name of the node's end on the bridge.
func (n *Node) port() string { return "p" + strconv.Itoa(n.index) }

// startWire makes the namespace, held by a process that does nothing, and the bridge in it.
func (l *Lab) startWire(ctx context.Context) error {
	cmd := exec.Command("sleep", "infinity")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	wire, done, err := launch(cmd, !l.opts.Outlive)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.wire, l.wireDone = wire, done
	l.mu.Unlock()
	if err := l.save(); err != nil {
		return err
	}
	return l.ip(ctx,
		"link set lo up",
		"link add br0 type bridge",
		"addr add "+l.gateway()+"/24 dev br0",
		"link set br0 up")
}

// plug lays a cable from the bridge to a node.
func (n *Node) plug(ctx context.Context) error {
	// The old cable of a node that crashed goes with its namespace, but a moment later.
	err := Await(ctx, "removal of the old cable of "+n.Name, func() error {
		if n.lab.ip(ctx, "link show "+n.port()) != nil {
			return nil
		}
		_ = n.lab.ip(ctx, "link del "+n.port())
		return errors.New("still there")
	})
	if err != nil {
		return err
	}
	if err := n.lab.ip(ctx,
		fmt.Sprintf("link add %s type veth peer name eth0 netns %d", n.port(), n.PID()),
		fmt.Sprintf("link set %s master br0 up", n.port())); err != nil {
		return err
	}
	return runIP(ctx, n.PID(),
		"link set lo up",
		fmt.Sprintf("addr add %s/24 dev eth0", n.Address()),
		"link set eth0 up")
}

// ip runs ip(8) commands in the wire's namespace.
func (l *Lab) ip(ctx context.Context, lines ...string) error {
	l.mu.Lock()
	pid := l.wire.PID
	l.mu.Unlock()
	return runIP(ctx, pid, lines...)
}

func runIP(ctx context.Context, pid int, lines ...string) error {
	cmd := enter(ctx, pid, []string{"-n"}, []string{tool("ip"), "-batch", "-"})
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	if _, err := output(cmd); err != nil {
		return fmt.Errorf("set up the wire (%s): %w", strings.Join(lines, "; "), err)
	}
	return nil
}

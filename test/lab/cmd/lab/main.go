// Command lab starts private Docker engines by hand. They outlive the command, until "down".
//
//	go run ./test/lab/cmd/lab up [-dir DIR] [-nodes N] [-swarm] [-- DOCKERD-FLAGS]
//	eval "$(go run ./test/lab/cmd/lab env [-dir DIR] [-node I])"; docker ps
//	go run ./test/lab/cmd/lab down [-dir DIR]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"foster/test/lab"
)

// errUsage: the words of the call are off; usage says how they go.
var errUsage = errors.New("wrong words: see the usage")

const usage = `usage: lab COMMAND [FLAGS]

  up      start a lab and print how to use it; flags after -- are for dockerd
  env     print the shell commands that turn docker to the lab's engine
  status  print one line for each node
  exec    run a command inside a node: lab exec [-node I] -- ip addr
  down    end the lab and remove everything of it
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		if errors.Is(err, errUsage) {
			fmt.Fprint(os.Stderr, usage)
		} else {
			fmt.Fprintf(os.Stderr, "lab: %v\n", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	flags := flag.NewFlagSet("lab "+args[0], flag.ContinueOnError)
	dir := flags.String("dir", "/tmp/foster-lab", "the lab's directory")
	nodes := flags.Int("nodes", 1, "how many nodes (up)")
	swarm := flags.Bool("swarm", false, "make a swarm of them, node 1 its manager (up)")
	index := flags.Int("node", 1, "which node (env, exec)")
	if err := flags.Parse(args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if args[0] == "up" {
		l, err := lab.Start(ctx, lab.Options{Dir: *dir, Nodes: *nodes, Swarm: *swarm, Outlive: true, DockerdFlags: flags.Args()})
		if err != nil {
			return err
		}
		return printEnv(out, l.Node(1))
	}

	l, err := lab.Open(*dir)
	if errors.Is(err, os.ErrNotExist) && args[0] == "down" {
		return nil // down already
	}
	if err != nil {
		return err
	}
	if *index < 1 || *index > len(l.Nodes()) {
		return fmt.Errorf("the lab has nodes 1 to %d", len(l.Nodes()))
	}
	node := l.Node(*index)
	switch args[0] {
	case "down":
		return l.Close()
	case "env":
		return printEnv(out, node)
	case "status":
		return status(ctx, out, l)
	case "exec":
		text, err := node.Exec(ctx, flags.Args()...)
		fmt.Fprintln(out, text)
		return err
	}
	return errUsage
}

func printEnv(out io.Writer, n *lab.Node) error {
	var vars []string
	for _, kv := range n.Env() {
		if strings.HasPrefix(kv, "DOCKER_") {
			vars = append(vars, kv)
		}
	}
	_, err := fmt.Fprintln(out, "export", strings.Join(vars, " "))
	return err
}

func status(ctx context.Context, out io.Writer, l *lab.Lab) error {
	for _, n := range l.Nodes() {
		ask, cancel := context.WithTimeout(ctx, 2*time.Second)
		v, err := n.Client().ServerVersion(ask)
		cancel()
		state := "engine " + v.Version
		if err != nil {
			state = err.Error()
		}
		if _, err := fmt.Fprintf(out, "%s  %s  %s  %s\n", n.Name, n.Address(), n.Host(), state); err != nil {
			return err
		}
	}
	return nil
}

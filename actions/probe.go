package actions

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"foster/spec"
	"foster/state"
)

const (
	// DefaultServiceTimeout is how long a service has until its port takes
	// connections, as CI runners give it.
	DefaultServiceTimeout = 30 * time.Second
	// probePause is between two tries, dialTimeout for each; probeLook is how
	// often the engine is asked whether there is still something to try.
	probePause  = 100 * time.Millisecond
	dialTimeout = time.Second
	probeLook   = time.Second

	// probePortVariable in a container's environment names the port to try
	// instead of the first exposed one.
	probePortVariable = "HEALTHCHECK_TCP_PORT"
)

// probe waits until the first exposed TCP port of a container takes a
// connection. What the container does with it is its own affair.
func (r *Runner) probe(ctx context.Context, c *spec.Child, id string) error {
	doing := fmt.Sprintf("wait for the first port of child %q", c.Name)
	target, err := r.target(ctx, doing, c, id)
	if err != nil || target.port == "" {
		return err
	}
	leave, err := r.approach(ctx, target.network)
	if err != nil {
		return err
	}
	defer leave()
	last := r.knock(ctx, target)
	for start, looked := time.Now(), time.Now(); last != nil; last = r.knock(ctx, target) {
		if time.Since(start) >= DefaultServiceTimeout {
			return &opError{
				class: state.Transient, doing: fmt.Sprintf("%s: port %s takes no connection within %s", doing, target.port, DefaultServiceTimeout), err: last,
				hint: "is it another port that the service listens on? " + probePortVariable + " in its environment names it",
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", doing, ctx.Err())
		case <-time.After(probePause):
		}
		if time.Since(looked) < probeLook {
			continue
		}
		now, err := r.target(ctx, doing, c, id)
		if err != nil {
			return err
		}
		target.address, looked = now.address, time.Now()
	}
	return nil
}

// target is where to knock.
type target struct {
	network, address, port string
}

// target looks a container up. A port of "" says that it exposes none.
func (r *Runner) target(ctx context.Context, doing string, c *spec.Child, id string) (target, error) {
	live, err := r.inspect(ctx, id)
	switch {
	case errdefs.IsNotFound(err):
		return target{}, &opError{class: state.Gone, doing: doing, err: err}
	case err != nil:
		return target{}, fail(VerbInspect, doing, err)
	case live.ContainerJSONBase == nil || live.State == nil || !live.State.Running:
		return target{}, classified(state.Gone, "", "%s: container %s is not running", doing, short(id))
	}
	t := target{port: firstPort(live.Config)}
	if t.port == "" {
		return t, nil
	}
	for _, ep := range c.Endpoints {
		if t.address = addressOn(live, ep.Network); t.address != "" {
			t.network = ep.Network
			return t, nil
		}
	}
	return target{}, classified(state.Transient, "", "%s: it has no address on any network", doing)
}

// firstPort is the lowest TCP port that a container exposes, or the one that
// its environment names; "" when there is none.
func firstPort(config *container.Config) string {
	if config == nil {
		return ""
	}
	for _, entry := range config.Env {
		if name, value, _ := strings.Cut(entry, "="); name == probePortVariable && value != "" {
			return value
		}
	}
	var ports []int
	for port := range config.ExposedPorts {
		if port.Proto() == "tcp" {
			ports = append(ports, port.Int())
		}
	}
	if len(ports) == 0 {
		return ""
	}
	return strconv.Itoa(slices.Min(ports))
}

// addressOn is a container's address on a network, "" when it is not on it.
func addressOn(live container.InspectResponse, name string) string {
	if live.NetworkSettings == nil {
		return ""
	}
	ep := live.NetworkSettings.Networks[name]
	if ep == nil || ep.EndpointID == "" {
		return ""
	}
	return cmp.Or(ep.IPAddress, ep.GlobalIPv6Address)
}

// knock tries once.
func (r *Runner) knock(ctx context.Context, t target) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := r.cfg.Dial(ctx, "tcp", net.JoinHostPort(t.address, t.port))
	if err != nil {
		return err
	}
	// It was taken; how it ends says nothing.
	_ = conn.Close()
	return nil
}

package actions

import (
	"context"
	"fmt"
	"sync"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/state"
)

// visits are foster's own stays on networks that it is on for probes only.
type visits struct {
	mu sync.Mutex
	on map[string]*visit // by the network's name
}

// visit is shared by the probes on one network.
type visit struct {
	lock  chan struct{} // held while the rest changes
	users int
	self  string // the container that was connected
}

func (vs *visits) to(name string) *visit {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if vs.on == nil {
		vs.on = map[string]*visit{}
	}
	if vs.on[name] == nil {
		vs.on[name] = &visit{lock: make(chan struct{}, 1)}
	}
	return vs.on[name]
}

// approach makes a network reachable for foster itself. Outside of containers
// and in the host's network every network is; otherwise foster's own container
// has to be on it, and is connected unless it is. leave ends that, also after a
// Cancel, so that foster does not keep the network from being removed.
func (r *Runner) approach(ctx context.Context, name string) (leave func(), err error) {
	doing := fmt.Sprintf("reach network %q from foster's own container", name)
	v := r.visits.to(name)
	if err := acquire(ctx, v.lock); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	defer func() { <-v.lock }()
	if v.users == 0 {
		self, near, err := r.near(ctx, doing, name)
		if err != nil {
			return nil, err
		}
		if near {
			return func() {}, nil
		}
		if err := r.visit(ctx, doing, name, self); err != nil {
			return nil, err
		}
		v.self = self
	}
	v.users++
	return func() {
		v.lock <- struct{}{} // its holder is in an engine call at most
		defer func() { <-v.lock }()
		if v.users--; v.users == 0 {
			r.depart(ctx, name, v.self)
		}
	}, nil
}

// visit connects foster's own container. Its default gateway must stay where
// it is: hence the priority, and no more than engines since 28 can be told.
func (r *Runner) visit(ctx context.Context, doing, name, self string) error {
	err := attempt(ctx, VerbConnect, connectTimeout, func(ctx context.Context) error {
		return r.cfg.Engine.NetworkConnect(ctx, name, self, &network.EndpointSettings{GwPriority: -1})
	})
	if err == nil {
		return nil
	}
	if class := Classify(VerbConnect, err); class != state.Exists && class != state.NoNetwork {
		r.depart(ctx, name, self) // the engine may have done it all the same
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	return &opError{class: state.Transient, doing: doing, err: err}
}

// depart disconnects foster's own container.
func (r *Runner) depart(ctx context.Context, name, self string) {
	ctx = context.WithoutCancel(ctx)
	err := attempt(ctx, VerbDisconnect, networkTimeout, func(ctx context.Context) error {
		return r.cfg.Engine.NetworkDisconnect(ctx, name, self, true)
	})
	what := "leave network " + name
	if class := Classify(VerbDisconnect, err); class != state.OK && class != state.Gone {
		r.cfg.Log.WithLevel(r.failures.level(what)).Str(state.KeyNetwork, name).Str(state.KeyDetail, detail(err)).Msg("foster's own container is left on a network after a probe")
		return
	}
	if n := r.failures.over(what); n > 0 {
		r.cfg.Log.Info().Str(state.KeyNetwork, name).Int(state.KeyAttempt, n).Msg("foster's own container is off the network again")
	}
}

// near finds the container whose network namespace foster lives in, and says
// whether that reaches a network as it is.
func (r *Runner) near(ctx context.Context, doing, name string) (self string, near bool, err error) {
	self = r.cfg.Self
	for range 2 { // foster's own, and the one that it shares with
		if self == "" {
			return "", true, nil
		}
		own, err := r.inspect(ctx, self)
		if err != nil {
			if ctx.Err() != nil {
				return "", false, fmt.Errorf("%s: %w", doing, ctx.Err())
			}
			return "", false, &opError{class: state.Transient, doing: doing, err: err}
		}
		if own.ContainerJSONBase == nil || own.HostConfig == nil {
			break
		}
		switch mode := own.HostConfig.NetworkMode; {
		case mode.IsHost(), onHost(own): // a task's mode does not say it
			return "", true, nil
		case !mode.IsContainer():
			return own.ID, addressOn(own, name) != "", nil
		default:
			self = mode.ConnectedContainer()
		}
	}
	return "", false, classified(state.Transient, "", "%s: the engine does not say what it is", doing)
}

func onHost(c container.InspectResponse) bool {
	return c.NetworkSettings != nil && c.NetworkSettings.Networks["host"] != nil
}

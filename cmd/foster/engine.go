package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/client"
	"github.com/rs/zerolog"

	"foster/actions"
	"foster/cmd/foster/chaos"
	"foster/output"
	"foster/spec"
	"foster/state"
	"foster/watcher"
)

// Engine is everything that foster asks of an engine.
type Engine interface {
	watcher.Engine
	actions.Engine
	output.Engine
	Ping(ctx context.Context) (types.Ping, error)
	NegotiateAPIVersion(ctx context.Context)
	ServiceInspectWithRaw(ctx context.Context, serviceID string, opts swarm.ServiceInspectOptions) (swarm.Service, []byte, error)
	chaos.Engine // what breaks children on purpose asks
	// What only the check asks.
	ServiceList(ctx context.Context, options swarm.ServiceListOptions) ([]swarm.Service, error)
	Close() error
}

var _ Engine = (*client.Client)(nil)

const (
	pingTimeout = 5 * time.Second
	askTimeout  = 10 * time.Second // one inspect of something that is there
)

// minAPI is the oldest engine API that foster is tested with (engine 20.10).
const minAPI = "1.41"

// newEngine makes the client as the Docker CLI would: DOCKER_HOST,
// DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, DOCKER_API_VERSION. It connects to
// nothing yet; a wrong setting is a Problem. more comes after these.
func newEngine(out outside, more ...client.Opt) (Engine, error) {
	if out.engine != nil {
		return out.engine, nil
	}
	c, err := client.NewClientWithOpts(append([]client.Opt{client.FromEnv, client.WithAPIVersionNegotiation()}, more...)...)
	if err != nil {
		return nil, spec.Problems{{
			Variable: "DOCKER_HOST", What: "does not name an engine: " + err.Error(),
			Mend: "write unix:///path/to/docker.sock or tcp://host:port, and check DOCKER_TLS_VERIFY and DOCKER_CERT_PATH",
		}}
	}
	return c, nil
}

// until shortens the last pause, so that the last try is made at the end and
// not up to a pause before it.
type until struct {
	end time.Time
	backoff.BackOff
}

func (u until) NextBackOff() time.Duration {
	left := time.Until(u.end)
	if left <= 0 {
		return backoff.Stop
	}
	return min(u.BackOff.NextBackOff(), left)
}

// reach waits until the engine answers, at most for timeout (at least one try
// is made). The API version is negotiated then.
func reach(ctx context.Context, engine Engine, timeout time.Duration, log zerolog.Logger) error {
	err := patiently(ctx, timeout, log, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, pingTimeout)
		defer cancel()
		_, err := engine.Ping(ctx)
		return err
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	engine.NegotiateAPIVersion(ctx)
	return nil
}

// patiently repeats a question to the engine until it is answered, at most for
// timeout: one that is starting, stopping or busy fails for a while. An error
// that backoff.Permanent marks ends it.
func patiently(ctx context.Context, timeout time.Duration, log zerolog.Logger, question func(context.Context) error) error {
	b := until{time.Now().Add(timeout), backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(200*time.Millisecond),
		backoff.WithMaxInterval(5*time.Second),
		backoff.WithMaxElapsedTime(0),
	)}
	tries, final := 0, false
	notify := func(err error, wait time.Duration) {
		level := zerolog.DebugLevel
		if tries++; tries == 1 {
			level = zerolog.WarnLevel
		}
		log.WithLevel(level).Err(err).Dur(state.KeyWait, wait.Round(time.Millisecond)).Msg("the engine does not answer, trying again")
	}
	err := backoff.RetryNotify(func() error {
		err := question(ctx)
		_, final = errors.AsType[*backoff.PermanentError](err)
		return err
	}, backoff.WithContext(b, ctx), notify)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case final:
		return err
	case err != nil:
		tried := "reach the engine"
		if timeout > 0 {
			tried = fmt.Sprintf("reach the engine for %s", timeout)
		}
		return &exitError{Code: exitUnavailable, Err: fmt.Errorf("%s: %w (is /var/run/docker.sock mounted, or DOCKER_HOST set?)", tried, err)}
	}
	if tries > 0 {
		log.Info().Int(state.KeyAttempt, tries).Msg("the engine answers")
	}
	return nil
}
